import BytePath
import FileTree
import PackageModel
import Testing

@Suite struct DifferenceTreesTests {
    /// What is not a directory, by path.
    private typealias Leaves = [BytePath: String]

    private struct Listing {
        var kinds: [BytePath: EntryKind] = [:]
        var leaves: Leaves = [:]

        init(of tree: TreeID, in store: TreeStore) throws {
            try TreeDifference.forEachEntry(of: tree, store.lookup) { path, entry in
                let whole = path.appending(entry.name)
                kinds[whole] = entry.kind
                if entry.kind != .directory { leaves[whole] = line(whole, entry) }
            }
        }
    }

    /// Whether the path, or a directory it is in, is a directory on one side only.
    private func isKindChanged(_ path: BytePath, _ one: Listing, _ other: Listing) -> Bool {
        var ancestor = path
        while !ancestor.isEmpty {
            if let kind = one.kinds[ancestor], let before = other.kinds[ancestor],
                (kind == .directory) != (before == .directory)
            {
                return true
            }
            ancestor = ancestor.parent
        }
        return false
    }

    private func expected(_ old: Listing, _ new: Listing) -> [DifferenceTrees.Part: Leaves] {
        var parts: [DifferenceTrees.Part: Leaves] = [.added: [:], .removed: [:], .changed: [:]]
        for (path, line) in new.leaves {
            if isKindChanged(path, new, old) {
                parts[.changed]?[path] = line
            } else if let before = old.leaves[path] {
                if before != line { parts[.changed]?[path] = line }
            } else {
                parts[.added]?[path] = line
            }
        }
        for (path, line) in old.leaves where new.kinds[path] == nil && !isKindChanged(path, old, new) {
            parts[.removed]?[path] = line
        }
        return parts
    }

    @Test func everyPathIsInThePartItBelongsTo() throws {
        var differing = 0
        for seed in UInt64(1)...200 {
            var random = SplitMix(seed: seed)
            let packages = randomPackages(8, using: &random) + [[file("sub/deep/kept", "\(seed % 2)")]]
            let store = TreeStore()
            var trees: [ComposedTree] = []
            for _ in 0..<2 {
                var chosen = packages.filter { _ in Bool.random(using: &random) }
                if Bool.random(using: &random) { chosen.append([directory("own", mode: 0o700), file("own/f", "1")]) }
                if Bool.random(using: &random) {
                    chosen.append([file("kind", "1")])
                } else {
                    chosen.append([file("kind/f", "1"), file("kind/g", "2")])
                }
                trees.append(try compose(chosen.map { try layout($0) }))
                store.add(trees[trees.count - 1])
            }
            let difference = try DifferenceTrees(from: trees[0].root, to: trees[1].root, store.lookup)
            let expected = expected(
                try Listing(of: trees[0].root, in: store), try Listing(of: trees[1].root, in: store))
            for part in DifferenceTrees.Part.allCases {
                let tree = difference[part]
                store.add(tree)
                let listing = try Listing(of: tree.root, in: store)
                #expect(listing.leaves == expected[part], "seed \(seed), \(part)")
                #expect(tree.totals.entries == UInt64(listing.kinds.count), "seed \(seed), \(part)")
                if !listing.leaves.isEmpty { differing += 1 }
            }
        }
        #expect(differing > 300)
    }

    @Test func aDirectoryWithOtherMetadataIsChangedAndEmpty() throws {
        let store = TreeStore()
        let old = try compose([try layout([directory("a", mode: 0o711), file("a/f", "1")])])
        let new = try compose([try layout([directory("a", mode: 0o755), file("a/f", "1")])])
        store.add(old)
        store.add(new)
        let difference = try DifferenceTrees(from: old.root, to: new.root, store.lookup)
        store.add(difference[.changed])
        #expect(try store.listing(difference[.changed].root) == ["a d 755"])
        #expect(difference[.added].totals.entries == 0 && difference[.removed].totals.entries == 0)
        let none = try DifferenceTrees(from: old.root, to: old.root, store.lookup)
        #expect(DifferenceTrees.Part.allCases.allSatisfy { none[$0].root == Directory.empty.id })
    }
}
