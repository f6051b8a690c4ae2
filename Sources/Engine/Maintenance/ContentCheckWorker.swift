internal import Digests
internal import LinuxSystem
internal import ObjectStore
internal import PackageModel

/// What one thread of a ``ContentCheck`` has: a buffer, and a few files that are open before their turn comes.
struct ContentCheckWorker: ~Copyable {
    private static let bufferByteCount = 1 << 20
    /// Files that are opened, and announced to the kernel, before the first is read, while the disk is asked.
    private static let lookAhead = 8
    /// How many files the disk is taken to be asked for after one that took too long for memory.
    private static let coldCount = 64

    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.bufferByteCount, alignment: 4096)
    private let hasher = XXH3Hasher(.bits128)
    private var shards = ShardCache()
    /// A ring.
    private let files = UnsafeMutablePointer<OpenedObject>.allocate(capacity: Self.lookAhead)
    /// How many may be in it: one by one where no more files may be open.
    private var capacity = Self.lookAhead
    private var first = 0
    private var count = 0
    private var cold = Self.coldCount
    private var lastTime = monotonicNanoseconds()

    init() {}

    deinit {
        for offset in 0..<count { (files + (first + offset) % Self.lookAhead).deinitialize(count: 1) }
        files.deallocate()
        buffer.deallocate()
    }

    /// Whether another file is to be opened before the next is read.
    var wantsMore: Bool { count < (cold > 0 ? capacity : 1) }

    mutating func open(_ store: ObjectStore, _ row: ObjectTable.Row, _ index: Int) {
        let file = OpenedObject(store, row, index, &shards, isAnnounced: cold > 0)
        if file.isForWantOfFiles { capacity = 1 }
        (files + (first + count) % Self.lookAhead).initialize(to: file)
        count += 1
    }

    mutating func takeFirst(_ store: ObjectStore, _ table: ObjectTable) -> OpenedObject? {
        guard count > 0 else { return nil }
        let file = (files + first).move()
        first = (first + 1) % Self.lookAhead
        count -= 1
        guard file.isForWantOfFiles else { return file }
        // Those that were open before it are closed by now.
        let index = file.index
        return OpenedObject(store, table.rows[index], index, &shards, isAnnounced: false)
    }

    /// - Parameters:
    ///   - size: what the file's length is. No more than one byte beyond it is read.
    ///   - total: gets the number of bytes read.
    mutating func digest(
        of file: borrowing OpenedObject, _ size: UInt64, _ total: inout UInt64
    ) throws(SystemError) -> ObjectID {
        defer { notice(total) }
        let raw = try file.descriptor()
        var part = buffer[..<Int(min(UInt64(buffer.count), size &+ 1))]
        var count = try SystemCalls.read(raw, into: UnsafeMutableRawBufferPointer(rebasing: part), at: 0)
        total = UInt64(count)
        // Its length was looked at before; a file that ends there needs no call more.
        if total == size { return ObjectID(hashing: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        if count < part.count {
            // Short reads happen only at the end, or else the next one says so.
            let rest = UnsafeMutableRawBufferPointer(rebasing: part[count...])
            let more = try SystemCalls.read(raw, into: rest, at: total)
            if more == 0 { return ObjectID(hashing: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            count += more
            total += UInt64(more)
        }
        hasher.reset()
        hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        while count > 0, total <= size {
            part = buffer[..<Int(min(UInt64(buffer.count), size - total + 1))]
            count = try SystemCalls.read(raw, into: UnsafeMutableRawBufferPointer(rebasing: part), at: total)
            total += UInt64(count)
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
        return ObjectID(hasher.digest128)
    }

    /// Judges by the time since the last file whether the disk is asked: memory takes less than a nanosecond for a byte.
    private mutating func notice(_ byteCount: UInt64) {
        let now = monotonicNanoseconds()
        cold = now - lastTime > 100_000 + byteCount ? Self.coldCount : max(0, cold - 1)
        lastTime = now
    }
}

/// An object that is about to be read.
struct OpenedObject: ~Copyable {
    let index: Int
    private let file: Result<Descriptor, SystemError>

    init(
        _ store: ObjectStore, _ row: ObjectTable.Row, _ index: Int, _ shards: inout ShardCache, isAnnounced: Bool
    ) {
        self.index = index
        let name = ObjectName(row.digest, row.variant)
        do throws(StoreError) {
            let place = try shards.place(of: name.shard, in: store)
            let opened = try StoreError.catching { () throws(SystemError) in
                try name.withCString(in: place) { (name) throws(SystemError) in
                    // The scan has seen of which kind it is.
                    try SystemCalls.openKnownFile(place.directory, name)
                }
            }
            if isAnnounced, row.size > 0 { SystemCalls.adviseReading(opened.raw, upTo: row.size) }
            file = .success(opened)
        } catch {
            if case .system(let error) = error {
                file = .failure(error)
            } else {
                file = .failure(SystemError(.noSuchFile, call: "open"))
            }
        }
    }

    /// Whether it could not be opened because too many others are.
    var isForWantOfFiles: Bool {
        switch file {
        case .success: return false
        case .failure(let error): return error.number.isShortOfFiles
        }
    }

    func descriptor() throws(SystemError) -> Int32 {
        switch file {
        case .success(let file): return file.raw
        case .failure(let error): throw error
        }
    }

    /// nil where it could not be opened.
    func status() -> FileStatus? {
        switch file {
        case .success(let file): return try? file.statusAndFlags()
        case .failure: return nil
        }
    }

    /// What somebody put on it, see ``Descriptor/foreignAttributes()``.
    func foreignAttributes() -> [String] {
        switch file {
        case .success(let file): return (try? file.foreignAttributes()) ?? []
        case .failure: return []
        }
    }
}
