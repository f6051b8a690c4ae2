package import BytePath
internal import Digests
package import FileTree
internal import LinuxSystem
package import PackageModel
import Synchronization

/// Writes one object at a time: to a temporary name in its shard, hashed on the way, renamed into place when right.
package struct ObjectWriter: ~Copyable {
    private let store: ObjectStore
    private var shards = ShardCache()
    private let temporary: BytePath
    private let hasher = XXH3Hasher(.bits128)
    private var open: TemporaryObject?

    /// Large objects are sent to disk while the rest of a stone is still being decoded.
    private static let writeBackThreshold: UInt64 = 1 << 20

    package init(_ store: ObjectStore) {
        self.store = store
        temporary = store.temporaryName()
    }

    /// Writes a whole object whose bytes are at hand.
    package mutating func write(
        _ bytes: UnsafeRawBufferPointer, digest: ObjectID, metadata: EntryMetadata, from stone: BytePath
    ) throws(StoreError) {
        let found = ObjectID(hashing: bytes)
        guard found == digest else { throw .wrongContent(stone, expected: digest, found: found) }
        try begin(digest: digest, metadata: metadata)
        try append(unhashed: bytes)
        try place(from: stone, .keepingEqual)
    }

    /// Starts an object that comes in pieces.
    package mutating func begin(digest: ObjectID, metadata: EntryMetadata) throws(StoreError) {
        let shard = ObjectName(digest, metadata).shard
        let place = try shards.place(of: shard, in: store)
        let temporary = place.isShard ? temporary : BytePath(ObjectName.shardName(shard)).appending(temporary)
        do throws(SystemError) {
            let file = try SystemCalls.createExclusively(place.directory, temporary, mode: metadata.fileMode)
            open = TemporaryObject(
                file: file, place: place, temporary: temporary, digest: digest, metadata: metadata)
        } catch {
            throw Self.located(error, digest, metadata)
        }
        hasher.reset()
    }

    package mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        hasher.update(bytes)
        try append(unhashed: bytes)
    }

    private mutating func append(unhashed bytes: UnsafeRawBufferPointer) throws(StoreError) {
        do throws(SystemError) {
            try open?.file.write(bytes)
        } catch {
            throw Self.located(error, open?.digest ?? .ofNothing, open?.metadata ?? .plainFile)
        }
        open?.size += UInt64(bytes.count)
    }

    /// The error naming the object, whatever its file is called so far.
    private static func located(_ error: SystemError, _ digest: ObjectID, _ metadata: EntryMetadata) -> StoreError {
        .system(SystemError(error.number, call: error.call, path: ObjectStore.path(of: digest, metadata)))
    }

    /// The digest of the pieces so far.
    package var digest: ObjectID { ObjectID(hasher.digest128) }

    /// What becomes of a file that has the object's name already.
    package enum Placement {
        /// It is known to be worse.
        case replacing
        /// It is good but full of links: until the replica is on disk, there must be no other.
        case replicating
        /// Nobody recorded it: it is another thread's, or of a try that was cut short and may be damaged.
        case keepingEqual
    }

    /// Checks the pieces' digest and gives the object its name.
    package mutating func finish(from stone: BytePath, _ placement: Placement) throws(StoreError) {
        guard let expected = open?.digest else { return }
        let found = ObjectID(hasher.digest128)
        guard found == expected else {
            open = nil
            throw .wrongContent(stone, expected: expected, found: found)
        }
        try place(from: stone, placement)
    }

    private mutating func place(from stone: BytePath, _ placement: Placement) throws(StoreError) {
        guard var object = open.take() else { return }
        try prepare(object)
        if placement == .replicating { try StoreError.catching { () throws(SystemError) in try object.file.sync() } }
        let name = ObjectName(object.digest, object.metadata)
        let directory = object.place.directory
        var failure = name.withCString(in: object.place) {
            SystemCalls.rename(directory, object.temporary, to: $0, replacing: placement != .keepingEqual)
        }
        if let error = failure, error.number == .alreadyExists {
            if try isThere(object, from: stone) { return }
            store.noteReplaced()
            failure = name.withCString(in: object.place) {
                SystemCalls.rename(directory, object.temporary, to: $0, replacing: true)
            }
        }
        if let failure { throw Self.located(failure, object.digest, object.metadata) }
        object.isPlaced = true
    }

    private func prepare(_ object: borrowing TemporaryObject) throws(StoreError) {
        do throws(SystemError) {
            if let owner = store.ownerToApply(object.metadata) {
                try object.file.setOwner(uid: owner.uid, gid: owner.gid)
            }
            // Writing and changing the owner clear the special bits.
            if object.metadata.mode & 0o6000 != 0 { try object.file.setMode(object.metadata.fileMode) }
            try object.file.setModificationTime(ObjectStore.objectTime)
            if object.size >= Self.writeBackThreshold { object.file.startWriteBack() }
        } catch {
            throw Self.located(error, object.digest, object.metadata)
        }
    }

    /// Whether the file that has the object's name holds the same bytes; other bytes of the same digest are refused.
    private func isThere(_ object: borrowing TemporaryObject, from stone: BytePath) throws(StoreError) -> Bool {
        let opened: Descriptor?
        do throws(StoreError) {
            opened = try store.openObject(object.digest, object.metadata)
        } catch {
            guard store.isUnreadable(error, object.digest, object.metadata) else { throw error }
            return false
        }
        guard let existing = opened else { return false }
        let written = try StoreError.catching { () throws(SystemError) in
            try object.temporary.withCString { (name) throws(SystemError) in
                try SystemCalls.openKnownFile(object.place.directory, name)
            }
        }
        if try StoreError.catching({ () throws(SystemError) in try existing.holdsSame(as: written) }) { return true }
        let size = try store.record(of: object.digest)?.size
        guard try store.hash(of: object.digest, object.metadata, size: size) != object.digest else {
            throw .collision(object.digest, stone)
        }
        return false
    }
}

extension ObjectStore {
    package static let temporaryPrefix = ".new-"

    /// A name for a temporary file that no other writer, of this process or another, uses.
    func temporaryName() -> BytePath {
        let number = temporaryCounter.add(1, ordering: .relaxed).newValue
        return BytePath("\(Self.temporaryPrefix)\(CurrentProcess.identifier)-\(number)")
    }
}
