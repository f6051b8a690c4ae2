package import BytePath
package import PackageModel

/// One entry that two trees do not have in common.
package enum TreeChange: Hashable, Sendable {
    /// In the new tree only; a directory stands for everything below it.
    case added(TreeEntry)
    /// In the old tree only; a directory stands for everything below it.
    case removed(TreeEntry)
    /// In both under one name, but not the same. Two directories differ here by their metadata only:
    /// what is below them is reported entry by entry.
    case changed(from: TreeEntry, to: TreeEntry)
}

/// What separates two trees, found by descending only where their ids differ.
package enum TreeDifference {
    /// No path is longer for the kernel; a tree that has one was made to lead nowhere.
    static let pathLimit = 4096

    /// Calls `body` for every change, a directory's own changes before those below its subdirectories.
    ///
    /// - Parameter body: gets the directory the entry is in, relative to the root, and the change.
    package static func walk(
        from old: TreeID, to new: TreeID, _ lookup: TreeLookup, _ body: (BytePath, TreeChange) throws -> Void
    ) throws {
        var pending: [(path: BytePath, old: TreeID, new: TreeID)] = [("", old, new)]
        while let (path, old, new) = pending.popLast() {
            if old == new { continue }
            guard path.count <= pathLimit else { throw TreeError.tooLarge }
            var deeper: [(path: BytePath, old: TreeID, new: TreeID)] = []
            for change in try changes(from: old, to: new, lookup) {
                guard let (from, to) = change.pair else {
                    try body(path, change)
                    continue
                }
                guard let fromTree = from.tree, let toTree = to.tree else {
                    try body(path, change)
                    continue
                }
                if from.metadata != to.metadata { try body(path, change) }
                if fromTree != toTree { deeper.append((path.appending(from.name), fromTree, toTree)) }
            }
            pending.append(contentsOf: deeper.reversed())
        }
    }

    /// The entries in which two directories differ, by name, without looking below them.
    static func changes(from old: TreeID, to new: TreeID, _ lookup: TreeLookup) throws(TreeError) -> [TreeChange] {
        var changes: [TreeChange] = []
        var left = try Directory(lookup(old), id: old).entries()[...]
        var right = try Directory(lookup(new), id: new).entries()[...]
        while let change = next(&left, &right) { changes.append(change) }
        return changes
    }

    /// The next entry, by name, that is not equal on both sides.
    private static func next(_ left: inout ArraySlice<TreeEntry>, _ right: inout ArraySlice<TreeEntry>) -> TreeChange? {
        while true {
            switch (left.first, right.first) {
            case (nil, nil): return nil
            case (let old?, nil):
                left.removeFirst()
                return .removed(old)
            case (nil, let new?):
                right.removeFirst()
                return .added(new)
            case (let old?, let new?):
                if old.name < new.name {
                    left.removeFirst()
                    return .removed(old)
                }
                if new.name < old.name {
                    right.removeFirst()
                    return .added(new)
                }
                left.removeFirst()
                right.removeFirst()
                if old != new { return .changed(from: old, to: new) }
            }
        }
    }

    /// Calls `body` for every entry of `tree`, parents before children, names ascending in each directory.
    package static func forEachEntry(
        of tree: TreeID, at path: BytePath = "", _ lookup: TreeLookup, _ body: (BytePath, TreeEntry) throws -> Void
    ) throws {
        var pending: [(path: BytePath, tree: TreeID)] = [(path, tree)]
        while let (path, tree) = pending.popLast() {
            guard path.count <= pathLimit else { throw TreeError.tooLarge }
            var deeper: [(path: BytePath, tree: TreeID)] = []
            for entry in try Directory(lookup(tree), id: tree).entries() {
                try body(path, entry)
                if let subtree = entry.tree { deeper.append((path.appending(entry.name), subtree)) }
            }
            pending.append(contentsOf: deeper.reversed())
        }
    }

    /// The entry at `path`, nil where there is none; links are not followed.
    package static func entry(at path: BytePath, in tree: TreeID, _ lookup: TreeLookup) throws(TreeError) -> TreeEntry?
    {
        var tree = tree
        var components = path.components[...]
        while let component = components.popFirst() {
            let name = BytePath(bytes: Array(component))
            guard let entry = try Directory(lookup(tree), id: tree).entry(named: name) else { return nil }
            if components.isEmpty { return entry }
            guard let next = entry.tree else { return nil }
            tree = next
        }
        return nil
    }
}

extension TreeChange {
    fileprivate var pair: (TreeEntry, TreeEntry)? {
        if case .changed(let from, let to) = self { (from, to) } else { nil }
    }
}
