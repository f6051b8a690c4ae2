/// Walks every page in use and checks that it exists, says what it must and points inside itself.
struct PageWalk {
    enum Flags {
        static let branch: UInt16 = 1
        static let leaf: UInt16 = 2
        static let overflow: UInt16 = 4
        static let meta: UInt16 = 8
        static let bigValue: UInt16 = 1
        static let subtree: UInt16 = 2
    }

    private static let headerByteCount = 16
    private static let noPage = UInt64.max
    /// LMDB's own limit of a cursor's depth.
    private static let depthMax = 32

    private let pageSize: Int
    private let pageCount: UInt64
    private let lastPage: UInt64
    /// Pages still to visit, with their depth.
    private var pending: [(page: UInt64, depth: Int)] = []
    /// A page is part of one tree only; seeing it twice means a cycle.
    private var seen: Set<UInt64> = []

    /// - Throws: `.damaged` for the first page that is missing or wrong.
    static func check(_ file: borrowing DataFile, _ meta: DataFile.Meta) throws(DataFile.Problem) {
        let pageCount = try file.byteCount() / UInt64(meta.pageSize)
        var walk = PageWalk(pageSize: meta.pageSize, pageCount: pageCount, lastPage: meta.lastPage)
        for root in meta.roots where root != noPage { walk.pending.append((root, 1)) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: meta.pageSize, alignment: 8)
        defer { buffer.deallocate() }
        while let (page, depth) = walk.pending.popLast() {
            try walk.claim(page, count: 1)
            guard depth <= depthMax else { throw .damaged("the tree is too deep at page \(page)") }
            guard try file.read(into: buffer, at: page * UInt64(meta.pageSize)) == buffer.count else {
                throw .damaged("page \(page) is missing")
            }
            try walk.visit(UnsafeRawBufferPointer(buffer), number: page, depth: depth)
        }
    }

    private init(pageSize: Int, pageCount: UInt64, lastPage: UInt64) {
        self.pageSize = pageSize
        self.pageCount = pageCount
        self.lastPage = lastPage
    }

    /// Notes that pages are in use, each once, and refuses what lies behind the end.
    private mutating func claim(_ first: UInt64, count: UInt64) throws(DataFile.Problem) {
        let (end, overflow) = first.addingReportingOverflow(count)
        guard !overflow, first >= 2, end <= pageCount, end - 1 <= lastPage else {
            throw .damaged("page \(first) is in use, the file ends at page \(pageCount)")
        }
        for page in first..<end where !seen.insert(page).inserted {
            throw .damaged("page \(page) is used twice")
        }
    }

    private mutating func visit(
        _ page: UnsafeRawBufferPointer, number: UInt64, depth: Int
    ) throws(DataFile.Problem) {
        let flags = page.number(at: 10, as: UInt16.self)
        let lower = Int(page.number(at: 12, as: UInt16.self))
        guard page.number(at: 0, as: UInt64.self) == number else { throw .damaged("page \(number) is another page") }
        let isBranch = flags & Flags.branch != 0
        guard isBranch != (flags & Flags.leaf != 0) else { throw .damaged("page \(number) is no tree page") }
        guard lower >= Self.headerByteCount, lower <= pageSize, lower % 2 == 0 else {
            throw .damaged("page \(number) has impossible bounds")
        }
        for place in stride(from: Self.headerByteCount, to: lower, by: 2) {
            let offset = Int(page.number(at: place, as: UInt16.self))
            guard offset >= lower, offset + 8 <= pageSize else { throw .damaged("page \(number) points outside") }
            try visitNode(
                UnsafeRawBufferPointer(rebasing: page[offset...]), of: number, isBranch: isBranch, depth: depth)
        }
    }

    private mutating func visitNode(
        _ node: UnsafeRawBufferPointer, of page: UInt64, isBranch: Bool, depth: Int
    ) throws(DataFile.Problem) {
        let low = UInt64(node.number(at: 0, as: UInt16.self)) | UInt64(node.number(at: 2, as: UInt16.self)) << 16
        let flags = node.number(at: 4, as: UInt16.self)
        let valueOffset = 8 + Int(node.number(at: 6, as: UInt16.self))
        guard valueOffset <= node.count else { throw .damaged("a key of page \(page) is too long") }
        if isBranch {
            pending.append((low | UInt64(flags) << 32, depth + 1))
            return
        }
        let inlineCount = flags & Flags.bigValue != 0 ? 8 : Int(low)
        guard inlineCount <= node.count - valueOffset else { throw .damaged("a value of page \(page) is too long") }
        if flags & Flags.bigValue != 0 {
            let pages = (UInt64(Self.headerByteCount) - 1 + low) / UInt64(pageSize) + 1
            try claim(node.number(at: valueOffset, as: UInt64.self), count: pages)
        }
        if flags & Flags.subtree != 0 {
            guard inlineCount == 48 else { throw .damaged("a bucket record of page \(page) has \(inlineCount) bytes") }
            let root = node.number(at: valueOffset + 40, as: UInt64.self)
            if root != Self.noPage { pending.append((root, 1)) }
        }
    }
}
