internal import BytePath
import Glibc
internal import LinuxSystem

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
///     tree    0  page size (u32, in the free list's only)   4  flags (u16)   6  depth (u16)   8  branch pages (u64)
///            16  leaf pages (u64)    24  overflow pages (u64)   32  entries (u64)   40  root page (u64)
///     node    0  low size or page (u16)   2  high size or page (u16)   4  flags or top of page (u16)   6  key size (u16)
///             8  key, then value
struct DataFile: ~Copyable {
    /// What a meta page says.
    struct Meta: Equatable {
        var pageSize: Int
        var lastPage: UInt64
        var transaction: UInt64
        var freeList: PageWalk.Tree
        var main: PageWalk.Tree

        static func == (left: Meta, right: Meta) -> Bool {
            left.transaction == right.transaction && left.lastPage == right.lastPage && left.pageSize == right.pageSize
        }
    }

    enum Problem: Error {
        case errno(Int32)
        case notADatabase(String)
        case version(UInt32)
        case damaged(String)
        /// Others commit faster than the file can be copied.
        case isChanging
        /// So many bytes are not copied.
        case tooLarge(UInt64)
    }

    static let name = "data.mdb"
    /// LMDB's flag of trees whose keys are numbers of this machine: the free list's.
    private static let integerKeys: UInt16 = 8

    let file: Descriptor

    /// - Throws: `.errno(ENOENT)` where there is no file, `.notADatabase` where something else is in its place.
    init(in directory: BytePath) throws(Problem) {
        let path = directory.appending(Self.name)
        let kind: FileKind
        do throws(SystemError) {
            // Opening a pipe or a device may wait, or do something.
            kind = try Descriptor.open(path, .pathOnly).status().kind
        } catch {
            throw Self.problem(error)
        }
        guard kind == .regular else { throw .notADatabase("it is \(kind.name)") }
        do throws(SystemError) {
            try self.init(Descriptor.open(path, .nonBlocking))
        } catch {
            throw Self.problem(error)
        }
    }

    private static func problem(_ error: SystemError) -> Problem {
        switch error.number {
        case .loop: .notADatabase("it is a symlink that leads in a circle")
        case .notAFile: .notADatabase("it is no regular file")
        default: .errno(error.number.rawValue)
        }
    }

    /// The file in `directory`, without following a link.
    init(in directory: borrowing Descriptor) throws(Problem) {
        do throws(SystemError) {
            try self.init(directory.openFile(BytePath(Self.name)))
        } catch {
            throw error.number == .loop ? .notADatabase("it is a symlink") : Self.problem(error)
        }
    }

    /// Takes an open file.
    init(_ file: consuming Descriptor) throws(SystemError) {
        guard try file.status().kind == .regular else { throw SystemError(.notAFile, call: "open") }
        self.file = file
    }

    func byteCount() throws(Problem) -> UInt64 {
        do throws(SystemError) {
            return try file.status().size
        } catch {
            throw .errno(error.number.rawValue)
        }
    }

    /// Fills `buffer` from `offset`; returns how many bytes the file has there.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(Problem) -> Int {
        guard var position = off_t(exactly: offset) else { return 0 }
        var done = 0
        while done < buffer.count {
            let count = pread(file.raw, buffer.baseAddress.map { $0 + done }, buffer.count - done, position)
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

    /// Fills `buffer` with a page or several; false where the file has not all of it, or, with `acceptingLoss`, where the
    /// disk has lost it.
    func readPages(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64, acceptingLoss: Bool
    ) throws(Problem) -> Bool {
        do throws(Problem) {
            return try read(into: buffer, at: offset) == buffer.count
        } catch {
            if acceptingLoss, case .errno(EIO) = error { return false }
            throw error
        }
    }

    /// Asks for the whole file to be read ahead.
    func adviseReadingAll() {
        _ = posix_fadvise(file.raw, 0, 0, POSIX_FADV_WILLNEED)
    }

    /// Refuses what LMDB could not survive: foreign content, and pages that are missing at the end.
    ///
    /// A file may be shorter than its last page number says, because pages that were allocated and given up in one
    /// transaction are never written. Only then the whole tree is walked, to see whether a page in use is missing;
    /// else the few pages that opening reads are looked at.
    func check() throws(Problem) {
        guard try byteCount() > 0 else { return }
        for _ in 0..<10 {
            let meta = try newestMeta()
            let (needed, overflow) = (meta.lastPage &+ 1).multipliedReportingOverflow(by: UInt64(meta.pageSize))
            guard !overflow, meta.lastPage < UInt64.max else { throw .damaged("impossible page count") }
            do {
                // The size is read after the meta page: whoever writes extends the file first.
                if try byteCount() >= needed {
                    try PageWalk.checkTop(self, meta)
                } else {
                    try PageWalk.check(self, meta)
                }
                return
            } catch {
                // Pages may have changed under the walk; it counts only if nobody has committed meanwhile.
                if try newestMeta() == meta { throw error }
            }
        }
    }

    /// The meta page of the last commit.
    func newestMeta() throws(Problem) -> Meta {
        for _ in 0..<10 {
            let first = try meta(at: 0)
            let second = try meta(at: UInt64(first.pageSize))
            // A writer may have come between the two.
            guard try meta(at: 0) == first else { continue }
            guard first.pageSize == second.pageSize else {
                throw .damaged("the meta pages disagree about the page size")
            }
            return try Self.newer(first, second)
        }
        throw .errno(EAGAIN)
    }

    /// Commits take turns between the two pages, so their numbers follow each other.
    private static func newer(_ first: Meta, _ second: Meta) throws(Problem) -> Meta {
        if first.transaction == 0 && second.transaction == 0 { return first }
        let (low, high) = first.transaction < second.transaction ? (first, second) : (second, first)
        guard low.transaction &+ 1 == high.transaction, first.transaction % 2 == 0 else {
            throw .damaged("the meta pages have impossible commit numbers")
        }
        return high
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
            guard let freeList = PageWalk.Tree(.freeList, decoding: bytes, at: 40, flags: Self.integerKeys),
                let main = PageWalk.Tree(.main, decoding: bytes, at: 88, flags: 0),
                bytes.number(at: 0, as: UInt64.self) == offset / UInt64(pageSize),
                bytes.number(at: 24, as: UInt64.self) == 0
            else { throw .damaged("impossible flags in the meta page at byte \(offset)") }
            return Meta(
                pageSize: pageSize, lastPage: bytes.number(at: 136, as: UInt64.self),
                transaction: bytes.number(at: 144, as: UInt64.self), freeList: freeList, main: main)
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
