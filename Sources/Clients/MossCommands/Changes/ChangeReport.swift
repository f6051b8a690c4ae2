internal import CommandLineSupport
package import TerminalOutput

/// A change: its plan, and the state that came of it.
package struct ChangeReport: Report {
    package var plan: PlanReport
    package var dryRun: Bool
    /// The active state afterwards; absent where nothing was done.
    package var state: StateSummary?

    package init(plan: PlanReport, dryRun: Bool, state: StateSummary?) {
        self.plan = plan
        self.dryRun = dryRun
        self.state = state
    }

    package func write(to output: TerminalStream) {
        if let state {
            output.line("State \(state.number) is active: \(Measures.count(state.packageCount, "package")).")
        }
    }
}
