internal import CommandLineSupport
package import TerminalOutput

/// Whether a state is pinned now.
package struct StatePinReport: Report {
    package var state: UInt64
    package var isPinned: Bool
    package var name: String?
    /// false where it was so before.
    package var changed: Bool

    package init(state: UInt64, isPinned: Bool, name: String?, changed: Bool = true) {
        self.state = state
        self.isPinned = isPinned
        self.name = name
        self.changed = changed
    }

    package func write(to output: TerminalStream) {
        let called = name.map { " as \($0)" } ?? ""
        output.line(
            isPinned
                ? "State \(state) is pinned\(called)."
                : changed ? "State \(state) is not pinned any more." : "Nothing to do.")
    }
}
