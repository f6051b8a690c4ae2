internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
import Synchronization

/// Writes one object at a time: to a temporary name in its shard, hashed on the way, renamed into place when right.
struct ObjectWriter: ~Copyable {
    private let store: ContentStore
    private var shards = ShardCache()
    private let temporary: BytePath
    private let hasher = XXH3Hasher(.bits128)
    private var open: TemporaryObject?

    /// Large objects are sent to disk while the rest of a stone is still being decoded.
    private static let writeBackThreshold: UInt64 = 1 << 20

    init(_ store: ContentStore) {
        self.store = store
        temporary = store.temporaryName()
    }

    /// Writes a whole object whose bytes are at hand.
    mutating func write(
        _ bytes: UnsafeRawBufferPointer, digest: Digest128, metadata: EntryMetadata, from stone: BytePath
    ) throws(StoreError) {
        let found = Digest128(hashing: bytes)
        guard found == digest else { throw .wrongContent(stone, expected: digest, found: found) }
        try begin(digest: digest, metadata: metadata)
        try append(unhashed: bytes)
        try place()
    }

    /// Starts an object that comes in pieces.
    mutating func begin(digest: Digest128, metadata: EntryMetadata) throws(StoreError) {
        let shard = try shards.descriptor(of: ObjectName(digest, metadata).shard, in: store)
        do throws(SystemError) {
            let file = try SystemCalls.createExclusively(shard, temporary, mode: metadata.mode)
            open = TemporaryObject(
                file: file, shard: shard, temporary: temporary, digest: digest, metadata: metadata)
        } catch {
            throw .system(error)
        }
        hasher.reset()
    }

    mutating func append(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        hasher.update(bytes)
        try append(unhashed: bytes)
    }

    private mutating func append(unhashed bytes: UnsafeRawBufferPointer) throws(StoreError) {
        do throws(SystemError) {
            try open?.file.write(bytes)
        } catch {
            throw .system(error)
        }
        open?.size += UInt64(bytes.count)
    }

    /// The digest of the pieces so far.
    var digest: Digest128 { hasher.digest128 }

    /// Checks the pieces' digest and gives the object its name.
    mutating func finish(from stone: BytePath) throws(StoreError) {
        guard let expected = open?.digest else { return }
        let found = hasher.digest128
        guard found == expected else {
            open = nil
            throw .wrongContent(stone, expected: expected, found: found)
        }
        try place()
    }

    private mutating func place() throws(StoreError) {
        guard var object = open.take() else { return }
        do throws(SystemError) {
            if object.metadata.uid != 0 || object.metadata.gid != 0 {
                try object.file.setOwner(uid: object.metadata.uid, gid: object.metadata.gid)
            }
            // Writing and changing the owner clear the special bits.
            if object.metadata.mode & 0o7000 != 0 { try object.file.setMode(object.metadata.mode) }
            try object.file.setModificationTime(ContentStore.objectTime)
            if object.size >= Self.writeBackThreshold { object.file.startWriteBack() }
            let name = ObjectName(object.digest, object.metadata)
            let failure = name.withCString { SystemCalls.rename(object.shard, temporary, to: $0) }
            if let failure { throw failure }
            object.isPlaced = true
        } catch {
            throw .system(error)
        }
    }
}

extension ContentStore {
    /// A name for a temporary file that no other writer, of this process or another, uses.
    func temporaryName() -> BytePath {
        let number = temporaryCounter.add(1, ordering: .relaxed).newValue
        return BytePath(".new-\(CurrentProcess.identifier)-\(number)")
    }
}
