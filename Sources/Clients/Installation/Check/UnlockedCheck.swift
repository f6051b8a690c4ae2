internal import BytePath
internal import Failures
internal import LinuxSystem
internal import Maintenance
internal import States
internal import Storage

/// A check by one who cannot keep others from changing the root meanwhile: what it finds counts only when nothing was
/// changed between its beginning and its end.
struct UnlockedCheck {
    /// What every change of what a check looks at moves on.
    private struct Moment: Equatable {
        let commit: UInt64
        /// Trees are exchanged between two commits.
        let live: UInt64?
    }

    private static let tryCount = 12

    private let root: RootDirectory
    private let progress: ProgressHandler

    init(_ root: RootDirectory, _ progress: @escaping ProgressHandler) {
        self.root = root
        self.progress = progress
    }

    func run(_ look: () throws(InstallationError) -> CheckReport) throws(InstallationError) -> CheckReport {
        var last: CheckReport?
        for attempt in 0..<Self.tryCount {
            if attempt > 0 { pause(milliseconds: UInt32(10 << min(attempt, 6))) }
            let before = try moment()
            do throws(InstallationError) {
                let report = try look()
                let isWhole = report.damages.isEmpty && report.unseen.isEmpty
                if isWhole { return report }
                if try moment() == before { return report }
                last = report
            } catch {
                if try moment() == before { throw error }
            }
        }
        return unsteady(last ?? CheckReport())
    }

    /// - Returns: nil where there is no database to ask.
    private func moment() throws(InstallationError) -> Moment? {
        let commit: UInt64
        do throws(DatabaseError) {
            commit = try DatabaseFile.lastCommit(in: root.path.appending(".moss/db"))
        } catch {
            if error.saysNothing { throw .database(error) }
            return nil
        }
        return Moment(
            commit: commit, live: try InstallationError.states { () throws(StateError) in try root.liveStateNumber() })
    }

    /// What is left of a report of what was changed under it.
    private func unsteady(_ report: CheckReport) -> CheckReport {
        var report = report
        report.findings.removeAll { !$0.damage.isLitter }
        report.losses = []
        report.advice = []
        report.note([
            .init(
                .file(""), "other commands changed the root each time that this looked",
                remedy: "run it again when they are done, or as the owner of the root")
        ])
        return report
    }
}
