import Glibc

/// Walks every page in use with plain reads, and checks all that LMDB takes for granted: that a page exists, is used
/// once, says what it must, points inside itself, and that its keys stand where a search looks for them.
///
/// A file that this finds nothing wrong with can be read by LMDB; what is inside values is for checksums to find.
struct PageWalk {
    enum Flags {
        static let branch: UInt16 = 1
        static let leaf: UInt16 = 2
        static let overflow: UInt16 = 4
        static let meta: UInt16 = 8
        static let bigValue: UInt16 = 1
        static let subtree: UInt16 = 2
    }

    static let headerByteCount = 16
    static let nodeHeaderByteCount = 8
    static let noPage = UInt64.max
    /// LMDB's own limit of a cursor's depth.
    static let depthMax = 32

    /// What the walk comes across.
    protocol Visitor: AnyObject {
        /// Whether pages that the disk has lost are something wrong; else they end the walk.
        var acceptsLoss: Bool { get }
        /// A record of a bucket. The bytes are valid during the call.
        func record(bucket: [UInt8], key: UnsafeRawBufferPointer, stored: UnsafeRawBufferPointer)
        /// Something wrong; the walk goes on past it unless this throws.
        func problem(page: UInt64?, _ text: String) throws(DataFile.Problem)
    }

    /// A tree of pages as its record describes it.
    struct Tree {
        enum Kind {
            case freeList, main
            case bucket([UInt8])
        }
        var kind: Kind
        var root: UInt64
        var depth: Int
        var branchPages: UInt64
        var leafPages: UInt64
        var overflowPages: UInt64
        var entries: UInt64
    }

    struct Item {
        var page: UInt64
        var depth: Int
        /// What the page's keys must not be less than; empty for no bound.
        var lower: [UInt8]
        /// What the page's keys must be less than; nil for no bound.
        var upper: [UInt8]?
    }

    let pageSize: Int
    let pageCount: UInt64
    let lastPage: UInt64
    /// One bit per page of the file: a page is part of one tree or free, seeing it twice means a cycle or worse.
    private var seen: [UInt64]
    /// Free pages that were never written.
    private var freeBehindEnd: UInt64 = 0
    /// Counted while a tree is walked, to be held against its record.
    var counted = Tree(
        kind: .main, root: 0, depth: 0, branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0)
    var buckets: [Tree] = []
    var pending: [Item] = []

    /// Takes the first problem for an error.
    private final class Strict: Visitor {
        let acceptsLoss = false
        func record(bucket: [UInt8], key: UnsafeRawBufferPointer, stored: UnsafeRawBufferPointer) {}
        func problem(page: UInt64?, _ text: String) throws(DataFile.Problem) {
            throw .damaged(page.map { "page \($0) \(text)" } ?? text)
        }
    }

    /// - Throws: `.damaged` for the first page that is missing or wrong.
    static func check(_ file: borrowing DataFile, _ meta: DataFile.Meta) throws(DataFile.Problem) {
        let visitor = Strict()
        try run(file, meta, visitor)
    }

    /// The same for the few pages that opening a database reads: the list of buckets and the root of each.
    static func checkTop(_ file: borrowing DataFile, _ meta: DataFile.Meta) throws(DataFile.Problem) {
        var walk = PageWalk(pageSize: meta.pageSize, byteCount: try file.byteCount(), lastPage: meta.lastPage)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: meta.pageSize, alignment: 8)
        defer { buffer.deallocate() }
        let visitor = Strict()
        try walk.walk(meta.main, file, buffer, visitor)
        for tree in walk.buckets + [meta.freeList] where tree.root != noPage {
            guard (1...depthMax).contains(tree.depth), walk.claim(tree.root, count: 1),
                try file.read(into: buffer, at: tree.root * UInt64(meta.pageSize)) == buffer.count
            else { throw .damaged("\(tree.name) has no first page") }
            let root = Item(page: tree.root, depth: 1, lower: [], upper: nil)
            if let text = walk.checkShape(UnsafeRawBufferPointer(buffer), root, tree) {
                throw .damaged("page \(tree.root) of \(tree.name) \(text)")
            }
        }
    }

    /// Walks everything: the free list, the list of buckets, and each bucket.
    static func run(
        _ file: borrowing DataFile, _ meta: DataFile.Meta, _ visitor: some Visitor
    ) throws(DataFile.Problem) {
        var walk = PageWalk(pageSize: meta.pageSize, byteCount: try file.byteCount(), lastPage: meta.lastPage)
        file.adviseReadingAll()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: meta.pageSize, alignment: 8)
        defer { buffer.deallocate() }
        try walk.walk(meta.main, file, buffer, visitor)
        let buckets = walk.buckets
        for bucket in buckets { try walk.walk(bucket, file, buffer, visitor) }
        // Last, so that a page that is in use and free is reported as one that should not be free.
        try walk.walk(meta.freeList, file, buffer, visitor)
        let behind = meta.lastPage >= walk.pageCount ? meta.lastPage - walk.pageCount + 1 : 0
        if behind != walk.freeBehindEnd {
            try visitor.problem(page: nil, "the file should have \(behind) pages more than it has")
        }
    }

    private init(pageSize: Int, byteCount: UInt64, lastPage: UInt64) {
        self.pageSize = pageSize
        pageCount = byteCount / UInt64(pageSize)
        self.lastPage = lastPage
        // Bounded by the file, not by what the file says.
        seen = Array(repeating: 0, count: Int(pageCount / 64) + 1)
    }

    private mutating func walk(
        _ tree: Tree, _ file: borrowing DataFile, _ buffer: UnsafeMutableRawBufferPointer,
        _ visitor: some Visitor
    ) throws(DataFile.Problem) {
        counted = Tree(kind: tree.kind, root: 0, depth: 0, branchPages: 0, leafPages: 0, overflowPages: 0, entries: 0)
        guard tree.root != Self.noPage else {
            if tree.entries != 0 || tree.depth != 0 { try visitor.problem(page: nil, "\(tree.name) has no pages") }
            return
        }
        guard (1...Self.depthMax).contains(tree.depth) else {
            return try visitor.problem(page: nil, "\(tree.name) claims a depth of \(tree.depth)")
        }
        pending = [Item(page: tree.root, depth: 1, lower: [], upper: nil)]
        var isWhole = true
        while let item = pending.popLast() {
            guard claim(item.page, count: 1) else {
                isWhole = false
                try visitor.problem(page: item.page, "of \(tree.name) is used twice or lies behind the end")
                continue
            }
            let offset = item.page * UInt64(pageSize)
            guard try file.readPages(into: buffer, at: offset, acceptingLoss: visitor.acceptsLoss) else {
                isWhole = false
                try visitor.problem(page: item.page, "of \(tree.name) is missing or cannot be read")
                continue
            }
            if let text = try visit(UnsafeRawBufferPointer(buffer), item, tree, file, visitor) {
                isWhole = false
                try visitor.problem(page: item.page, "of \(tree.name) \(text)")
            }
        }
        if isWhole, let text = counted.difference(from: tree) {
            try visitor.problem(page: nil, "\(tree.name) \(text)")
        }
    }

    /// Notes that pages are in use, each once; false where one is already or does not exist.
    mutating func claim(_ first: UInt64, count: UInt64) -> Bool {
        let (end, overflow) = first.addingReportingOverflow(count)
        guard !overflow, first >= 2, count > 0, end <= pageCount, end - 1 <= lastPage else { return false }
        var isFree = true
        for page in first..<end {
            let (word, bit) = (Int(page / 64), UInt64(1) << (page % 64))
            if seen[word] & bit != 0 { isFree = false }
            seen[word] |= bit
        }
        return isFree
    }

    /// Whether a page of the free list exists. One that was never written lies behind the end of the file.
    mutating func claim(free page: UInt64) -> Bool {
        guard page >= 2, page <= lastPage, lastPage < .max else { return false }
        guard page >= pageCount else { return claim(page, count: 1) }
        freeBehindEnd += 1
        return true
    }
}

extension PageWalk.Tree {
    var name: String {
        switch kind {
        case .freeList: "the free list"
        case .main: "the list of buckets"
        case .bucket(let name): "bucket \(String(decoding: name, as: UTF8.self))"
        }
    }

    /// Pages and entries as LMDB counts them.
    fileprivate func difference(from recorded: Self) -> String? {
        if branchPages != recorded.branchPages || leafPages != recorded.leafPages
            || overflowPages != recorded.overflowPages
        {
            return "has other pages than its record counts"
        }
        return entries == recorded.entries ? nil : "has \(entries) records, not \(recorded.entries)"
    }
}
