internal import ArgumentParser
internal import Installation
internal import States

struct StatePruneCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove the oldest states.",
        discussion: """
            A state stays where any rule says so. Without --keep and --keep-since the rules are those in \
            etc/moss/retention.yaml of the root, or --keep 10 where there is no such file. Pinned states stay and do not \
            count. States newer than the active one stay unless --include-newer is given.
            """)
    static let title = "state prune"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions
    @OptionGroup var retention: RetentionOptions

    @Flag(help: "Count and remove states newer than the active one too.")
    var includeNewer = false

    func perform(_ context: CommandContext) throws {
        try context.removeStates(plan) { installation in
            let configured = try installation.configuredRetention()
            return try installation.prunable(
                retention.rules(over: configured) ?? configured ?? .default, includesNewer: includeNewer)
        }
    }
}
