internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import States

struct StateListCommand: MossCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List all states, oldest first.")
    static let title = "state list"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let active = try installation.activeState()?.number
        let pins = try installation.pins()
        let states = try installation.states().map {
            StateSummary($0, isActive: $0.number == active, pins[$0.number])
        }
        context.show(StateListReport(states: states))
    }
}
