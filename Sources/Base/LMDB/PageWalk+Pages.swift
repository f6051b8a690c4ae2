import Glibc

/// Single pages and nodes.
extension PageWalk {
    /// Where a node's parts lie in its page.
    private struct Node {
        var offset: Int
        var low: UInt64
        var flags: UInt16
        var key: Range<Int>
        var value: Range<Int>
        /// Bytes the node takes, padded to an even number.
        var byteCount: Int
    }

    /// Checks one page and calls the visitor for its records, or puts its children on the pile.
    /// - Returns: what is wrong with it; nothing of it is used then.
    mutating func visit(
        _ page: UnsafeRawBufferPointer, _ item: Item, _ tree: Tree, _ file: borrowing DataFile,
        _ visitor: some Visitor
    ) throws(DataFile.Problem) -> String? {
        let isBranch = item.depth < tree.depth
        var nodes: [Node] = []
        if let text = check(page, item, tree, into: &nodes) { return text }
        if isBranch {
            counted.branchPages += 1
            push(page, nodes, item)
            return nil
        }
        counted.leafPages += 1
        counted.entries += UInt64(nodes.count)
        for node in nodes { try visit(node, of: page, item.page, tree, file, visitor) }
        return nil
    }

    /// What is wrong with a page by itself.
    func checkShape(_ page: UnsafeRawBufferPointer, _ item: Item, _ tree: Tree) -> String? {
        var nodes: [Node] = []
        return check(page, item, tree, into: &nodes)
    }

    private func check(
        _ page: UnsafeRawBufferPointer, _ item: Item, _ tree: Tree, into nodes: inout [Node]
    ) -> String? {
        let isBranch = item.depth < tree.depth
        guard page.number(at: 0, as: UInt64.self) == item.page else { return "is another page" }
        guard page.number(at: 10, as: UInt16.self) == (isBranch ? Flags.branch : Flags.leaf) else {
            return isBranch ? "is not a branch" : "is not a leaf"
        }
        return collect(page, isBranch: isBranch, into: &nodes)
            ?? checkOrder(page, nodes, item, tree, isBranch: isBranch)
    }

    private func collect(_ page: UnsafeRawBufferPointer, isBranch: Bool, into nodes: inout [Node]) -> String? {
        let lower = Int(page.number(at: 12, as: UInt16.self))
        let upper = Int(page.number(at: 14, as: UInt16.self))
        guard lower >= Self.headerByteCount, lower <= upper, upper <= pageSize, lower % 2 == 0 else {
            return "has impossible bounds"
        }
        let count = (lower - Self.headerByteCount) / 2
        guard count >= (isBranch ? 2 : 1) else { return "has \(count) entries" }
        nodes.reserveCapacity(count)
        var used = 0
        for place in stride(from: Self.headerByteCount, to: lower, by: 2) {
            let offset = Int(page.number(at: place, as: UInt16.self))
            guard offset >= upper, offset + Self.nodeHeaderByteCount <= pageSize else { return "points outside" }
            let low =
                UInt64(page.number(at: offset, as: UInt16.self)) | UInt64(page.number(at: offset + 2, as: UInt16.self))
                << 16
            let flags = page.number(at: offset + 4, as: UInt16.self)
            let keyStart = offset + Self.nodeHeaderByteCount
            let keyEnd = keyStart + Int(page.number(at: offset + 6, as: UInt16.self))
            let inline = isBranch ? 0 : flags & Flags.bigValue != 0 ? 8 : Int(low)
            guard keyEnd <= pageSize, inline <= pageSize - keyEnd else { return "has an entry that is too long" }
            let byteCount = (keyEnd + inline - offset + 1) & ~1
            nodes.append(
                Node(
                    offset: offset, low: low, flags: flags, key: keyStart..<keyEnd, value: keyEnd..<(keyEnd + inline),
                    byteCount: byteCount))
            used += byteCount
        }
        return used == pageSize - upper ? nil : "has entries that do not fill it"
    }

    /// Keys ascend, and lie between the keys that lead to the page.
    private func checkOrder(
        _ page: UnsafeRawBufferPointer, _ nodes: [Node], _ item: Item, _ tree: Tree, isBranch: Bool
    ) -> String? {
        let isNumber = if case .freeList = tree.kind { true } else { false }
        // The first key of a branch stands for everything smaller.
        let keys = isBranch ? nodes.dropFirst() : nodes[...]
        for node in keys where node.key.isEmpty || node.key.count > 511 || (isNumber && node.key.count != 8) {
            return "has a key of \(node.key.count) bytes"
        }
        var previous: UnsafeRawBufferPointer?
        for node in keys {
            let key = UnsafeRawBufferPointer(rebasing: page[node.key])
            if let previous, !Self.precedes(previous, key, isNumber) { return "has keys out of order" }
            previous = key
        }
        guard let first = keys.first, let last = keys.last else { return nil }
        let isInside = item.lower.withUnsafeBytes { lower in
            lower.isEmpty || !Self.precedes(UnsafeRawBufferPointer(rebasing: page[first.key]), lower, isNumber)
        }
        let isBelow =
            item.upper?.withUnsafeBytes { upper in
                Self.precedes(UnsafeRawBufferPointer(rebasing: page[last.key]), upper, isNumber)
            } ?? true
        return isInside && isBelow ? nil : "has keys that belong elsewhere"
    }

    private static func precedes(
        _ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer, _ isNumber: Bool
    ) -> Bool {
        if isNumber {
            return left.count == 8 && right.count == 8
                && left.number(at: 0, as: UInt64.self) < right.number(at: 0, as: UInt64.self)
        }
        let count = min(left.count, right.count)
        guard count > 0, let one = left.baseAddress, let other = right.baseAddress else {
            return left.count < right.count
        }
        let result = memcmp(one, other, count)
        return result != 0 ? result < 0 : left.count < right.count
    }

    /// Puts a branch's children on the pile, the first on top.
    private mutating func push(_ page: UnsafeRawBufferPointer, _ nodes: [Node], _ item: Item) {
        var upper = item.upper
        for (index, node) in nodes.enumerated().reversed() {
            let key = index == 0 ? item.lower : Array(page[node.key])
            pending.append(
                Item(page: node.low | UInt64(node.flags) << 32, depth: item.depth + 1, lower: key, upper: upper))
            upper = key
        }
    }

    // MARK: Records

    private mutating func visit(
        _ node: Node, of page: UnsafeRawBufferPointer, _ number: UInt64, _ tree: Tree, _ file: borrowing DataFile,
        _ visitor: some Visitor
    ) throws(DataFile.Problem) {
        let key = UnsafeRawBufferPointer(rebasing: page[node.key])
        let value = UnsafeRawBufferPointer(rebasing: page[node.value])
        switch tree.kind {
        case .main:
            guard let bucket = Self.bucket(key, value, node.flags) else {
                return try visitor.problem(page: number, "of the list of buckets has an entry that is no bucket")
            }
            buckets.append(bucket)
        case .freeList, .bucket:
            guard node.flags & ~Flags.bigValue == 0 else {
                return try visitor.problem(page: number, "of \(tree.name) has an entry of a foreign kind")
            }
            if node.flags == 0 { return try take(key, value, tree, number, visitor) }
            try visitBig(key, value.number(at: 0, as: UInt64.self), Int(node.low), tree, number, file, visitor)
        }
    }

    private mutating func take(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ tree: Tree, _ number: UInt64,
        _ visitor: some Visitor
    ) throws(DataFile.Problem) {
        switch tree.kind {
        case .freeList:
            if let text = claimFree(value) { try visitor.problem(page: number, "of the free list \(text)") }
        case .bucket(let name): visitor.record(bucket: name, key: key, stored: value)
        case .main: break
        }
    }

    /// A value on pages of its own.
    private mutating func visitBig(
        _ key: UnsafeRawBufferPointer, _ first: UInt64, _ count: Int, _ tree: Tree, _ number: UInt64,
        _ file: borrowing DataFile, _ visitor: some Visitor
    ) throws(DataFile.Problem) {
        let needed = UInt64((Self.headerByteCount - 1 + count) / pageSize + 1)
        guard needed <= pageCount else {
            return try visitor.problem(page: number, "of \(tree.name) has a value longer than the file")
        }
        // Before they are read: a page that many values name is read once.
        guard claim(first, count: needed) else {
            return try visitor.problem(page: first, "of \(tree.name) has pages that are used twice or missing")
        }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.headerByteCount + count, alignment: 8)
        defer { buffer.deallocate() }
        let bytes = UnsafeRawBufferPointer(buffer)
        let offset = first &* UInt64(pageSize)
        guard first <= lastPage, try file.readPages(into: buffer, at: offset, acceptingLoss: visitor.acceptsLoss),
            bytes.number(at: 0, as: UInt64.self) == first, bytes.number(at: 10, as: UInt16.self) == Flags.overflow
        else { return try visitor.problem(page: first, "of \(tree.name) is not the value it should be") }
        // A value that became shorter keeps its pages.
        let pages = UInt64(bytes.number(at: 12, as: UInt32.self))
        guard pages == needed || (pages > needed && claim(first + needed, count: pages - needed)) else {
            return try visitor.problem(page: first, "of \(tree.name) has pages that are used twice or missing")
        }
        counted.overflowPages += pages
        try take(key, UnsafeRawBufferPointer(rebasing: bytes[Self.headerByteCount...]), tree, first, visitor)
    }

    /// Each record of the free list is an array of page numbers, descending, that begins with their count.
    private mutating func claimFree(_ value: UnsafeRawBufferPointer) -> String? {
        guard value.count >= 8, value.count % 8 == 0 else { return "has a record of \(value.count) bytes" }
        let count = value.number(at: 0, as: UInt64.self)
        guard count <= UInt64(value.count / 8 - 1) else { return "has a record that is too short" }
        var previous = UInt64.max
        for index in 0..<Int(count) {
            let page = value.number(at: 8 + 8 * index, as: UInt64.self)
            guard page < previous else { return "has pages out of order" }
            guard claim(free: page) else { return "names page \(page), which is in use or does not exist" }
            previous = page
        }
        return nil
    }

    private static func bucket(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, _ flags: UInt16
    ) -> Tree? {
        guard flags == Flags.subtree, value.count == 48, !key.contains(0) else { return nil }
        return Tree(.bucket(Array(key)), decoding: value, at: 0, flags: 0)
    }
}

extension PageWalk.Tree {
    /// Reads a tree record: its flags must be `flags`.
    init?(_ kind: Kind, decoding bytes: UnsafeRawBufferPointer, at offset: Int, flags: UInt16) {
        guard bytes.number(at: offset + 4, as: UInt16.self) == flags else { return nil }
        self.init(
            kind: kind, root: bytes.number(at: offset + 40, as: UInt64.self),
            depth: Int(bytes.number(at: offset + 6, as: UInt16.self)),
            branchPages: bytes.number(at: offset + 8, as: UInt64.self),
            leafPages: bytes.number(at: offset + 16, as: UInt64.self),
            overflowPages: bytes.number(at: offset + 24, as: UInt64.self),
            entries: bytes.number(at: offset + 32, as: UInt64.self))
    }
}
