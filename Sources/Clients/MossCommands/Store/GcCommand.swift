internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import States
internal import TerminalOutput

struct GcCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove everything in the store that nothing needs.",
        discussion: """
            What states, pins, live views and the live tree need stays. Where etc/moss/retention.yaml of the root says how \
            long states are kept, those that are too old go first; without it no state does. Stopping it at any time is \
            harmless.
            """)
    static let title = "gc"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Flag(help: "Afterwards mark everything that is needed, compare, and fail where something differs.")
    var verify = false

    @Flag(help: "Remove objects although another user's view, whose files are not known, may show them.")
    var ignoreViews = false

    func validate() throws {
        if verify && plan.dryRun {
            throw ValidationError("--verify looks at what is left, so there is no dry run of it")
        }
    }

    func perform(_ context: CommandContext) throws {
        let installation = try plan.dryRun ? context.openForReading() : context.openForChanging()
        var options = GarbageOptions()
        options.includesTrees = true
        options.ignoresAnonymousLeases = ignoreViews
        let old = try installation.configuredRetention().map { try installation.prunable($0) } ?? []
        let garbage = try installation.planCollecting(removing: old.map(\.number), options)
        var report = GcReport(garbage, dryRun: plan.dryRun)
        if !plan.dryRun {
            if !old.isEmpty {
                if !context.global.json { report.writeStates(to: context.output) }
                try context.confirm("Remove \(Measures.count(old.count, "state"))?")
            }
            context.output.flush()
            let progress = ChangeProgress()
            defer { progress.finish() }
            report.freed = GcReport.Freed(try installation.collect(garbage) { progress.report($0) })
            if verify {
                let differences = try installation.verifyCollected(after: garbage)
                report.differences = differences.map { GcReport.Difference($0) }
                if !differences.isEmpty { context.end(with: .failed) }
            }
        }
        context.show(report)
    }
}
