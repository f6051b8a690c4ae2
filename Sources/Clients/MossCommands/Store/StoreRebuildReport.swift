internal import BytePath
internal import CommandLineSupport
internal import Installation
package import Maintenance
internal import States
package import TerminalOutput

/// What a rebuilt database holds.
package struct StoreRebuildReport: Report {
    package var packages: Int
    package var states: Int
    package var trees: Int
    /// Records no file tells of, taken over from the old database.
    package var takenOver: Int
    /// Whether all of the old database could be read.
    package var oldWasReadable: Bool
    /// Where the old database is, below the root.
    package var oldDatabase: String?
    /// Whether the root was of the format before.
    package var isTakenOver: Bool
    /// What could not be made again.
    package var lost: [FsckReport.Finding]

    package init(_ report: DatabaseRebuild.Report) {
        packages = report.packages
        states = report.states
        trees = report.trees
        takenOver = report.takenOver
        oldWasReadable = report.wasReadable
        oldDatabase = report.oldDatabase?.display
        isTakenOver = report.isTakenOver
        lost = report.damage.map { FsckReport.Finding($0, outcome: "lost", how: nil) }
    }

    /// In a line.
    package var summary: String {
        var text =
            "the database was made anew: \(Measures.count(packages, "package")), \(Measures.count(states, "state"))"
        if let oldDatabase { text += "; the old one is in \(oldDatabase.printable)" }
        if !oldWasReadable { text += "; `moss repo update` brings back what collections offer" }
        if isTakenOver { text += "; \(TakeOver.notice)" }
        return text
    }

    package func write(to output: TerminalStream) {
        output.line(summary.prefix(1).uppercased() + summary.dropFirst() + ".")
        for finding in lost { finding.write(to: output) }
    }
}
