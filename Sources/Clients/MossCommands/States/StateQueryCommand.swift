internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import States

struct StateQueryCommand: MossCommand {
    static let configuration = CommandConfiguration(commandName: "query", abstract: "Show a state and its packages.")
    static let title = "state query"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The number or the name of the state.")
    var id: StateReference

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let state = try id.state(in: installation)
        let isActive = try installation.activeState()?.number == state.number
        let pin = try installation.pins()[state.number]
        let packages = try installation.briefs(of: state).map { PackageLine($0.brief, isExplicit: $0.isExplicit) }
        context.show(StateReport(StateSummary(state, isActive: isActive, pin), packages: packages))
    }
}
