internal import BytePath
internal import CFuse
internal import LinuxSystem
internal import ViewImage

/// The directories above many trees, whose nodes get their numbers when somebody looks, and the trees once entered.
///
/// A number is never used again for anything else. Trees are read when they are first entered, and kept.
final class Catalogue: Sendable {
    /// A directory or link of the catalogue itself, or the place where a tree begins.
    struct Node: Hashable {
        let path: BytePath
        let entry: ViewCatalogueEntry
    }

    /// One line of a listing.
    struct Child {
        let name: BytePath
        let entry: ViewCatalogueEntry
    }

    fileprivate struct Numbers {
        /// Number and 1 of the nodes met so far; the top is the first.
        var nodes = [Node(path: "", entry: .directory)]
        var numbers: [Node: Int] = [Node(path: "", entry: .directory): 0]
        /// By the number of the node where they begin.
        var images: [Int: ViewImage] = [:]
        var listings: [UInt64: [Child]] = [:]
        var lastListing: UInt64 = 0
    }

    private static let treeShift: UInt64 = 32

    /// Seconds since 1970 that directories and links show: there is no telling when the root's records changed.
    let time: Int64
    private let source: any ViewCatalogue
    private let numbers = Guarded(Numbers())

    /// - Parameter time: see ``time``.
    init(_ source: any ViewCatalogue, time: Int64) {
        self.source = source
        self.time = time
    }

    func end() { source.end() }

    // MARK: Nodes

    /// A node of the catalogue itself.
    func node(_ number: fuse_ino_t) -> Node? {
        guard number > 0, number >> Self.treeShift == 0 else { return nil }
        return numbers.withLock { $0.nodes.indices.contains(Int(number) - 1) ? $0.nodes[Int(number) - 1] : nil }
    }

    /// The place of a node in the tree that has it; nil for the catalogue's own nodes.
    func place(of node: fuse_ino_t) -> ViewSource.Place? {
        let tree = Int((node & ViewSource.plainMask) >> Self.treeShift)
        let row = Int(truncatingIfNeeded: node & (1 << Self.treeShift - 1)) - 1
        guard tree > 0, let image = numbers.withLock({ $0.images[tree - 1] }), row >= 0, row < image.nodeCount else {
            return nil
        }
        return ViewSource.Place(image: image, row: row, base: node & ~(1 << Self.treeShift - 1))
    }

    /// The trees that somebody has entered, and what the numbers of their nodes are added to.
    var trees: [(fuse_ino_t, ViewImage)] {
        numbers.withLock { $0.images.map { (fuse_ino_t($0.key + 1) << Self.treeShift, $0.value) } }
    }

    /// What a name in one of the catalogue's directories leads to.
    enum Found {
        case node(fuse_ino_t, Node)
        case tree(ViewSource.Place)
    }

    /// Looks a name up; nil where there is nothing.
    func find(_ name: BytePath, in directory: Node) throws -> Found? {
        guard case .directory = directory.entry else { return nil }
        let path = directory.path.appending(name)
        guard let entry = try source.entry(at: path) else { return nil }
        let node = Node(path: path, entry: entry)
        let number = numbers.withLock { $0.number(of: node) }
        guard case .tree = entry else { return .node(fuse_ino_t(number + 1), node) }
        let isRead = numbers.withLock { $0.images[number] != nil }
        if !isRead { try read(node, number) }
        return place(of: fuse_ino_t(number + 1) << Self.treeShift | 1).map { .tree($0) }
    }

    private func read(_ node: Node, _ number: Int) throws {
        let image = try ViewImage(keepingMapped: try source.image(at: node.path))
        // Two who enter at once may both have read it; either will do.
        numbers.withLock { $0.images[number] = image }
    }

    // MARK: Listings

    /// A listing as it is now, for as long as somebody has it open.
    func makeListing(of directory: Node) throws -> UInt64 {
        let children = try source.children(of: directory.path).map { Child(name: $0.name, entry: $0.entry) }
        return numbers.withLock { numbers in
            numbers.lastListing += 1
            numbers.listings[numbers.lastListing] = children
            return numbers.lastListing
        }
    }

    func listing(_ handle: UInt64) -> [Child] { numbers.withLock { $0.listings[handle] ?? [] } }

    func forgetListing(_ handle: UInt64) { numbers.withLock { $0.listings[handle] = nil } }
}

extension Catalogue.Numbers {
    fileprivate mutating func number(of node: Catalogue.Node) -> Int {
        if let known = numbers[node] { return known }
        nodes.append(node)
        numbers[node] = nodes.count - 1
        return nodes.count - 1
    }
}
