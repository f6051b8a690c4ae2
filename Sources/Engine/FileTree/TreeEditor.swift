package import BytePath
internal import Digests
package import PackageModel

/// Turns one composed tree into another by taking packages away and adding packages, touching only what they touch.
///
/// Gives exactly what composing all packages anew would give, or declines: whenever a conflict or a redirect might be
/// involved it throws ``Declined`` and the caller composes in full, which also finds and names every conflict.
package struct TreeEditor {
    /// The change is not a plain one.
    package struct Declined: Error {}

    /// What the packages of the new state ask for directories.
    package struct Claims {
        /// What those that name a directory agree on; nil when none of them does.
        let agreed: (BytePath) -> EntryMetadata?
        /// How many files and links these have in the directory and below it.
        let contentCount: (BytePath) -> UInt64

        package init(
            agreed: @escaping (BytePath) -> EntryMetadata?, contentCount: @escaping (BytePath) -> UInt64
        ) {
            self.agreed = agreed
            self.contentCount = contentCount
        }
    }

    private struct Node {
        var entries: [TreeEntry]
        /// Nodes of loaded subdirectories, by name.
        var children: [BytePath: Int] = [:]
        /// As it was loaded.
        let totals: TreeTotals
        /// Of the subdirectories that were not loaded, at any depth; the rest is counted when encoding.
        var totalsOfUnloaded: TreeTotals
    }

    private var nodes: [Node] = []
    private var touched: Set<BytePath> = []
    /// Bytes of the touched paths and entries moved to make room: beyond a limit composing anew is quicker, and holds
    /// paths against its own limits.
    private var cost = 0
    private static let costMax = 64 << 20

    private init() {}

    /// The tree that `base` becomes without the layouts `removed` and with the layouts `added`.
    ///
    /// - Parameters:
    ///   - redirects: links of the base state that files were moved through; must be empty for an edit to be plain.
    ///   - claims: directories named by the packages of the *new* state.
    /// - Throws: `Declined`, or ``TreeError`` from reading the base tree.
    package static func edit(
        _ base: TreeID, removing removed: [PackageLayout], adding added: [PackageLayout], redirects: [BytePath],
        claims: Claims, _ lookup: TreeLookup
    ) throws -> ComposedTree {
        guard redirects.isEmpty else { throw Declined() }
        var editor = TreeEditor()
        _ = try editor.load(base, lookup)
        for layout in removed { try editor.remove(layout, lookup) }
        for layout in added { try editor.add(layout, lookup) }
        if editor.position(of: PackageLayout.reservedName, in: 0).found { throw Declined() }
        try editor.settleDirectories(claims, lookup)
        return editor.encoded()
    }

    /// The tree that `base` becomes with `entry` at `path` in the place of whatever file was there.
    package static func place(
        _ entry: TreeEntry, in path: BytePath, of base: TreeID, _ lookup: TreeLookup
    ) throws -> ComposedTree {
        var editor = TreeEditor()
        _ = try editor.load(base, lookup)
        let node = try editor.make(path, lookup)
        let (index, found) = editor.position(of: entry.name, in: node)
        if found {
            guard editor.nodes[node].entries[index].kind != .directory else { throw Declined() }
            editor.nodes[node].entries[index] = entry
        } else {
            editor.nodes[node].entries.insert(entry, at: index)
        }
        return editor.encoded()
    }

    private mutating func load(_ id: TreeID, _ lookup: TreeLookup) throws(TreeError) -> Int {
        let directory = try Directory(lookup(id), id: id)
        let entries = try directory.entries()
        nodes.append(
            Node(
                entries: entries, totals: directory.totals,
                totalsOfUnloaded: directory.totals - Directory.ownTotals(entries)))
        return nodes.count - 1
    }

    // MARK: Finding

    /// Where `name` is in the node's entries, or where it would go.
    private func position(of name: BytePath, in node: Int) -> (index: Int, found: Bool) {
        let entries = nodes[node].entries
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].name < name { low = middle + 1 } else { high = middle }
        }
        return (low, low < entries.count && entries[low].name == name)
    }

    /// The node of the directory `path`; nil where there is none. Anything but directories on the way is declined.
    private mutating func find(_ path: BytePath, _ lookup: TreeLookup) throws -> Int? {
        var node = 0
        for component in path.components {
            let name = BytePath(bytes: Array(component))
            guard let child = try child(of: node, name, lookup) else { return nil }
            node = child
        }
        return node
    }

    private mutating func child(of node: Int, _ name: BytePath, _ lookup: TreeLookup) throws -> Int? {
        if let child = nodes[node].children[name] { return child }
        let (index, found) = position(of: name, in: node)
        guard found else { return nil }
        guard let tree = nodes[node].entries[index].tree else { throw Declined() }
        let child = try load(tree, lookup)
        nodes[node].totalsOfUnloaded = nodes[node].totalsOfUnloaded - nodes[child].totals
        nodes[node].children[name] = child
        return child
    }

    /// The node of the directory `path`, made with its ancestors where missing.
    private mutating func make(_ path: BytePath, _ lookup: TreeLookup) throws -> Int {
        var node = 0
        for component in path.components {
            let name = BytePath(bytes: Array(component))
            if let child = try child(of: node, name, lookup) {
                node = child
                continue
            }
            let (index, _) = position(of: name, in: node)
            let placeholder = TreeEntry(
                name: name, metadata: .plainDirectory, content: .directory(Directory.empty.id))
            try spend(nodes[node].entries.count - index)
            nodes[node].entries.insert(placeholder, at: index)
            nodes.append(Node(entries: [], totals: TreeTotals(), totalsOfUnloaded: TreeTotals()))
            nodes[node].children[name] = nodes.count - 1
            node = nodes.count - 1
        }
        return node
    }

    // MARK: Changing

    private mutating func spend(_ amount: Int) throws(Declined) {
        cost += amount
        guard cost <= Self.costMax else { throw Declined() }
    }

    private mutating func touch(_ path: BytePath) throws(Declined) {
        if touched.insert(path).inserted { try spend(path.count) }
    }

    private mutating func remove(_ layout: PackageLayout, _ lookup: TreeLookup) throws {
        for (path, entry) in try layout.entries() {
            if entry.kind == .directory {
                try touch(path.appending(entry.name))
                continue
            }
            try touch(path)
            guard let node = try find(path, lookup) else { throw Declined() }
            let (index, found) = position(of: entry.name, in: node)
            guard found, nodes[node].entries[index] == entry else { throw Declined() }
            try spend(nodes[node].entries.count - index)
            nodes[node].entries.remove(at: index)
        }
    }

    private mutating func add(_ layout: PackageLayout, _ lookup: TreeLookup) throws {
        for (path, entry) in try layout.entries() {
            let node = try make(path, lookup)
            try touch(path)
            if entry.kind == .directory {
                let whole = path.appending(entry.name)
                _ = try make(whole, lookup)
                try touch(whole)
                continue
            }
            let (index, found) = position(of: entry.name, in: node)
            guard !found else { throw Declined() }
            try spend(nodes[node].entries.count - index)
            nodes[node].entries.insert(entry, at: index)
        }
    }

    /// Drops touched directories that hold nothing and that nobody names; gives the others the metadata asked for.
    private mutating func settleDirectories(_ claims: Claims, _ lookup: TreeLookup) throws {
        for path in touched {
            var ancestor = path.parent
            while !ancestor.isEmpty, !touched.contains(ancestor) {
                try touch(ancestor)
                ancestor = ancestor.parent
            }
        }
        // Deeper paths first: a directory that goes may empty its parent.
        let ordered = touched.map { path in (depth: path.bytes.count { $0 == UInt8(ascii: "/") }, path: path) }
            .sorted { ($0.depth, $1.path) > ($1.depth, $0.path) }
        for (_, path) in ordered where !path.isEmpty {
            guard let parent = try find(path.parent, lookup), let node = try find(path, lookup) else { continue }
            let name = path.lastComponent
            let claim = claims.agreed(path)
            let (index, _) = position(of: name, in: parent)
            if nodes[node].entries.isEmpty && claim == nil {
                nodes[parent].entries.remove(at: index)
                nodes[parent].children[name] = nil
            } else {
                nodes[parent].entries[index].metadata = settled(claim, path, node, claims)
            }
        }
    }

    /// What composing anew would give a directory, see ``Composer/settleDirectories()``.
    private func settled(_ claim: EntryMetadata?, _ path: BytePath, _ node: Int, _ claims: Claims) -> EntryMetadata {
        guard let claim else { return .plainDirectory }
        let shared = EntryMetadata.agreed(claim, .plainDirectory)
        // Mostly it makes no difference whether others use it.
        if shared == claim || SharedDirectories.contain(path) { return shared }
        return claims.contentCount(path) < contentCount(of: node) ? shared : claim
    }

    /// Files and links in a directory and below it.
    private func contentCount(of node: Int) -> UInt64 {
        let unloaded = nodes[node].totalsOfUnloaded
        let own = UInt64(nodes[node].entries.count { $0.kind != .directory })
        return nodes[node].children.values.reduce(unloaded.files + unloaded.symlinks + own) {
            $0 + contentCount(of: $1)
        }
    }

    // MARK: Encoding

    /// Encodes the loaded directories; what was not loaded keeps its id.
    private mutating func encoded() -> ComposedTree {
        var output: [UInt8] = []
        var directories: [(id: TreeID, range: Range<Int>)] = []
        let (root, totals) = encode(0, into: &output, &directories)
        return ComposedTree(root: root, totals: totals, redirects: [], bytes: output, directories: directories)
    }

    private mutating func encode(
        _ node: Int, into output: inout [UInt8], _ directories: inout [(id: TreeID, range: Range<Int>)]
    ) -> (TreeID, TreeTotals) {
        var totalsOfSubdirectories = nodes[node].totalsOfUnloaded
        for (name, child) in nodes[node].children.sorted(by: { $0.key < $1.key }) {
            let (id, totals) = encode(child, into: &output, &directories)
            let (index, _) = position(of: name, in: node)
            nodes[node].entries[index].content = .directory(id)
            totalsOfSubdirectories += totals
        }
        let encoding = Directory.encode(nodes[node].entries, totalsOfSubdirectories: totalsOfSubdirectories)
        let id = TreeID(hashing: encoding)
        directories.append((id, output.count..<(output.count + encoding.count)))
        output.append(contentsOf: encoding)
        return (id, totalsOfSubdirectories + Directory.ownTotals(nodes[node].entries))
    }
}
