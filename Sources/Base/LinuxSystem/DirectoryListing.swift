package import BytePath
internal import CLinux
import Glibc

/// The names of one directory after the other, without an allocation for each: for looking through whole stores.
///
/// For one thread at a time.
package struct DirectoryListing: ~Copyable {
    package struct Entry {
        package let inode: UInt64
        package let kind: FileKind
        fileprivate let offset: Int32
        fileprivate let length: Int32
    }

    private static let chunkByteCount = 64 << 10
    /// Names one after the other, each with a NUL.
    private var names: [UInt8] = []
    package private(set) var entries: [Entry] = []
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunkByteCount, alignment: 8)

    package init() {}

    deinit {
        buffer.deallocate()
    }

    /// Reads the names in an open directory that nobody has read from yet, without "." and "..".
    package mutating func read(_ directory: Int32) throws(SystemError) {
        names.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        guard lseek(directory, 0, SEEK_SET) >= 0, let base = buffer.baseAddress else { throw .last("lseek") }
        while true {
            let count = moss_getdents64(directory, base, buffer.count)
            guard count >= 0 else { throw .last("getdents64") }
            if count == 0 { return }
            take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }

    /// `linux_dirent64` records: inode u64, offset u64, record length u16, kind u8, name with NUL.
    private mutating func take(_ records: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 20 <= records.count, let base = records.baseAddress {
            let length = Int(records.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
            guard length >= 20, offset + length <= records.count else { return }
            let name = base + offset + 19
            let nameLength = strnlen(name.assumingMemoryBound(to: CChar.self), length - 19)
            let isDot = nameLength <= 2 && memcmp(name, "..", nameLength) == 0
            if !isDot {
                entries.append(
                    Entry(
                        inode: records.loadUnaligned(fromByteOffset: offset, as: UInt64.self),
                        kind: FileKind(directoryRecord: records[offset + 18]), offset: Int32(names.count),
                        length: Int32(nameLength)))
                names.append(contentsOf: UnsafeRawBufferPointer(start: name, count: nameLength))
                names.append(0)
            }
            offset += length
        }
    }

    package mutating func sortByInode() {
        entries.sort { $0.inode < $1.inode }
    }

    /// Sorts by the bytes of the names.
    package mutating func sortByName() {
        names.withUnsafeBytes { names in
            entries.sort { Self.compare($0, names, $1) < 0 }
        }
    }

    private static func compare(_ left: Entry, _ names: UnsafeRawBufferPointer, _ right: Entry) -> Int {
        guard let base = names.baseAddress else { return 0 }
        let result = memcmp(base + Int(left.offset), base + Int(right.offset), Int(min(left.length, right.length)))
        return result != 0 ? Int(result) : Int(left.length) - Int(right.length)
    }

    /// Calls `body` with an entry's name, followed by a NUL.
    @inline(__always)
    package func withName<R, E: Error>(
        of entry: Entry, _ body: (UnsafeRawBufferPointer) throws(E) -> R
    ) throws(E) -> R {
        try names.span.bytes.withUnsafeBytes { (bytes) throws(E) -> R in
            try body(
                UnsafeRawBufferPointer(rebasing: bytes[Int(entry.offset)..<(Int(entry.offset) + Int(entry.length))]))
        }
    }

    package func name(of entry: Entry) -> BytePath {
        withName(of: entry) { BytePath(bytes: Array($0)) }
    }
}
