internal import CommandLineSupport
internal import Installation

extension CommandContext {
    /// Checks the root and shows what was found; the exit code says whether something is left.
    func check(_ options: CheckOptions) throws {
        let progress = ChangeProgress()
        let report = try looking { () throws(InstallationError) in
            defer { progress.finish() }
            return try Installation.check(root, options, waiting: waitingNotice, notice: notice) { progress.report($0) }
        }
        if options.repairs, report.isDamaged || report.isRepaired { renewViews() }
        if let rebuild = report.rebuild, !global.json { note(StoreRebuildReport(rebuild).summary) }
        show(FsckReport(report, options, rootOption: rootOption))
        if report.isDamaged {
            end(with: .damaged)
        } else if !report.unseen.isEmpty {
            end(with: .unseen)
        } else if report.isRepaired {
            end(with: .repaired)
        }
    }

    /// Runs a part of a check, whose errors may say that it could not look.
    func looking<R>(_ body: () throws(InstallationError) -> R) throws(CommandFailure) -> R {
        do throws(InstallationError) {
            return try body()
        } catch {
            throw CommandFailure(ofCheck: error.located(in: root))
        }
    }
}
