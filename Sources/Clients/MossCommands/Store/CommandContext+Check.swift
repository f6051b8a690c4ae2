internal import Installation

extension CommandContext {
    /// Checks the root and shows what was found; the exit code says whether something is left.
    func check(_ options: CheckOptions) throws {
        let progress = ChangeProgress()
        let report: CheckReport
        do {
            defer { progress.finish() }
            report = try Installation.check(root, options, waiting: waitingNotice) { progress.report($0) }
        }
        if options.repairs, report.isDamaged || report.isRepaired { renewViews() }
        if let rebuild = report.rebuild, !global.json { note(StoreRebuildReport(rebuild).summary) }
        show(FsckReport(report, options))
        if report.isDamaged {
            end(with: .damaged)
        } else if report.isRepaired {
            end(with: .repaired)
        }
    }
}
