internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import States

struct StatePinCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Keep a state from being removed, and give it a name.",
        discussion: """
            A name begins with a letter and can stand wherever a state is asked for. Pinning again changes the name, or \
            takes it away where none is given.
            """)
    static let title = "state pin"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The number or the name of the state.")
    var id: StateReference

    @Argument(help: "What the state is called from now on.")
    var name: String?

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForChanging()
        let state = try id.state(in: installation)
        try installation.pin(state.number, name: name)
        context.show(StatePinReport(state: state.number, isPinned: true, name: name))
    }
}
