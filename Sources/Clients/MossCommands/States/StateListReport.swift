internal import CommandLineSupport
package import TerminalOutput

/// States, oldest first.
package struct StateListReport: Report {
    package var states: [StateSummary]

    package init(states: [StateSummary]) {
        self.states = states
    }

    package func write(to output: TerminalStream) {
        var table = Table([.left, .right, .left, .right])
        for state in states {
            let pin = state.isPinned ? "  [\(state.name ?? "pinned")]" : ""
            table.add(
                .init(state.isActive ? "*" : " ", .green), .init("\(state.number)", state.isActive ? .bold : nil),
                .init(Measures.localTime(secondsSince1970: state.created)),
                .init(Measures.count(state.packageCount, "package")), .init(state.summary.printable + pin))
        }
        table.write(to: output)
    }
}
