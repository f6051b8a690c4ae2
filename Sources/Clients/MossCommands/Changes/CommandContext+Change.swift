internal import CollectionIndex
internal import CommandLineSupport
internal import Installation
internal import LinuxSystem
internal import States
internal import TerminalOutput

extension CommandContext {
    /// Plans a change, prints the plan, asks, and does it.
    func carryOut(_ change: Change, _ options: PlanOptions) throws {
        try carryOut(options) { _ in change }
    }

    /// The same for a change that the root has to be asked about.
    func carryOut(_ options: PlanOptions, _ change: (Installation) throws -> Change) throws {
        let installation = options.dryRun ? try openForReading() : try openForChanging()
        let plan = try plan(change(installation), in: installation)
        var report = ChangeReport(plan: PlanReport(plan), dryRun: options.dryRun, state: nil)
        if !global.json { report.plan.write(to: output) }
        if !options.dryRun && !plan.isEmpty {
            try confirm("Go on?")
            output.flush()
            let progress = ChangeProgress()
            defer { progress.finish() }
            let found = Guarded<[KeptFiles]>([])
            let state = try installation.apply(plan) { event in
                if case .found(let files) = event { found.withLock { $0.append(files) } }
                progress.report(event)
            }
            progress.finish()
            for files in found.withLock({ $0 }) { remark(LocalFilesReport(files).line(root)) }
            report.state = StateSummary(state, isActive: true)
        }
        show(report)
    }

    /// Plans; where nothing is known because there are no collections, says so.
    private func plan(_ change: Change, in installation: Installation) throws -> Plan {
        do throws(InstallationError) {
            return try showingFetches(of: installation) { () throws(InstallationError) in
                try installation.plan(change)
            }
        } catch {
            guard error.isOfUnknownRequests, try installation.collections.list().isEmpty else {
                throw error
            }
            throw CommandFailure(
                .notFound, code: "notFound",
                "there are no collections, and so no packages; add one with `moss \(rootOption)repo add NAME URI`")
        }
    }
}
