internal import Installation
internal import States
internal import TerminalOutput

extension CommandContext {
    /// Shows which states `choose` picks, asks, and removes them.
    func removeStates(_ options: PlanOptions, _ choose: (Installation) throws -> [State]) throws {
        let installation = options.dryRun ? try openForReading() : try openForChanging()
        let states = try choose(installation)
        let active = try installation.activeState()?.number
        if let active, states.contains(where: { $0.number == active }) {
            throw InstallationError.activeStateStays(active)
        }
        var report = StateRemovalReport(
            states: states.map { StateSummary($0, isActive: false) }, dryRun: options.dryRun)
        if !global.json { report.writeStates(to: output) }
        if !options.dryRun && !states.isEmpty {
            try confirm("Remove \(Measures.count(states.count, "state"))?")
            output.flush()
            let progress = ChangeProgress()
            defer { progress.finish() }
            let freed = try installation.removeStates(states.map(\.number)) { progress.report($0) }
            report.freed = .init(packages: freed.packages, objects: freed.objects, bytes: freed.bytes)
        }
        show(report)
    }
}
