package import BytePath
internal import Digests
package import PackageModel

/// A state's tree as composing made it.
package struct ComposedTree: Sendable {
    package let root: TreeID
    package let totals: TreeTotals
    /// The links that other packages' files were moved through, ascending.
    package let redirects: [BytePath]
    /// The encodings of all directories, one after the other.
    package let bytes: [UInt8]
    /// Where each directory's encoding lies in `bytes`.
    package let directories: [(id: TreeID, range: Range<Int>)]
}

extension ComposedTree {
    /// The tree of no packages.
    package static let empty = ComposedTree(
        root: Directory.empty.id, totals: TreeTotals(), redirects: [], bytes: Directory.empty.bytes,
        directories: [(Directory.empty.id, 0..<Directory.empty.bytes.count)])

    /// A tree all of whose directories are stored.
    package init(stored root: TreeID, totals: TreeTotals, redirects: [BytePath]) {
        self.init(root: root, totals: totals, redirects: redirects, bytes: [], directories: [])
    }

    /// The tree `other`, which refers to directories of this one, with the encodings of both.
    package func extended(by other: ComposedTree) -> ComposedTree {
        ComposedTree(
            root: other.root, totals: other.totals, redirects: redirects, bytes: bytes + other.bytes,
            directories: directories
                + other.directories.map {
                    ($0.id, ($0.range.lowerBound + bytes.count)..<($0.range.upperBound + bytes.count))
                })
    }

    /// Calls `body` with a look-up that knows this tree's directories and asks `fallback` for others.
    package func withLookup<R>(
        fallback: TreeLookup, _ body: (TreeLookup) throws -> R
    ) throws -> R {
        let ranges = Dictionary(directories.map { ($0.id, $0.range) }, uniquingKeysWith: { first, _ in first })
        return try withoutActuallyEscaping(fallback) { fallback in
            try bytes.withUnsafeBytes { bytes in
                try body { (id) throws(TreeError) in
                    if let range = ranges[id] { return UnsafeRawBufferPointer(rebasing: bytes[range]) }
                    return try fallback(id)
                }
            }
        }
    }
}

/// How much of a tree is composed before it is refused. A path of many components costs a directory for each of them,
/// and few bytes in a layout; a system of 230,000 entries has 25,000 directories, whose paths have 1 MiB.
package struct ComposeLimits: Hashable, Sendable {
    package var layoutBytesMax = 2 << 30
    package var directoriesMax = 4 << 20
    /// Of the full paths of all directories.
    package var pathBytesMax = 512 << 20
    /// Directories in the places of links, which every state of the tree records.
    package var redirectsMax = 1 << 16
    /// Components followed, directories and links moved.
    package var redirectStepsMax = 20_000_000
    /// Of what was moved through links.
    package var depthMax = 256
    package var pathByteCountMax = 4000

    package init() {}
}

/// Merges the layouts of a state's packages into one tree.
///
/// Layouts come grouped by directory (``PackageLayout``), so the work per path is one scan for links and one place in
/// a sort among its siblings; directories are found by the hash of their path. Steps:
/// 1. collect: one table of directories, missing ancestors injected, each with the runs of records packages put there;
/// 2. redirect: where a link has the path of a directory, what lies in the directory moves to the link's target;
/// 3. settle: the packages in a directory agree on its mode and owner;
/// 4. merge: bottom up, each directory's records and subdirectories are sorted, checked for conflicts and encoded.
///
/// The result does not depend on the order of the packages.
package struct Composer {
    /// A directory of the tree under construction. Index 0 is the root.
    struct Node {
        var parent: Int
        var depth: Int
        var path: Range<Int>
        var name: Range<Int>
        var hash: UInt64
        var firstRun = -1
        var firstChild = -1
        var nextSibling = -1
        /// Where everything in here moved; -1 while the node stands for itself.
        var forward = -1
        /// What the packages in the directory agree on; nil where none of them names it.
        var metadata: EntryMetadata?
        /// A package that names it.
        var claimant = -1
        var id = TreeID(high: 0, low: 0)
        var totals = TreeTotals()
    }

    /// Consecutive records that one package puts into one directory.
    struct Run {
        let package: Int
        /// The directory, before redirects.
        let node: Int
        /// Whether there is more than directories.
        let hasContent: Bool
        let records: LayoutRecords
        var next = -1
    }

    /// What a package that names a directory asks for.
    struct Claim {
        let package: Int
        /// The directory, before redirects.
        let node: Int
        let metadata: EntryMetadata
    }

    /// A symlink some package ships, found while collecting.
    struct Link {
        /// The directory it is in, which may move.
        var node: Int
        let package: Int
        let record: EntryRecord
    }

    var nodes: [Node] = []
    var runs: [Run] = []
    var links: [Link] = []
    var claims: [Claim] = []
    var conflicts: [TreeConflict] = []
    var redirects: [BytePath] = []
    /// All paths, one after the other.
    private(set) var pathBytes: [UInt8] = []
    let limits: ComposeLimits
    /// Open addressing over `nodes` by path hash; -1 is empty. Always a power of two.
    private var slots: [Int32]

    private init(expectedDirectories: Int, limits: ComposeLimits) {
        self.limits = limits
        var capacity = 1024
        while capacity < expectedDirectories * 3 { capacity *= 2 }
        slots = Array(repeating: -1, count: capacity)
        pathBytes.reserveCapacity(expectedDirectories * 32)
        nodes.reserveCapacity(expectedDirectories)
        _ = insert(UnsafeRawBufferPointer(start: nil, count: 0), hash: 0, nameStart: 0, parent: -1)
    }

    /// Composes layouts, given as the bytes of ``PackageLayout``; their positions number the packages in conflicts.
    package static func compose(
        _ layouts: [UnsafeRawBufferPointer], expectedDirectories: Int = 4096, limits: ComposeLimits = ComposeLimits()
    ) throws(ComposeError) -> ComposedTree {
        var composer = Composer(expectedDirectories: expectedDirectories, limits: limits)
        var layoutBytes = 0
        for (package, layout) in layouts.enumerated() {
            layoutBytes += layout.count
            guard layoutBytes <= limits.layoutBytesMax else {
                throw .tooLarge(
                    package: package,
                    "the layouts of all packages have \(layoutBytes) bytes, more than \(limits.layoutBytesMax)")
            }
            let isWithinLimits: Bool
            do throws(TreeError) {
                isWithinLimits = try composer.collect(layout, package, limits)
            } catch {
                throw .tree(error)
            }
            guard isWithinLimits else { throw .tooLarge(package: package, composer.tooMany(limits)) }
        }
        try composer.redirect()
        composer.settleDirectories()
        return try composer.merged()
    }
}

/// Collecting.
extension Composer {
    /// - Returns: false where the limits are exceeded; the rest of the layout was not looked at.
    private mutating func collect(
        _ layout: UnsafeRawBufferPointer, _ package: Int, _ limits: ComposeLimits
    ) throws(TreeError) -> Bool {
        var groups = try LayoutGroups(layout)
        while let group = try groups.next() {
            let node = node(at: group.path)
            var records = group.records
            var hasContent = false
            while let record = try records.next() {
                switch record.kind {
                case .regular: hasContent = true
                case .symlink:
                    hasContent = true
                    links.append(Link(node: node, package: package, record: record))
                case .directory:
                    claim(record, below: node, package)
                    guard isWithin(limits) else { return false }
                }
            }
            add(Run(package: package, node: node, hasContent: hasContent, records: group.records))
            guard isWithin(limits) else { return false }
        }
        return true
    }

    func isWithin(_ limits: ComposeLimits) -> Bool {
        nodes.count <= limits.directoriesMax && pathBytes.count <= limits.pathBytesMax
    }

    func tooMany(_ limits: ComposeLimits) -> String {
        nodes.count > limits.directoriesMax
            ? "with this package there are \(nodes.count) directories, more than \(limits.directoriesMax)"
            : "with this package the paths of all directories have \(pathBytes.count) bytes, more than"
                + " \(limits.pathBytesMax)"
    }

    private mutating func add(_ run: Run) {
        var run = run
        run.next = nodes[run.node].firstRun
        nodes[run.node].firstRun = runs.count
        runs.append(run)
    }

    private mutating func claim(_ record: EntryRecord, below parent: Int, _ package: Int) {
        let node = child(of: parent, named: record.name)
        claims.append(Claim(package: package, node: node, metadata: record.metadata))
        nodes[node].claimant = package
    }

    /// The node of `parent`'s subdirectory `name`, made if there is none.
    mutating func child(of parent: Int, named name: UnsafeRawBufferPointer) -> Int {
        let parentPath = nodes[parent].path
        var path: [UInt8] = []
        path.reserveCapacity(parentPath.count + 1 + name.count)
        path.append(contentsOf: pathBytes[parentPath])
        if !path.isEmpty { path.append(UInt8(ascii: "/")) }
        path.append(contentsOf: name)
        return path.withUnsafeBytes { node(at: $0) }
    }

    /// The node of the directory `path`, made with its ancestors if there is none; after a redirect, where it led.
    mutating func node(at path: UnsafeRawBufferPointer) -> Int {
        if path.isEmpty { return 0 }
        let hash = xxh3Digest64(path)
        if let found = find(path, hash) { return resolved(found) }
        let nameStart: Int
        let parent: Int
        if let slash = path.lastIndex(of: UInt8(ascii: "/")) {
            nameStart = slash + 1
            parent = node(at: UnsafeRawBufferPointer(rebasing: path[..<slash]))
        } else {
            (nameStart, parent) = (0, 0)
        }
        return insert(path, hash: hash, nameStart: nameStart, parent: parent)
    }

    private mutating func insert(_ path: UnsafeRawBufferPointer, hash: UInt64, nameStart: Int, parent: Int) -> Int {
        let index = nodes.count
        let start = pathBytes.count
        pathBytes.append(contentsOf: path)
        var node = Node(
            parent: parent, depth: parent < 0 ? 0 : nodes[parent].depth + 1, path: start..<(start + path.count),
            name: (start + nameStart)..<(start + path.count), hash: hash)
        if parent >= 0 {
            node.nextSibling = nodes[parent].firstChild
            nodes[parent].firstChild = index
        }
        nodes.append(node)
        if nodes.count * 2 > slots.count { grow() }
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
        slots[slot] = Int32(index)
        return index
    }

    private mutating func grow() {
        slots = Array(repeating: -1, count: slots.count * 2)
        for (index, node) in nodes.dropLast().enumerated() {
            var slot = Int(truncatingIfNeeded: node.hash) & (slots.count - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = Int32(index)
        }
    }

    private func find(_ path: UnsafeRawBufferPointer, _ hash: UInt64) -> Int? {
        var slot = Int(truncatingIfNeeded: hash) & (slots.count - 1)
        while slots[slot] >= 0 {
            let index = Int(slots[slot])
            if nodes[index].hash == hash, nodes[index].path.count == path.count,
                pathBytes.withUnsafeBytes({ bytes in
                    bytes[nodes[index].path].elementsEqual(path)
                })
            {
                return index
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        return nil
    }

    /// The node that has the directory `path` itself and was not redirected away, if any.
    func livingNode(at path: [UInt8]) -> Int? {
        path.withUnsafeBytes { bytes in
            if bytes.isEmpty { return 0 }
            guard let index = find(bytes, xxh3Digest64(bytes)), nodes[index].forward < 0 else { return nil }
            return index
        }
    }

    /// Where the directory is now; a chain of moves is walked once.
    mutating func resolved(_ index: Int) -> Int {
        var last = index
        while nodes[last].forward >= 0 { last = nodes[last].forward }
        var index = index
        while nodes[index].forward >= 0 {
            let next = nodes[index].forward
            nodes[index].forward = last
            index = next
        }
        return last
    }

    func path(of node: Int) -> BytePath { BytePath(bytes: Array(pathBytes[nodes[node].path])) }

    func withName<R>(of node: Int, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        pathBytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[nodes[node].name])) }
    }

    /// Some package that has something in the directory or below it.
    func anyPackage(below node: Int) -> Int? {
        if nodes[node].firstRun >= 0 { return runs[nodes[node].firstRun].package }
        var child = nodes[node].firstChild
        while child >= 0 {
            if nodes[child].forward < 0, let package = anyPackage(below: child) { return package }
            child = nodes[child].nextSibling
        }
        return nodes[node].claimant >= 0 ? nodes[node].claimant : nil
    }
}
