internal import ArgumentParser
internal import Installation
internal import States

struct StatePruneCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove the oldest states.",
        discussion: "States newer than the active one stay unless --include-newer is given.")
    static let title = "state prune"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Option(name: .shortAndLong, help: "How many states to keep, the active one among them.")
    var keep = 10

    @Flag(help: "Count and remove states newer than the active one too.")
    var includeNewer = false

    func validate() throws {
        if keep < 1 { throw ValidationError("--keep needs 1 or more: the active state always stays") }
    }

    func perform(_ context: CommandContext) throws {
        try context.removeStates(plan) { try $0.prunable(keep: keep, includesNewer: includeNewer) }
    }
}
