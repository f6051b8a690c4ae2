internal import Digests
package import PackageModel

/// What separates two trees, as three trees: each holds the paths that differ in one way, and the directories on the
/// way to them.
package struct DifferenceTrees: Sendable {
    package enum Part: String, Hashable, Sendable, CaseIterable {
        /// In the new tree only.
        case added
        /// In the old tree only.
        case removed
        /// In both but not the same, as the new tree has it; directories too, whose own metadata changed.
        case changed
    }

    private let trees: [Part: ComposedTree]

    /// The tree of one part; it refers to directories of the trees it was made from.
    package subscript(part: Part) -> ComposedTree { trees[part] ?? .empty }

    package init(from old: TreeID, to new: TreeID, _ lookup: TreeLookup) throws(TreeError) {
        var splitter = Splitter()
        let roots = try splitter.split(old, new, lookup)
        var trees: [Part: ComposedTree] = [:]
        for part in Part.allCases {
            guard let root = roots[part] else { continue }
            trees[part] = ComposedTree(
                root: root.id, totals: root.totals, redirects: [], bytes: splitter.bytes,
                directories: splitter.directories)
        }
        self.trees = trees
    }
}

/// Walks two trees at once and encodes the directories of all parts, children before parents.
private struct Splitter {
    typealias Part = DifferenceTrees.Part

    struct Subtree {
        var id: TreeID
        var totals: TreeTotals
    }

    /// One directory of one part, while it is being put together.
    private struct Growing {
        var entries: [TreeEntry] = []
        var below = TreeTotals()
    }

    /// The empty directory is among them: one whose metadata alone changed is shown so.
    private(set) var bytes = Directory.empty.bytes
    private(set) var directories = [(id: Directory.empty.id, range: 0..<Directory.empty.bytes.count)]

    /// Twice as deep as a package's paths may be, and no deeper than a small thread's stack lets this go.
    private static let depthLimit = 512

    /// The parts of one directory that is in both trees; a part without anything is left out.
    mutating func split(
        _ old: TreeID, _ new: TreeID, _ lookup: TreeLookup, depth: Int = 0
    ) throws(TreeError) -> [Part: Subtree] {
        if old == new { return [:] }
        guard depth <= Self.depthLimit else { throw .tooLarge }
        var parts: [Part: Growing] = [:]
        for change in try TreeDifference.changes(from: old, to: new, lookup) {
            switch change {
            case .added(let entry): try Self.add(entry, to: &parts[.added, default: Growing()], lookup)
            case .removed(let entry): try Self.add(entry, to: &parts[.removed, default: Growing()], lookup)
            case .changed(let from, let to):
                guard let fromTree = from.tree, let toTree = to.tree else {
                    try Self.add(to, to: &parts[.changed, default: Growing()], lookup)
                    continue
                }
                var below = try split(fromTree, toTree, lookup, depth: depth + 1)
                if from.metadata != to.metadata, below[.changed] == nil {
                    below[.changed] = Subtree(id: Directory.empty.id, totals: TreeTotals())
                }
                for (part, subtree) in below {
                    var entry = to
                    if part == .removed { entry.metadata = from.metadata }
                    entry.content = .directory(subtree.id)
                    parts[part, default: Growing()].entries.append(entry)
                    parts[part, default: Growing()].below += subtree.totals
                }
            }
        }
        return parts.mapValues { encode($0) }
    }

    private static func add(_ entry: TreeEntry, to growing: inout Growing, _ lookup: TreeLookup) throws(TreeError) {
        growing.entries.append(entry)
        if let tree = entry.tree { growing.below += try Directory(lookup(tree), id: tree).totals }
    }

    private mutating func encode(_ growing: Growing) -> Subtree {
        let encoding = Directory.encode(growing.entries, totalsOfSubdirectories: growing.below)
        let id = TreeID(hashing: encoding)
        directories.append((id, bytes.count..<(bytes.count + encoding.count)))
        bytes += encoding
        return Subtree(id: id, totals: growing.below + Directory.ownTotals(growing.entries))
    }
}
