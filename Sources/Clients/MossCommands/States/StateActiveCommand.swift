internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import States

struct StateActiveCommand: MossCommand {
    static let configuration = CommandConfiguration(commandName: "active", abstract: "Show the active state.")
    static let title = "state active"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let pins = try installation.pins()
        let active = try installation.activeState()
        context.show(StateReport(active.map { StateSummary($0, isActive: true, pins[$0.number]) }))
    }
}
