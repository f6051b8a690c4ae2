internal import CommandLineSupport
package import TerminalOutput

/// Where a command began to fail.
package struct BisectReport: Report {
    package var firstBad: StateSummary
    /// States just before it that could not be judged, any of which may be the first.
    package var unjudged: [UInt64]
    package var runs: Int

    package init(firstBad: StateSummary, unjudged: [UInt64], runs: Int) {
        self.firstBad = firstBad
        self.unjudged = unjudged
        self.runs = runs
    }

    package func write(to output: TerminalStream) {
        output.line("State \(firstBad.number) is the first in which it fails: \(firstBad.summary.printable).")
        if !unjudged.isEmpty {
            let numbers = unjudged.map { "\($0)" }.joined(separator: ", ")
            output.line("It may also be one of \(numbers), which could not be judged.")
        }
    }
}
