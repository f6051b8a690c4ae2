internal import CommandLineSupport
package import TerminalOutput

/// Which states go, and what that gave back.
package struct StateRemovalReport: Report {
    package struct Freed: Encodable, Hashable, Sendable {
        package var packages: Int
        package var objects: Int
        package var bytes: UInt64

        package init(packages: Int, objects: Int, bytes: UInt64) {
            self.packages = packages
            self.objects = objects
            self.bytes = bytes
        }
    }

    package var states: [StateSummary]
    package var dryRun: Bool
    /// Absent where nothing was done.
    package var freed: Freed?

    package init(states: [StateSummary], dryRun: Bool, freed: Freed? = nil) {
        self.states = states
        self.dryRun = dryRun
        self.freed = freed
    }

    package func writeStates(to output: TerminalStream) {
        guard !states.isEmpty else {
            output.line("Nothing to do.")
            return
        }
        output.line(output.paint("Going (\(states.count))", .bold))
        StateListReport(states: states).write(to: output)
    }

    package func write(to output: TerminalStream) {
        guard let freed else { return }
        output.line(
            "Removed \(Measures.count(states.count, "state")), \(Measures.count(freed.packages, "package"))"
                + " and \(Measures.count(freed.objects, "object")): \(Measures.size(freed.bytes)) free.")
    }
}
