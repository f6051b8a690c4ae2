internal import BytePath
internal import Digests
internal import Failures
internal import FileTree
internal import LinuxSystem
internal import ObjectStore
internal import PackageModel

/// Holds arriving bytes against the object that is recorded under their digest.
///
/// Equal: nothing is written. Different: the bytes are written beside it, and in the end either the stored copy fails
/// its own hash and is replaced, or two contents have one digest and the arriving one is refused.
struct ObjectComparison: ~Copyable {
    private let store: ObjectStore
    private let digest: ObjectID
    let variant: EntryMetadata
    private let existing: Descriptor?
    private var offset: UInt64 = 0
    private var replacement: ObjectWriter?

    init(_ store: ObjectStore, _ digest: ObjectID, _ variant: EntryMetadata) throws(StoreError) {
        self.store = store
        self.digest = digest
        self.variant = variant
        do throws(StoreError) {
            existing = try store.openObject(digest, variant)
        } catch {
            // A copy that cannot be read is as good as none: it will be replaced.
            guard store.isUnreadable(error, digest, variant) else { throw error }
            existing = nil
        }
    }

    mutating func compare(_ bytes: UnsafeRawBufferPointer) throws(StoreError) {
        if replacement == nil, try !isEqual(bytes) { try beginReplacement() }
        try replacement?.append(bytes)
        offset += UInt64(bytes.count)
    }

    private func isEqual(_ bytes: UnsafeRawBufferPointer) throws(StoreError) -> Bool {
        guard existing != nil else { return false }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 8)
        defer { buffer.deallocate() }
        var done = 0
        while done < bytes.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, bytes.count - done)])
            guard let count = try readExisting(into: part, at: offset + UInt64(done)), count > 0,
                part[..<count].elementsEqual(bytes[done..<(done + count)])
            else { return false }
            done += count
        }
        return true
    }

    /// nil where the copy cannot be read, which is as good as a different one: it will be replaced.
    private func readExisting(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(StoreError) -> Int? {
        do throws(SystemError) {
            return try existing?.read(into: buffer, at: offset)
        } catch {
            if error.isLossOfContent || !error.saysNothing { return nil }
            throw .system(error)
        }
    }

    private mutating func beginReplacement() throws(StoreError) {
        var writer = ObjectWriter(store)
        try writer.begin(digest: digest, metadata: variant)
        try copyPrefix(into: &writer)
        replacement = consume writer
    }

    /// What was equal so far is only in the existing copy any more.
    private func copyPrefix(into writer: inout ObjectWriter) throws(StoreError) {
        guard offset > 0 else { return }
        guard let existing = try store.openObject(digest, variant) else { throw .missingObject(digest) }
        let copied = try store.forEachChunk(of: existing, upTo: offset) { (bytes) throws(StoreError) in
            try writer.append(bytes)
        }
        guard copied == offset else { throw .missingObject(digest) }
    }

    consuming func finish(from stone: BytePath) throws(StoreError) {
        if replacement == nil {
            if let size = try? existing?.status().size, size == offset { return }
            // The stored copy goes on: either it is damaged, or what arrived is only the beginning of it.
            try beginReplacement()
        }
        guard var writer = replacement.take() else { return }
        if try store.contentDigest(of: digest, variant, size: store.record(of: digest)?.size) == digest {
            // The stored copy is sound, so the arriving bytes are a second content, or not what the index says.
            let found = writer.digest
            throw found == digest
                ? .collision(digest, stone) : .wrongContent(stone, expected: digest, found: found)
        }
        try writer.finish(from: stone, .replacing)
    }
}
