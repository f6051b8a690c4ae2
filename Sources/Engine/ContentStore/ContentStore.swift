internal import BytePath
internal import Digests
package import FileTree
package import LMDB
package import LinuxSystem
import Synchronization

/// Objects: taken in once, verified, read, linked and collected.
///
/// On disk, below the root's `.moss`:
/// ```
/// objects/00 … objects/ff    loose objects, see ObjectName
/// objects/privileged         set-id variants and what directories close to others, mode 0700
/// packages/<sha256>.stone    every known stone without its content
/// leases/<number>            what a live view pins, see Lease
/// ```
/// and in the database a record for each object, package, layout and tree. A record never precedes its bytes:
/// whoever records calls `syncFileSystem` first. Any number of threads may use one store.
package final class ContentStore: Sendable {
    /// Whether owners of files are applied, which takes privileges, or kept as records only.
    package enum Ownership: String, Sendable {
        case applied
        case recorded
    }

    /// Modification time of every object: 1980-01-01, the earliest that all archive formats can hold.
    package static let objectTime: Int64 = 315_532_800

    package let environment: Environment
    package let ownership: Ownership
    /// `.moss`.
    let directory: Descriptor
    let objects: Descriptor
    let packages: Descriptor
    private let shards: Guarded<ShardTable>
    /// Whom the kernel gives what this process makes.
    private let maker = (uid: CurrentProcess.effectiveUser, gid: CurrentProcess.effectiveGroup)
    /// Makes names of temporary files unique in this process.
    let temporaryCounter = Atomic<UInt64>(0)
    private let replaced = Atomic<Bool>(false)

    /// Whether files of objects, found damaged, were replaced: views may still have the others.
    package var hasReplacedObjects: Bool { replaced.load(ordering: .relaxed) }

    func noteReplaced() { replaced.store(true, ordering: .relaxed) }

    /// Which of its directories a store makes.
    package enum Making: Sendable {
        case none
        case all
        /// Those for objects when there is an object for them: for a store of few objects and a short life.
        case needed
    }

    /// Opens the store in `directory` (a root's `.moss`), after making what `making` says is missing.
    package init(
        in directory: borrowing Descriptor, environment: Environment, ownership: Ownership, making: Making
    ) throws(StoreError) {
        if making != .none { try Self.makeDirectories(in: directory, withShards: making == .all) }
        self.environment = environment
        self.ownership = ownership
        self.directory = try StoreError.catching { () throws(SystemError) in try directory.duplicate() }
        // A copy of a root may lack directories that were empty.
        let makesMissing = making == .needed || !environment.options.withoutLock
        objects = try StoreError.catching { () throws(SystemError) in
            try directory.openDirectory("objects", making: makesMissing)
        }
        packages = try StoreError.catching { () throws(SystemError) in
            try directory.openDirectory("packages", making: makesMissing)
        }
        shards = Guarded(ShardTable(makesMissing: making == .needed || !environment.options.readOnly))
    }

    static func makeDirectories(in directory: borrowing Descriptor, withShards: Bool) throws(StoreError) {
        do throws(SystemError) {
            try directory.ensureDirectory("packages")
            try directory.ensureDirectory(Lease.directoryName)
            try directory.ensureDirectory("objects")
            guard withShards else { return }
            let objects = try directory.openDirectory("objects")
            for shard in 0..<ObjectName.shardCount { try ShardTable.make(shard, in: objects) }
        } catch {
            throw .system(error)
        }
    }

    /// Whether it was opened by one who only looks.
    package var isReadOnly: Bool { environment.options.readOnly }

    /// What a file's inode gets here for a package's wish. Where owners are only recorded, the store's owner must be
    /// able to read every object.
    package func effective(_ metadata: EntryMetadata) -> EntryMetadata {
        ownership == .applied ? metadata : EntryMetadata(mode: metadata.mode | 0o400)
    }

    /// The owner that a file made now has to be given; nil where it is so by itself, or owners are records only.
    package func ownerToApply(_ metadata: EntryMetadata) -> (uid: UInt32, gid: UInt32)? {
        guard ownership == .applied, metadata.uid != maker.uid || metadata.gid != maker.gid else { return nil }
        return (metadata.uid, metadata.gid)
    }

    /// Whether what is made in a directory may get another group than this process's, or its set-group-id bit.
    package func givesGroup(_ directory: FileStatus) -> Bool {
        directory.permissions & 0o2000 != 0 || (ownership == .applied && directory.gid != maker.gid)
    }

    /// Where a shard's objects are named; stays open as long as the store.
    func place(of shard: Int) throws(StoreError) -> ShardPlace {
        let directory = try StoreError.catching { () throws(SystemError) -> Int32 in
            try shards.withLock { (table) throws(SystemError) -> Int32 in
                try table.descriptor(of: shard, below: objects)
            }
        }
        return ShardPlace(directory: directory, isShard: directory != objects.raw)
    }

    /// Waits until everything written to the store so far is on disk.
    package func syncFileSystem() throws(StoreError) {
        try StoreError.catching { () throws(SystemError) in try directory.syncFileSystem() }
    }
}

/// An open directory in which the objects of a shard have names: see ``ObjectName/withCString(in:_:)``.
struct ShardPlace {
    let directory: Int32
    /// Whether it is the shard itself; else it is the directory of all shards.
    let isShard: Bool
}

/// Descriptors of the shard directories, opened when first needed; no more of them than a process can spare that may
/// have few files open. For the others that of all shards stands in.
private struct ShardTable: ~Copyable {
    private var descriptors: [Int32] = Array(repeating: -1, count: ObjectName.shardCount)
    /// How many may be open; not known before the first is needed.
    private var capacity = -1
    private var owned: [DescriptorBox] = []
    private let makesMissing: Bool

    init(makesMissing: Bool) { self.makesMissing = makesMissing }

    static func make(_ shard: Int, in objects: borrowing Descriptor) throws(SystemError) {
        try objects.ensureDirectory(BytePath(ObjectName.shardName(shard)), mode: mode(of: shard))
    }

    private static func mode(of shard: Int) -> UInt32 { shard == ObjectName.privilegedShard ? 0o700 : 0o755 }

    private final class DescriptorBox {
        let descriptor: Descriptor
        init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }
    }

    mutating func descriptor(of shard: Int, below objects: borrowing Descriptor) throws(SystemError) -> Int32 {
        if descriptors[shard] >= 0 { return descriptors[shard] }
        if capacity < 0 { capacity = Self.capacity(openFileLimit: CurrentProcess.openFileLimit) }
        descriptors[shard] = try open(shard, below: objects) ?? objects.raw
        return descriptors[shard]
    }

    /// A sixteenth where the limit is far from enough for all of them and everything else.
    private static func capacity(openFileLimit limit: Int) -> Int {
        limit >= 2 * ObjectName.shardCount ? ObjectName.shardCount : limit / 16
    }

    /// - Returns: nil where no more files may be open.
    private mutating func open(_ shard: Int, below objects: borrowing Descriptor) throws(SystemError) -> Int32? {
        if owned.count >= capacity {
            if makesMissing { try Self.make(shard, in: objects) }
            return nil
        }
        do throws(SystemError) {
            let box = DescriptorBox(
                try objects.openDirectory(
                    BytePath(ObjectName.shardName(shard)), making: makesMissing, mode: Self.mode(of: shard)))
            owned.append(box)
            return box.descriptor.raw
        } catch {
            guard error.number.isShortOfFiles else { throw error }
            capacity = owned.count
            return nil
        }
    }
}

/// A thread's own copy of the shard descriptors, so that linking takes no lock.
package struct ShardCache {
    private var descriptors: [Int32] = Array(repeating: -1, count: ObjectName.shardCount)

    package init() {}

    @inline(__always)
    mutating func place(of shard: Int, in store: ContentStore) throws(StoreError) -> ShardPlace {
        let known = descriptors[shard]
        if known >= 0 { return ShardPlace(directory: known, isShard: known != store.objects.raw) }
        let opened = try store.place(of: shard)
        descriptors[shard] = opened.directory
        return opened
    }
}
