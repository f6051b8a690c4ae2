internal import BytePath
internal import Failures
package import FileTree
package import LinuxSystem
package import Storage
import Synchronization

/// Bytes by ObjectID and directories by TreeID: loose files, verified, read, linked and repaired.
///
/// On disk, below the root's `.moss`:
/// ```
/// objects/00 … objects/ff    loose objects, see ObjectName
/// objects/privileged         set-id variants and what directories close to others, mode 0700
/// ```
/// and in the database a record for each object and each directory of a tree. A record never precedes its bytes:
/// whoever records calls `syncFileSystem` first. Any number of threads may use one store.
package final class ObjectStore: Sendable {
    /// Whether owners of files are applied, which takes privileges, or kept as records only.
    package enum Ownership: String, Sendable {
        case applied
        case recorded

        /// What a file's inode gets for a package's wish. Where owners are only recorded, the store's owner must be able
        /// to read every object.
        package func effective(_ metadata: EntryMetadata) -> EntryMetadata {
            self == .applied ? metadata : EntryMetadata(mode: metadata.mode | 0o400)
        }
    }

    /// Modification time of every object: 1980-01-01, the earliest that all archive formats can hold.
    package static let objectTime: Int64 = 315_532_800

    package let ownership: Ownership
    /// `.moss`.
    package let directory: Descriptor
    package let objects: Descriptor
    let database: Database
    private let shards: Guarded<ShardTable>
    /// Whom the kernel gives what this process makes.
    private let maker = (uid: CurrentProcess.effectiveUser, gid: CurrentProcess.effectiveGroup)
    /// Makes names of temporary files unique in this process.
    let temporaryCounter = Atomic<UInt64>(0)
    private let replaced = Atomic<Bool>(false)

    /// Whether files of objects, found damaged, were replaced: views may still have the others.
    package var hasReplacedObjects: Bool { replaced.load(ordering: .relaxed) }

    package func noteReplaced() { replaced.store(true, ordering: .relaxed) }

    /// Which of its directories a store makes.
    package enum Making: Sendable {
        case none
        case all
        /// Those for objects when there is an object for them: for a store of few objects and a short life.
        case needed
    }

    /// Opens the store in `directory` (a root's `.moss`), after making what `making` says is missing.
    package init(
        in directory: borrowing Descriptor, _ database: Database, ownership: Ownership, making: Making
    ) throws(StoreError) {
        if making != .none { try Self.makeDirectories(in: directory, withShards: making == .all) }
        self.database = database
        self.ownership = ownership
        self.directory = try StoreError.catching { () throws(SystemError) in try directory.duplicate() }
        // A copy of a root may lack directories that were empty.
        let makesMissing = making == .needed || !database.options.withoutLock
        if !database.options.readOnly, making == .none { try Self.makeDirectories(in: directory, withShards: false) }
        objects = try StoreError.catching { () throws(SystemError) in
            try RootLayout.open(
                RootLayout.objects, in: directory, making: makesMissing, readOnly: database.options.readOnly)
        }
        shards = Guarded(ShardTable(makesMissing: making == .needed || !database.options.readOnly))
    }

    private static func makeDirectories(
        in directory: borrowing Descriptor, withShards: Bool
    ) throws(StoreError) {
        do throws(SystemError) {
            for name in RootLayout.storeDirectories { try RootLayout.ensureDirectory(name, in: directory) }
            guard withShards else { return }
            for shard in 0..<ObjectName.shardCount { try ShardTable.make(shard, in: directory) }
        } catch {
            throw .system(error)
        }
    }

    /// Makes the directories that are missing.
    package func makeDirectories() throws(StoreError) {
        try Self.makeDirectories(in: directory, withShards: true)
    }

    /// Whether it was opened by one who only looks.
    package var isReadOnly: Bool { database.options.readOnly }

    /// What a file's inode gets here for a package's wish.
    package func effective(_ metadata: EntryMetadata) -> EntryMetadata { ownership.effective(metadata) }

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
    package func openShard(_ shard: Int) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            return try objects.openDirectory(BytePath(ObjectName.shardName(shard)))
        } catch {
            if error.saysNothing { throw error.below("objects") }
            return nil
        }
    }

    /// Runs `body` in a read transaction; `body` throws store errors only.
    package func reading<R>(_ body: (borrowing ReadTransaction) throws(StoreError) -> R) throws(StoreError) -> R {
        do {
            return try database.view { transaction throws in try body(transaction) }
        } catch {
            throw StoreError(error)
        }
    }

    /// Waits until everything written to the store so far is on disk.
    package func syncFileSystem() throws(StoreError) {
        try StoreError.catching { () throws(SystemError) in try directory.syncFileSystem() }
    }
}
