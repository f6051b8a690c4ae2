import BytePath
import FileTree
import PackageModel
import Testing

@Suite("Editing and comparing trees")
struct TreeEditorTests {
    @Test("an edited tree is the tree composed anew")
    func editEqualsCompose() throws {
        var edited = 0
        for seed in UInt64(1)...150 {
            var random = SplitMix(seed: seed)
            let all = randomPackages(10, using: &random)
            let store = TreeStore()
            let before = all.indices.filter { _ in Bool.random(using: &random) }
            let after = all.indices.filter { _ in Bool.random(using: &random) }
            let base = try compose(before.map { try layout(all[$0]) })
            store.add(base)
            let expected = try compose(after.map { try layout(all[$0]) })
            let result = try TreeEditor.edit(
                base.root, removing: before.filter { !after.contains($0) }.map { try layout(all[$0]) },
                adding: after.filter { !before.contains($0) }.map { try layout(all[$0]) }, redirects: [],
                claims: claims(of: after.map { all[$0] }), store.lookup)
            store.add(expected)
            store.add(result)
            #expect(try store.listing(result.root) == store.listing(expected.root), "seed \(seed)")
            #expect(result.root == expected.root, "seed \(seed)")
            #expect(result.totals == expected.totals, "seed \(seed)")
            edited += 1
        }
        #expect(edited == 150)
    }

    @Test("what is not a plain change is declined")
    func declines() throws {
        let store = TreeStore()
        let base = try compose([try layout([file("lib/a", "a"), link("lib64", "lib"), file("f", "f")])])
        store.add(base)
        let additions: [[LayoutEntry]] = [
            [file("lib64/b", "b")], [file("lib/a", "other")], [file("f/g", "g")], [link("lib", "elsewhere")],
        ]
        for addition in additions {
            #expect(throws: TreeEditor.Declined.self) {
                try TreeEditor.edit(
                    base.root, removing: [], adding: [try layout(addition)], redirects: [], claims: claims(of: []),
                    store.lookup)
            }
        }
        #expect(throws: TreeEditor.Declined.self) {
            try TreeEditor.edit(
                base.root, removing: [try layout([file("lib/a", "not what is there")])], adding: [], redirects: [],
                claims: claims(of: []), store.lookup)
        }
    }

    @Test("applying the difference of two trees to the first gives the second")
    func difference() throws {
        for seed in UInt64(1)...80 {
            var random = SplitMix(seed: seed)
            let all = randomPackages(8, using: &random)
            let store = TreeStore()
            let old = try compose(try all.prefix(5).map { try layout($0) })
            let new = try compose(try all.suffix(5).map { try layout($0) })
            store.add(old)
            store.add(new)
            var lines = Set(try store.listing(old.root))
            func removeAll(_ path: BytePath, _ entry: TreeEntry) throws {
                #expect(lines.remove(line(path.appending(entry.name), entry)) != nil, "seed \(seed)")
                guard let tree = entry.tree else { return }
                try TreeDifference.forEachEntry(of: tree, at: path.appending(entry.name), store.lookup) {
                    #expect(lines.remove(line($0.appending($1.name), $1)) != nil, "seed \(seed)")
                }
            }
            func addAll(_ path: BytePath, _ entry: TreeEntry) throws {
                #expect(lines.insert(line(path.appending(entry.name), entry)).inserted, "seed \(seed)")
                guard let tree = entry.tree else { return }
                try TreeDifference.forEachEntry(of: tree, at: path.appending(entry.name), store.lookup) {
                    #expect(lines.insert(line($0.appending($1.name), $1)).inserted, "seed \(seed)")
                }
            }
            try TreeDifference.walk(from: old.root, to: new.root, store.lookup) { path, change in
                switch change {
                case .removed(let entry): try removeAll(path, entry)
                case .added(let entry): try addAll(path, entry)
                case .changed(let from, let to) where from.tree != nil && to.tree != nil:
                    lines.remove(line(path.appending(from.name), from))
                    lines.insert(line(path.appending(to.name), to))
                case .changed(let from, let to):
                    try removeAll(path, from)
                    try addAll(path, to)
                }
            }
            #expect(try lines.sorted() == store.listing(new.root), "seed \(seed)")
        }
    }

    @Test("comparing reads only directories that differ")
    func differenceCost() throws {
        let store = TreeStore()
        let wide = (0..<200).map { file("d\($0)/x/y/f", "same \($0)") }
        let old = try compose([try layout(wide)])
        let new = try compose([try layout(wide), try layout([file("d7/x/y/g", "new")])])
        store.add(old)
        store.add(new)
        var reads = 0
        try TreeDifference.walk(
            from: old.root, to: new.root,
            { id throws(TreeError) in
                reads += 1
                return try store.lookup(id)
            }, { _, _ in })
        #expect(reads == 8)  // root, d7, x and y of each side
    }

    @Test("an entry is found by its path")
    func entryAtPath() throws {
        let store = TreeStore()
        let tree = try compose([try layout([file("a/b/c", "c"), link("a/l", "b")])])
        store.add(tree)
        #expect(try TreeDifference.entry(at: "a/b/c", in: tree.root, store.lookup)?.kind == .regular)
        #expect(try TreeDifference.entry(at: "a/l/c", in: tree.root, store.lookup) == nil)
        #expect(try TreeDifference.entry(at: "a/x", in: tree.root, store.lookup) == nil)
    }
}
