/// Where a block lies, and the path it begins with.
///
/// In the directory, of each block: bytes that the path shares with that of the block before, the number of its other
/// bytes, these; then entries, stored size and plain size, all of them varints, and XXH3-64 of the stored block.
struct FileIndexBlock: Hashable, Sendable {
    var firstPath: [UInt8]
    var entryCount: Int
    /// In the file.
    var stored: Range<Int>
    var plainSize: Int
    var checksum: UInt64
}

/// The entries of one block, in order.
///
/// A block is three sizes (u32) and four columns: bytes shared with the path before; the number of other bytes, shifted
/// left by two, with the kind below; the difference of the package's number from the one before, zigzag; and those
/// other bytes. The first path shares nothing. Columns of one kind compress better than entries do.
///
/// Every path shares all it can with the one before and is greater than it, or the same of a later package: there is
/// one way only to write a list, and a list that is read is sorted.
struct BlockCursor {
    private(set) var path: [UInt8] = []
    private(set) var kind = FileIndex.Kind.regular
    private(set) var package = 0

    private var heads: FieldReader
    private var tails: FieldReader
    private var packages: FieldReader
    private var position: Int
    private let plain: [UInt8]
    private var remaining: Int
    private var isFirst = true
    private let packageCount: Int
    private static let pathSizeMax = 4090

    init(_ plain: [UInt8], entryCount: Int, packageCount: Int) throws(FileIndexError) {
        var sizes = FieldReader(plain)
        var ends = [12]
        for _ in 0..<3 { ends.append((ends.last ?? 0) + Int(try sizes.number(UInt32.self))) }
        guard ends[3] <= plain.count else { throw FieldReader.cut }
        heads = FieldReader(plain, from: ends[0], to: ends[1])
        tails = FieldReader(plain, from: ends[1], to: ends[2])
        packages = FieldReader(plain, from: ends[2], to: ends[3])
        position = ends[3]
        self.plain = plain
        remaining = entryCount
        self.packageCount = packageCount
        path.reserveCapacity(256)
    }

    /// Steps to the next entry; false after the last one, which must be at the end of all columns.
    mutating func next() throws(FileIndexError) -> Bool {
        guard remaining > 0 else {
            guard heads.isAtEnd, tails.isAtEnd, packages.isAtEnd, position == plain.count else {
                throw .damaged("the file index is damaged: a block has bytes that belong to no entry")
            }
            return false
        }
        remaining -= 1
        let shared = try heads.varint()
        let tail = try tails.varint()
        let count = tail >> 2
        let step = try packages.varint()
        let number = package + (step & 1 == 0 ? step >> 1 : -(step >> 1) - 1)
        guard shared <= path.count, count <= plain.count - position, shared + count <= Self.pathSizeMax,
            let kind = FileIndex.Kind(rawValue: UInt8(tail & 3)), (0..<packageCount).contains(number)
        else { throw .damaged("the file index is damaged: an entry of a block is none") }
        // Of a longer or another rest, sorted means that the first other byte is greater.
        let isGreater = count > 0 && (shared == path.count || plain[position] > path[shared])
        let isSame = count == 0 && shared == path.count && number > package && !isFirst
        guard isGreater || isSame else { throw .damaged("the file index is damaged: a block is out of order") }
        path.removeLast(path.count - shared)
        path.append(contentsOf: plain[position..<(position + count)])
        position += count
        self.kind = kind
        package = number
        isFirst = false
        return true
    }
}
