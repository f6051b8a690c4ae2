internal import BytePath
internal import Digests
package import FileTree
package import LinuxSystem
package import PackageModel
package import Storage

/// Single objects: opening, linking, copying, healing. How an object is stored stays behind these calls.
extension ObjectStore {
    /// Opens a variant for reading; nil where there is none.
    package func openObject(_ digest: ObjectID, _ variant: EntryMetadata) throws(StoreError) -> Descriptor? {
        let name = ObjectName(digest, variant)
        let place = try place(of: name.shard)
        do throws(SystemError) {
            return try name.withCString(in: place) { (name) throws(SystemError) in
                try SystemCalls.openFile(place.directory, name)
            }
        } catch {
            if error.number == .noSuchFile { return nil }
            throw .system(SystemError(error.number, call: error.call, path: Self.path(of: digest, variant)))
        }
    }

    /// Opens an object for reading, whichever variant there is.
    package func openObject(_ digest: ObjectID) throws(StoreError) -> Descriptor {
        let record = try record(of: digest)
        // An object that arrived a moment ago has no record yet.
        for variant in record?.variants ?? [.plainFile, EntryMetadata(mode: 0o555)] {
            do throws(StoreError) {
                // One of another size is none of its copies.
                guard let file = try openObject(digest, variant) else { continue }
                let size = try StoreError.catching { () throws(SystemError) in try file.status().size }
                if record == nil || size == record?.size { return file }
            } catch {
                guard isUnreadable(error, digest, variant) else { throw error }
            }
        }
        throw .missingObject(digest)
    }

    /// All bytes of an object, checked against its digest; for small ones.
    package func readObject(_ digest: ObjectID) throws(StoreError) -> [UInt8] {
        let file = try openObject(digest)
        let bytes: [UInt8]
        do throws(SystemError) {
            bytes = try file.readAll()
        } catch {
            throw error.isLossOfContent ? .missingObject(digest) : .system(error.on("objects"))
        }
        guard ObjectID(hashing: bytes) == digest else { throw .missingObject(digest) }
        return bytes
    }

    package func record(of digest: ObjectID) throws(StoreError) -> ObjectRecord? {
        try StoreError.catching { () throws(DatabaseError) -> ObjectRecord? in
            try database.view { (transaction) throws(DatabaseError) in
                try transaction.value(in: ObjectBuckets.objects, for: digest)
            }
        }
    }

    /// The XXH3-128 of what a variant really holds; nil where there is none, or one that has not `size` bytes, and so is
    /// not read.
    ///
    /// - Parameter size: nil where it is not known.
    package func hash(of digest: ObjectID, _ variant: EntryMetadata, size: UInt64?) throws(StoreError) -> ObjectID? {
        guard let file = try openObject(digest, variant) else { return nil }
        if let size {
            guard try StoreError.catching({ () throws(SystemError) in try file.status().size }) == size else {
                return nil
            }
        }
        let hasher = XXH3Hasher(.bits128)
        _ = try forEachChunk(of: file, upTo: size.map { $0 &+ 1 } ?? .max) { (bytes) throws(StoreError) in
            hasher.update(bytes)
        }
        return ObjectID(hasher.digest128)
    }

    /// Calls `body` with the file's bytes from its start, at most `limit` of them, and returns how many there were.
    package func forEachChunk(
        of file: borrowing Descriptor, upTo limit: UInt64 = .max,
        _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Void
    ) throws(StoreError) -> UInt64 {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 8)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while offset < limit {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(UInt64(buffer.count), limit - offset))])
            let count: Int
            do throws(SystemError) {
                count = try file.read(into: part, at: offset)
            } catch {
                throw .system(error)
            }
            if count == 0 { break }
            try body(UnsafeRawBufferPointer(rebasing: part[..<count]))
            offset += UInt64(count)
        }
        return offset
    }

    /// Makes the variant `target` from the variant `source`, hashing on the way.
    ///
    /// - Parameter size: what the object has; nil where it is not known.
    package func copyObject(
        _ digest: ObjectID, from source: EntryMetadata, to target: EntryMetadata, size: UInt64?
    ) throws(StoreError) {
        var writer = ObjectWriter(self)
        try writer.begin(digest: digest, metadata: target)
        do throws(StoreError) {
            guard let file = try openObject(digest, source) else { throw .missingObject(digest) }
            _ = try forEachChunk(of: file, upTo: size.map { $0 &+ 1 } ?? .max) { (bytes) throws(StoreError) in
                try writer.append(bytes)
            }
        } catch {
            throw isUnreadable(error, digest, source) ? .missingObject(digest) : error
        }
        guard writer.digest == digest else { throw .missingObject(digest) }
        try writer.finish(from: "object", source == target ? .replicating : .replacing)
    }

    /// Puts `bytes` into the store as an object and returns its digest; what is there already is verified first.
    package func addObject(_ bytes: [UInt8], _ metadata: EntryMetadata) throws(StoreError) -> ObjectID {
        let digest = ObjectID(hashing: bytes)
        let variant = effective(metadata)
        if bytes.isEmpty { return digest }
        try cancelRemoval(of: digest)
        if try contentDigest(of: digest, variant, size: UInt64(bytes.count)) == digest { return digest }
        var writer = ObjectWriter(self)
        try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in
            try writer.write(bytes, digest: digest, metadata: variant, from: "generated file")
        }
        return digest
    }

    /// Gives the object a second name outside the store: one hard link, no look-up.
    ///
    /// A variant that has gone missing is copied from another one; one whose inode has as many links as the file
    /// system allows is replaced by a fresh copy, which takes further links.
    @inline(__always)
    package func link(
        _ digest: ObjectID, _ metadata: EntryMetadata, _ directory: Int32, _ name: UnsafePointer<CChar>,
        _ shards: inout ShardCache
    ) throws(StoreError) {
        let object = ObjectName(digest, effective(metadata))
        let place = try shards.place(of: object.shard, in: self)
        let failure = object.withCString(in: place) { SystemCalls.link(place.directory, $0, directory, name) }
        if let failure { try linkSlowly(digest, effective(metadata), directory, name, failure) }
    }

    private func linkSlowly(
        _ digest: ObjectID, _ variant: EntryMetadata, _ directory: Int32, _ name: UnsafePointer<CChar>,
        _ failure: ErrorNumber
    ) throws(StoreError) {
        switch failure {
        case .tooManyLinks: try copyObject(digest, from: variant, to: variant, size: record(of: digest)?.size)
        case .noSuchFile: try restore(digest, variant)
        // An immutable file takes no links and cannot be replaced.
        case .notPermitted: return try copyOut(digest, variant, directory, name)
        default: throw .system(SystemError(failure, call: "link", path: BytePath(cString: name)))
        }
        let object = ObjectName(digest, variant)
        let place = try place(of: object.shard)
        if let failure = object.withCString(in: place, { SystemCalls.link(place.directory, $0, directory, name) }) {
            throw .system(SystemError(failure, call: "link", path: BytePath(cString: name)))
        }
    }

    /// Makes a file of its own that looks like a link to the object.
    private func copyOut(
        _ digest: ObjectID, _ variant: EntryMetadata, _ directory: Int32, _ name: UnsafePointer<CChar>
    ) throws(StoreError) {
        guard let source = try openObject(digest, variant) else { throw .missingObject(digest) }
        let size = try record(of: digest)?.size
        let path = BytePath(cString: name)
        let hasher = XXH3Hasher(.bits128)
        do throws(StoreError) {
            let copy = try StoreError.catching { () throws(SystemError) in
                try SystemCalls.createExclusively(directory, path, mode: variant.fileMode)
            }
            _ = try forEachChunk(of: source, upTo: size.map { $0 &+ 1 } ?? .max) { (bytes) throws(StoreError) in
                hasher.update(bytes)
                try StoreError.catching { () throws(SystemError) in try copy.write(bytes) }
            }
            guard ObjectID(hasher.digest128) == digest else { throw .missingObject(digest) }
            try StoreError.catching { () throws(SystemError) in
                if ownership == .applied { try copy.setOwner(uid: variant.uid, gid: variant.gid) }
                try copy.setMode(variant.fileMode)
                try copy.setModificationTime(Self.objectTime)
            }
        } catch {
            SystemCalls.unlink(directory, path)
            throw error
        }
    }

    /// Makes a missing variant from any other.
    private func restore(_ digest: ObjectID, _ variant: EntryMetadata) throws(StoreError) {
        let record = try record(of: digest)
        for other in record?.variants ?? [] where other != variant {
            if try contentDigest(of: digest, other, size: record?.size) == digest {
                try copyObject(digest, from: other, to: variant, size: record?.size)
                return
            }
        }
        throw .missingObject(digest)
    }

    /// The records of those contents that packages before this one brought.
    package func recorded(_ digests: some Sequence<ObjectID>) throws(StoreError) -> [ObjectID: ObjectRecord] {
        try StoreError.catching { () throws(DatabaseError) -> [ObjectID: ObjectRecord] in
            try database.view { (transaction) throws(DatabaseError) in
                var known: [ObjectID: ObjectRecord] = [:]
                for digest in digests {
                    known[digest] = try transaction.value(in: ObjectBuckets.objects, for: digest)
                }
                return known
            }
        }
    }

    /// Forgets that an object was to be removed: it is needed again, and will have no record to say so.
    private func cancelRemoval(of digest: ObjectID) throws(StoreError) {
        try StoreError.catching { () throws(DatabaseError) in
            let isPending = try database.view { (transaction) throws(DatabaseError) in
                try transaction.contains(digest, in: ObjectBuckets.pendingObjects)
            }
            guard isPending else { return }
            try database.update { (transaction) throws(DatabaseError) in
                _ = try transaction.remove(digest, in: ObjectBuckets.pendingObjects)
            }
        }
    }

    /// Notes that one more package asks for what `wanted` says.
    package static func claim(
        _ wanted: ObjectRecord, _ digest: ObjectID, in transaction: inout WriteTransaction
    ) throws(DatabaseError) {
        var record =
            try transaction.value(in: ObjectBuckets.objects, for: digest)
            ?? ObjectRecord(size: wanted.size, variants: [])
        if record.claim(wanted) { try transaction.put(record, in: ObjectBuckets.objects, for: digest) }
    }
}
