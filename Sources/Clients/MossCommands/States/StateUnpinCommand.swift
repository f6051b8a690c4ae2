internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import States

struct StateUnpinCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Let a pinned state be removed again; it loses its name.")
    static let title = "state unpin"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The number or the name of the state.")
    var id: StateReference

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForChanging()
        let state = try id.state(in: installation)
        let wasPinned = try installation.unpin(state.number)
        context.show(StatePinReport(state: state.number, isPinned: false, name: nil, changed: wasPinned))
    }
}
