package import BytePath
internal import Digests
package import PackageModel

/// The layout of one package in the form that composing wants: its paths grouped by directory, ascending. Used from
/// where it lies in the database, so it is no record whose fields are read one after the other.
///
/// ```
///  0  u32  1, the format
///  4  u32  number of groups
///  8  groups, ascending by the bytes of their paths:
///     u32 bytes of the group's records, u32 number of records, u16 path length, path,
///     entry records ascending by name
/// ```
/// A directory the package names itself is a record of kind directory in its parent's group. Write bits of regular
/// files are taken away: what is hard-linked into several trees is not written to.
package struct PackageLayout: Sendable {
    package let bytes: [UInt8]

    /// The name at the top of a tree that the tools write the state's number to. What links lead there is found when
    /// composing.
    static let reservedName: BytePath = ".stateID"

    static let format: UInt32 = 1
    static let headerByteCount = 8
    static let groupHeaderByteCount = 10

    /// Takes bytes that an earlier layout was stored as.
    package init(stored bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Why a package's entries are not a layout.
    package enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        /// A device, fifo or socket: the format has no numbers for them.
        case unsupportedKind(BytePath)
        /// The Index payload does not say how big this file is.
        case unknownSize(BytePath)
        case duplicatePath(BytePath)
        /// Empty, absolute, or with an empty, `.`, `..` or NUL-bearing component.
        case invalidPath(BytePath)
        case pathTooLong(BytePath)
        case invalidLinkTarget(BytePath)
        /// `/usr/.stateID` is written by the tools.
        case reservedPath(BytePath)

        package var description: String {
            switch self {
            case .unsupportedKind(let path):
                "\(path.display): devices, fifos and sockets cannot be installed from a stone"
            case .unknownSize(let path): "\(path.display): its content is not in the stone's index"
            case .duplicatePath(let path): "\(path.display): listed twice"
            case .invalidPath(let path): "\(path.display): not a plain path below /usr"
            case .pathTooLong(let path): "\(path.display): longer than Linux allows"
            case .invalidLinkTarget(let path): "\(path.display): its link target is empty, too long or holds a NUL"
            case .reservedPath(let path): "\(path.display): reserved for the state number"
            }
        }
    }

    /// Groups `entries`.
    ///
    /// - Parameter sizes: of the contents by digest.
    package init(_ entries: [LayoutEntry], sizes: [ObjectID: UInt64]) throws(Failure) {
        var groups: [BytePath: [TreeEntry]] = [:]
        let closed = ClosedDirectories(entries)
        for entry in entries {
            try Self.check(entry.path)
            groups[entry.path.parent, default: []].append(try Self.treeEntry(entry, sizes, closed))
        }
        var bytes: [UInt8] = []
        bytes.append(littleEndian: Self.format)
        bytes.append(littleEndian: UInt32(groups.count))
        for (path, entries) in groups.sorted(by: { $0.key < $1.key }) {
            let sorted = entries.sorted { $0.name < $1.name }
            for (left, right) in zip(sorted, sorted.dropFirst()) where left.name == right.name {
                throw .duplicatePath(path.appending(left.name))
            }
            var records: [UInt8] = []
            for entry in sorted { entry.append(to: &records) }
            bytes.append(littleEndian: UInt32(records.count))
            bytes.append(littleEndian: UInt32(sorted.count))
            bytes.append(littleEndian: UInt16(path.count))
            bytes.append(contentsOf: path.bytes)
            bytes.append(contentsOf: records)
        }
        self.bytes = bytes
    }

    private static func check(_ path: BytePath) throws(Failure) {
        guard path.count <= 4000 else { throw .pathTooLong(path) }
        if path.bytes.prefix(while: { $0 != UInt8(ascii: "/") }).elementsEqual(Self.reservedName.bytes) {
            throw .reservedPath(path)
        }
        for component in path.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard component.count <= 255 else { throw .pathTooLong(path) }
            guard !component.isEmpty, !component.elementsEqual(".".utf8), !component.elementsEqual("..".utf8),
                !component.contains(0)
            else { throw .invalidPath(path) }
        }
    }

    private static func treeEntry(
        _ entry: LayoutEntry, _ sizes: [ObjectID: UInt64], _ closed: ClosedDirectories
    ) throws(Failure) -> TreeEntry {
        let name = entry.path.lastComponent
        var metadata = EntryMetadata(mode: entry.mode & 0o7777, uid: entry.uid, gid: entry.gid)
        switch entry.kind {
        case .regular(let digest):
            guard let size = sizes[digest] ?? (digest == .ofNothing ? 0 : nil) else { throw .unknownSize(entry.path) }
            metadata = closed.metadata(ofFile: entry)
            return TreeEntry(name: name, metadata: metadata, content: .regular(digest, size: size))
        case .symlink(let target):
            guard !target.isEmpty, target.count <= 4095, !target.bytes.contains(0) else {
                throw .invalidLinkTarget(entry.path)
            }
            metadata.mode = 0o777
            return TreeEntry(name: name, metadata: metadata, content: .symlink(target))
        case .directory:
            return TreeEntry(name: name, metadata: metadata, content: .directory(TreeID(high: 0, low: 0)))
        case .characterDevice, .blockDevice, .fifo, .socket:
            throw .unsupportedKind(entry.path)
        }
    }

    /// All entries with the directories they lie in, copied.
    package func entries() throws(TreeError) -> [(directory: BytePath, entry: TreeEntry)] {
        try bytes.span.bytes.withUnsafeBytes { (bytes) throws(TreeError) -> [(directory: BytePath, entry: TreeEntry)] in
            var entries: [(directory: BytePath, entry: TreeEntry)] = []
            var groups = try LayoutGroups(bytes)
            while let group = try groups.next() {
                let path = BytePath(bytes: Array(group.path))
                var records = group.records
                while let record = try records.next() { entries.append((path, record.entry)) }
            }
            return entries
        }
    }
}

/// Steps through the groups of an encoded layout.
package struct LayoutGroups {
    package struct Group {
        package let path: UnsafeRawBufferPointer
        package let count: Int
        let start: UnsafeRawPointer
        let limit: UnsafeRawPointer

        package var records: LayoutRecords { LayoutRecords(position: start, limit: limit, remaining: count) }
    }

    private var position: UnsafeRawPointer
    private let limit: UnsafeRawPointer
    private var remaining: Int

    package init(_ bytes: UnsafeRawBufferPointer) throws(TreeError) {
        guard let base = bytes.baseAddress, bytes.count >= PackageLayout.headerByteCount,
            UInt32(littleEndian: base.loadUnaligned(as: UInt32.self)) == PackageLayout.format
        else { throw .damagedLayout }
        remaining = Int(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        position = base + PackageLayout.headerByteCount
        limit = base + bytes.count
    }

    package mutating func next() throws(TreeError) -> Group? {
        guard remaining > 0 else {
            guard position == limit else { throw .damagedLayout }
            return nil
        }
        guard limit - position >= PackageLayout.groupHeaderByteCount else { throw .damagedLayout }
        let recordBytes = Int(UInt32(littleEndian: position.loadUnaligned(as: UInt32.self)))
        let count = Int(UInt32(littleEndian: position.loadUnaligned(fromByteOffset: 4, as: UInt32.self)))
        let pathLength = Int(UInt16(littleEndian: position.loadUnaligned(fromByteOffset: 8, as: UInt16.self)))
        let pathStart = position + PackageLayout.groupHeaderByteCount
        guard limit - pathStart >= pathLength + recordBytes else { throw .damagedLayout }
        let start = pathStart + pathLength
        position = start + recordBytes
        remaining -= 1
        return Group(
            path: UnsafeRawBufferPointer(start: pathStart, count: pathLength), count: count, start: start,
            limit: position)
    }
}

/// Steps through the records of one group.
package struct LayoutRecords {
    fileprivate(set) var position: UnsafeRawPointer
    fileprivate let limit: UnsafeRawPointer
    fileprivate var remaining: Int

    @inline(__always)
    package mutating func next() throws(TreeError) -> EntryRecord? {
        guard remaining > 0 else {
            guard position == limit else { throw .damagedLayout }
            return nil
        }
        guard let record = EntryRecord(at: position, limit: limit) else { throw .damagedLayout }
        remaining -= 1
        position += record.byteCount
        return record
    }
}
