internal import BytePath
import Glibc

/// Looks at `data.mdb` before LMDB does, with plain reads.
///
/// LMDB maps the file and believes what it says: a page behind the end of a truncated file ends the process with
/// SIGBUS. What is read here, all integers little-endian as on the machines we run on:
///
///     page    0  own number (u64)     10  flags (u16)     12  end of the offsets (u16)
///            16  offsets of the nodes (u16 each)           12  overflow: number of pages (u32)
///     meta   16  magic (u32)          20  version (u32)   32  map size (u64)
///            40  free list, 88 main database: tree records
///           136  last page (u64)     144  transaction (u64)
///     tree    0  page size (u32, in the free list's only)   4  flags (u16)   6  depth (u16)   40  root page (u64)
///     node    0  low size or page (u16)   2  high size or page (u16)   4  flags or top of page (u16)   6  key size (u16)
///             8  key, then value
struct DataFile: ~Copyable {
    /// What a meta page says.
    struct Meta: Equatable {
        var pageSize: Int
        var lastPage: UInt64
        var transaction: UInt64
        var roots: [UInt64]
    }

    enum Problem: Error {
        case errno(Int32)
        case notADatabase(String)
        case version(UInt32)
        case damaged(String)
    }

    static let name = "data.mdb"

    private let descriptor: Int32

    /// - Throws: `.errno(ENOENT)` where there is no file.
    init(in directory: BytePath) throws(Problem) {
        let path = directory.appending(Self.name)
        let (descriptor, error) = path.withCString { path in (open(path, O_RDONLY | O_CLOEXEC), errno) }
        guard descriptor >= 0 else { throw .errno(error) }
        self.descriptor = descriptor
    }

    deinit {
        _ = close(descriptor)
    }

    func byteCount() throws(Problem) -> UInt64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .errno(errno) }
        return UInt64(clamping: status.st_size)
    }

    /// Fills `buffer` from `offset`; returns how many bytes the file has there.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Problem) -> Int {
        guard var position = off_t(exactly: offset) else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, position)
            if count < 0 {
                if errno == EINTR { continue }
                throw .errno(errno)
            }
            if count == 0 { break }
            done += count
            position += off_t(count)
        }
        return done
    }

    /// Refuses what LMDB could not survive: foreign content, and pages that are missing at the end.
    ///
    /// A file may be shorter than its last page number says, because pages that were allocated and given up in one
    /// transaction are never written. Only then the whole tree is walked, to see whether a page in use is missing.
    func check() throws(Problem) {
        guard try byteCount() > 0 else { return }
        for _ in 0..<10 {
            let meta = try newestMeta()
            let (needed, overflow) = (meta.lastPage &+ 1).multipliedReportingOverflow(by: UInt64(meta.pageSize))
            guard !overflow, meta.lastPage < UInt64.max else { throw .damaged("impossible page count") }
            // The size is read after the meta page: whoever writes extends the file first.
            if try byteCount() >= needed { return }
            do {
                try PageWalk.check(self, meta)
                return
            } catch {
                // Pages may have changed under the walk; it counts only if nobody has committed meanwhile.
                if try newestMeta() == meta { throw error }
            }
        }
    }

    /// The meta page of the last commit.
    func newestMeta() throws(Problem) -> Meta {
        let first = try meta(at: 0)
        let second = try meta(at: UInt64(first.pageSize))
        guard first.pageSize == second.pageSize else { throw .damaged("the meta pages disagree about the page size") }
        return second.transaction > first.transaction ? second : first
    }

    private func meta(at offset: UInt64) throws(Problem) -> Meta {
        try withUnsafeTemporaryAllocation(byteCount: 152, alignment: 8) { (buffer) throws(Problem) -> Meta in
            guard try read(into: buffer, at: offset) == buffer.count else { throw .notADatabase("too short") }
            let bytes = UnsafeRawBufferPointer(buffer)
            guard bytes.number(at: 10, as: UInt16.self) & PageWalk.Flags.meta != 0,
                bytes.number(at: 16, as: UInt32.self) == 0xbeef_c0de
            else { throw .notADatabase("no LMDB meta page at byte \(offset)") }
            let version = bytes.number(at: 20, as: UInt32.self)
            guard version == 1 else { throw .version(version) }
            let pageSize = Int(bytes.number(at: 40, as: UInt32.self))
            guard (512...65536).contains(pageSize), pageSize & (pageSize - 1) == 0 else {
                throw .damaged("impossible page size \(pageSize)")
            }
            return Meta(
                pageSize: pageSize, lastPage: bytes.number(at: 136, as: UInt64.self),
                transaction: bytes.number(at: 144, as: UInt64.self),
                roots: [bytes.number(at: 80, as: UInt64.self), bytes.number(at: 128, as: UInt64.self)])
        }
    }
}

extension UnsafeRawBufferPointer {
    /// The little-endian number at `offset`, which must lie inside.
    func number<T: FixedWidthInteger>(at offset: Int, as type: T.Type) -> T {
        precondition(offset >= 0 && offset <= count - MemoryLayout<T>.size, "read outside of a page")
        return T(littleEndian: loadUnaligned(fromByteOffset: offset, as: T.self))
    }
}
