package import TerminalOutput

/// What tidying left.
package struct TidyReport: Report {
    /// Numbers of trees that stay because a process still uses them.
    package var treesInUse: [UInt64]

    package init(treesInUse: [UInt64]) {
        self.treesInUse = treesInUse
    }

    package func write(to output: TerminalStream) {
        guard !treesInUse.isEmpty else { return }
        output.line("\(Measures.count(treesInUse.count, "former tree")) still in use; it goes with its last user.")
    }
}
