package import TerminalOutput

/// What tidying left.
package struct TidyReport: Report {
    /// Numbers of trees that stay because a process still uses them.
    package var treesInUse: [UInt64]
    /// What was in trees that went.
    package var localFiles: [LocalFilesReport]
    /// How many trees cannot be removed yet, as something in them is immutable.
    package var stuckTrees: Int

    package init(treesInUse: [UInt64], localFiles: [LocalFilesReport] = [], stuck: Int = 0) {
        self.treesInUse = treesInUse
        self.localFiles = localFiles
        stuckTrees = stuck
    }

    package func write(to output: TerminalStream) {
        guard !treesInUse.isEmpty else { return }
        output.line("\(Measures.count(treesInUse.count, "former tree")) still in use; it goes with its last user.")
    }
}
