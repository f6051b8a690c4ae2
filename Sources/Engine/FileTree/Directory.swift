package import BytePath
internal import Digests
package import PackageModel

/// How much a tree holds below its root directory.
package struct TreeTotals: Hashable, Sendable {
    package var directories: UInt64 = 0
    package var files: UInt64 = 0
    package var symlinks: UInt64 = 0
    /// Sum of the files' sizes; a content counts once per path.
    package var bytes: UInt64 = 0

    package init(directories: UInt64 = 0, files: UInt64 = 0, symlinks: UInt64 = 0, bytes: UInt64 = 0) {
        self.directories = directories
        self.files = files
        self.symlinks = symlinks
        self.bytes = bytes
    }

    package var entries: UInt64 { directories &+ files &+ symlinks }

    static func + (left: TreeTotals, right: TreeTotals) -> TreeTotals {
        TreeTotals(
            directories: left.directories &+ right.directories, files: left.files &+ right.files,
            symlinks: left.symlinks &+ right.symlinks, bytes: left.bytes &+ right.bytes)
    }

    static func - (left: TreeTotals, right: TreeTotals) -> TreeTotals {
        TreeTotals(
            directories: left.directories &- right.directories, files: left.files &- right.files,
            symlinks: left.symlinks &- right.symlinks, bytes: left.bytes &- right.bytes)
    }

    static func += (left: inout TreeTotals, right: TreeTotals) {
        left = left + right
    }
}

/// A borrowed view of an encoded directory, the unit that trees are stored and hashed in. The hash of these bytes is its
/// name in states and in other directories, so they are no record that could ever be written another way.
///
/// ```
///  0  u32  1, the format
///  4  u32  number of entries
///  8  u64  directories below this one, at any depth
/// 16  u64  regular files, 24 u64 symlinks, 32 u64 bytes of the files
/// 40  entry records, ascending by the bytes of their names
/// ```
package struct Directory {
    static let headerByteCount = 40
    static let format: UInt32 = 1

    private let bytes: UnsafeRawBufferPointer
    package let id: TreeID
    package let count: Int

    /// Checks the header; records are checked while they are iterated.
    package init(_ bytes: UnsafeRawBufferPointer, id: TreeID) throws(TreeError) {
        guard bytes.count >= Self.headerByteCount,
            UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self)) == Self.format
        else { throw .damaged(id) }
        let count = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        guard count <= (bytes.count - Self.headerByteCount) / EntryRecord.fixedByteCount else { throw .damaged(id) }
        self.bytes = bytes
        self.id = id
        self.count = count
    }

    package var totals: TreeTotals {
        func field(_ offset: Int) -> UInt64 {
            UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        return TreeTotals(directories: field(8), files: field(16), symlinks: field(24), bytes: field(32))
    }

    /// Steps through the entries.
    package struct Cursor {
        private var position: UnsafeRawPointer
        private let limit: UnsafeRawPointer
        private var remaining: Int
        private let id: TreeID

        fileprivate init(_ position: UnsafeRawPointer, _ limit: UnsafeRawPointer, _ count: Int, _ id: TreeID) {
            self.position = position
            self.limit = limit
            self.remaining = count
            self.id = id
        }

        @inline(__always)
        package mutating func next() throws(TreeError) -> EntryRecord? {
            guard remaining > 0 else {
                guard position == limit else { throw .damaged(id) }
                return nil
            }
            guard let record = EntryRecord(at: position, limit: limit) else { throw .damaged(id) }
            remaining -= 1
            position += record.byteCount
            return record
        }
    }

    package var cursor: Cursor {
        // A count of at least the header was checked, so there is a base address.
        let base = bytes.baseAddress.unsafelyUnwrapped
        return Cursor(base + Self.headerByteCount, base + bytes.count, count, id)
    }

    /// All entries, copied.
    package func entries() throws(TreeError) -> [TreeEntry] {
        var entries: [TreeEntry] = []
        entries.reserveCapacity(count)
        var cursor = self.cursor
        while let record = try cursor.next() { entries.append(record.entry) }
        return entries
    }

    /// The entry called `name`, if there is one.
    package func entry(named name: BytePath) throws(TreeError) -> TreeEntry? {
        var cursor = self.cursor
        while let record = try cursor.next() {
            if record.name.elementsEqual(name.bytes) { return record.entry }
        }
        return nil
    }

    /// Counts `entries` themselves, not what lies below them.
    static func ownTotals(_ entries: [TreeEntry]) -> TreeTotals {
        var totals = TreeTotals()
        for entry in entries {
            switch entry.content {
            case .regular(_, let size):
                totals.files += 1
                totals.bytes &+= size
            case .symlink: totals.symlinks += 1
            case .directory: totals.directories += 1
            }
        }
        return totals
    }

    /// Encodes `entries`, which must ascend by name.
    ///
    /// - Parameter totals: of the subdirectories among `entries`, themselves not counted.
    static func encode(_ entries: [TreeEntry], totalsOfSubdirectories totals: TreeTotals) -> [UInt8] {
        let totals = totals + ownTotals(entries)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(
            headerByteCount + entries.reduce(0) { $0 + EntryRecord.fixedByteCount + 1 + $1.name.count })
        appendHeader(count: entries.count, totals: totals, to: &bytes)
        for entry in entries { entry.append(to: &bytes) }
        return bytes
    }

    static func appendHeader(count: Int, totals: TreeTotals, to bytes: inout [UInt8]) {
        bytes.append(littleEndian: format)
        bytes.append(littleEndian: UInt32(count))
        bytes.append(littleEndian: totals.directories)
        bytes.append(littleEndian: totals.files)
        bytes.append(littleEndian: totals.symlinks)
        bytes.append(littleEndian: totals.bytes)
    }

    /// The encoding of a directory without entries, and its id.
    package static let empty: (id: TreeID, bytes: [UInt8]) = {
        let bytes = encode([], totalsOfSubdirectories: TreeTotals())
        return (TreeID(hashing: bytes), bytes)
    }()
}
