package import BytePath
internal import Digests
internal import Failures
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
        if !environment.options.readOnly, making == .none { try Self.makeDirectories(in: directory, withShards: false) }
        objects = try StoreError.catching { () throws(SystemError) in
            try Self.open("objects", in: directory, making: makesMissing, readOnly: environment.options.readOnly)
        }
        packages = try StoreError.catching { () throws(SystemError) in
            try Self.open("packages", in: directory, making: makesMissing, readOnly: environment.options.readOnly)
        }
        shards = Guarded(ShardTable(makesMissing: making == .needed || !environment.options.readOnly))
    }

    /// To whoever only looks, what is in a directory's place stays there, and nothing is in it.
    private static func open(
        _ name: BytePath, in directory: borrowing Descriptor, making: Bool, readOnly: Bool
    ) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try directory.openDirectory(name, making: making)
        } catch {
            guard readOnly, error.number == .notDirectory || error.number == .loop else { throw error }
        }
        return try directory.open(name, [.noFollow, .pathOnly])
    }

    /// The directories of a store, below `.moss`, without those in `objects`.
    package static let directoryNames: [BytePath] = ["packages", Lease.directoryName, "objects"]

    static func makeDirectories(in directory: borrowing Descriptor, withShards: Bool) throws(StoreError) {
        do throws(SystemError) {
            for name in directoryNames { try ensureDirectory(name, in: directory) }
            guard withShards else { return }
            for shard in 0..<ObjectName.shardCount { try ShardTable.make(shard, in: directory) }
        } catch {
            throw .system(error)
        }
    }

    /// Makes the directory `path` below `moss` where it is missing. What is there and is none moves to `lost+found`.
    static func ensureDirectory(
        _ path: BytePath, mode: UInt32 = 0o755, in moss: borrowing Descriptor
    ) throws(SystemError) {
        if let status = try moss.statusIfPresent(of: path) {
            if status.kind == .directory { return }
            try moss.ensureDirectory("lost+found", mode: 0o700)
            let name = path.components.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
            try moss.rename(
                path, to: BytePath("\(name)-\(UInt64.random(in: 1 ... .max))"), below: moss.openDirectory("lost+found"))
        }
        try moss.ensureDirectory(path, mode: mode)
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
        let opened = try StoreError.catching { () throws(SystemError) -> Int32 in
            try shards.withLock { (table) throws(SystemError) -> Int32 in
                try table.descriptor(of: shard, below: objects, in: directory)
            }
        }
        return ShardPlace(directory: opened, isShard: opened != objects.raw)
    }

    /// The directory of a shard; nil where there is none, and so nothing in it.
    func openShard(_ shard: Int) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try objects.openDirectory(BytePath(ObjectName.shardName(shard)))
        } catch {
            if error.saysNothing { throw error.below("objects") }
            return nil
        }
    }

    /// Waits until everything written to the store so far is on disk.
    package func syncFileSystem() throws(StoreError) {
        try StoreError.catching { () throws(SystemError) in try directory.syncFileSystem() }
    }
}
