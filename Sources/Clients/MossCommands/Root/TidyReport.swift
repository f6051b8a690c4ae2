internal import BytePath
internal import CommandLineSupport
internal import LinuxSystem
package import States
package import TerminalOutput

/// What tidying left.
package struct TidyReport: Report {
    package struct Tree: Encodable, Hashable, Sendable {
        package var tree: UInt64
        package var reason: String
        /// What is mounted in it, or may not be removed.
        package var path: String?
    }

    /// Numbers of trees that stay because somebody still uses them.
    package var treesInUse: [UInt64]
    /// Those, and trees that cannot be removed.
    package var kept: [Tree]
    /// What was in trees that went.
    package var localFiles: [LocalFilesReport]
    /// How many trees cannot be removed yet, as something in them is immutable or mounted.
    package var stuckTrees: Int

    package init(_ tidied: StateStore.Tidied) {
        treesInUse = tidied.inUse
        kept = tidied.staying.map(Tree.init)
        localFiles = tidied.kept.map(LocalFilesReport.init)
        stuckTrees = tidied.stuck.count
    }

    package func write(to output: TerminalStream) {
        guard !treesInUse.isEmpty else { return }
        output.line(summary)
        for tree in kept where treesInUse.contains(tree.tree) {
            if let path = tree.path { output.line("\(path): \(tree.reason)".printable) }
        }
    }
}

extension TidyReport {
    private var summary: String {
        let isOne = treesInUse.count == 1
        let trees = Measures.count(treesInUse.count, "former tree")
        let isUnknown = kept.contains { treesInUse.contains($0.tree) && $0.reason == Tree.noProc }
        if isUnknown {
            return "\(trees) \(isOne ? "stays" : "stay"): \(Tree.noProc), so nobody can tell who uses "
                + (isOne ? "it." : "them.")
        }
        return trees
            + (isOne
                ? " is still in use; it goes with its last user." : " are still in use; they go with their last users.")
    }
}

extension TidyReport.Tree {
    fileprivate static let noProc = "/proc is not mounted"

    fileprivate init(_ tree: KeptTree) {
        switch tree.reason {
        case .inUse(.process(let number, let command)):
            self.init(tree: tree.number, reason: "in use by process \(number) (\(command))")
        case .inUse(.unseen(.noProc)): self.init(tree: tree.number, reason: Self.noProc)
        case .inUse(.unseen(.hidingNamespace)):
            self.init(
                tree: tree.number, reason: "perhaps in use by a process that this namespace of processes does not show")
        case .inUse(.unseen(.closedProcess)):
            self.init(tree: tree.number, reason: "perhaps in use by a process that may not be looked into")
        case .inUse(.mount(let path, _)):
            self.init(
                tree: tree.number, reason: "mounted in a former tree; unmount it, and the tree goes",
                path: PathText(path).text)
        case .walled(let error):
            self.init(
                tree: tree.number, reason: "cannot be removed yet: \(error.cause)", path: PathText(error.path).text)
        }
    }
}
