package import BytePath
package import Digests
package import FileTree
internal import LMDB
package import LinuxSystem
package import PackageModel

/// Repairing single objects. Every step is one rename or one call on the file, so a stop leaves an object as it was or
/// whole.
extension ContentStore {
    /// Where a variant lies, below `.moss`.
    package static func path(of digest: Digest128, _ variant: EntryMetadata) -> BytePath {
        let name = ObjectName(digest, variant)
        return BytePath("objects").appending(BytePath(ObjectName.shardName(name.shard)))
            .appending(fileName(of: digest, variant))
    }

    /// A variant's name in its shard.
    package static func fileName(of digest: Digest128, _ variant: EntryMetadata) -> BytePath {
        ObjectName(digest, variant).withCString { BytePath(cString: $0) }
    }

    /// Makes the shard directories that are missing.
    package func mendDirectories() throws(StoreError) {
        try Self.makeDirectories(in: directory, withShards: true)
    }

    /// The digest of the bytes a variant's file holds; nil where it cannot be read or is no file.
    package func contentDigest(of digest: Digest128, _ variant: EntryMetadata) -> Digest128? {
        try? hash(of: digest, variant)
    }

    /// Gives a variant whose bytes are right the mode, owner and time it must have.
    package func mendMetadata(of digest: Digest128, _ variant: EntryMetadata) throws(StoreError) {
        guard let file = try openObject(digest, variant) else { throw .missingObject(digest) }
        try StoreError.catching { () throws(SystemError) in
            guard try file.status().kind == .regular else { throw SystemError(.notPermitted, call: "chmod") }
            try file.removeForeignAttributes()
            if ownership == .applied { try file.setOwner(uid: variant.uid, gid: variant.gid) }
            // Changing the owner clears the special bits.
            try file.setMode(variant.fileMode)
            try file.setModificationTime(Self.objectTime)
        }
    }

    /// Makes a variant's file one that can be put aside and replaced, where it is immutable.
    package func unlockObject(_ digest: Digest128, _ variant: EntryMetadata) {
        // Where that is impossible, what is to be done with it will say so.
        guard let file = try? openObject(digest, variant) else { return }
        try? file.unlock()
    }

    /// Writes a variant anew from a file that may hold its bytes.
    /// - Returns: false when the file holds something else; nothing is changed then.
    package func mendObject(
        _ digest: Digest128, _ variant: EntryMetadata, from source: borrowing Descriptor
    ) throws(StoreError) -> Bool {
        var writer = ObjectWriter(self)
        try writer.begin(digest: digest, metadata: variant)
        _ = try forEachChunk(of: source) { (bytes) throws(StoreError) in try writer.append(bytes) }
        guard writer.digest == digest else { return false }
        try writer.finish(from: "object", .replacing)
        return true
    }

    /// Writes a variant anew from bytes that are its content.
    package func replaceObject(_ bytes: [UInt8], _ variant: EntryMetadata) throws(StoreError) {
        let digest = Digest128(hashing: bytes)
        var writer = ObjectWriter(self)
        try writer.begin(digest: digest, metadata: variant)
        try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try writer.append(bytes) }
        try writer.finish(from: "generated file", .replacing)
    }

    /// Gives the file a second name in `place`, for whoever wants to look at it, whatever it is. A directory moves there.
    /// - Returns: false where there is nothing.
    package func putAside(
        _ digest: Digest128, _ variant: EntryMetadata, in place: borrowing Descriptor
    ) throws(StoreError) -> Bool {
        let name = Self.fileName(of: digest, variant)
        let path = Self.path(of: digest, variant)
        let target = place.raw
        return try StoreError.catching { () throws(SystemError) in
            guard let status = try directory.statusIfPresent(of: path) else { return false }
            if status.kind == .directory {
                let keeper = try place.openDirectory(".")
                try directory.rename(path, to: name, below: keeper)
                return true
            }
            let failure = path.withCString { path in
                name.withCString { SystemCalls.link(directory.raw, path, target, $0) }
            }
            // An earlier repair that was stopped has put it there already.
            if let failure, failure != .alreadyExists { throw SystemError(failure, call: "link", path: path) }
            return true
        }
    }

    /// Takes a variant's name away from a file that does not hold what it says.
    package func removeObject(_ digest: Digest128, _ variant: EntryMetadata) throws(StoreError) {
        let path = Self.path(of: digest, variant)
        try StoreError.catching { () throws(SystemError) in
            if try directory.statusIfPresent(of: path) != nil { try directory.unlink(path) }
        }
    }

    /// The packages whose layouts have a file with one of these contents.
    package func packages(having digests: Set<Digest128>) throws(StoreError) -> [(PackageID, Set<Digest128>)] {
        try reading { (transaction) throws(StoreError) in
            var found: [(PackageID, Set<Digest128>)] = []
            for id in try packages(in: transaction) {
                guard let bytes = try? layoutBytes(of: id, in: transaction) else { continue }
                var hits: Set<Digest128> = []
                do throws(TreeError) {
                    var groups = try LayoutGroups(bytes)
                    while let group = try groups.next() {
                        var records = group.records
                        while let record = try records.next() {
                            if record.kind == .regular, digests.contains(record.identifier) {
                                hits.insert(record.identifier)
                            }
                        }
                    }
                } catch {
                    continue
                }
                if !hits.isEmpty { found.append((id, hits)) }
            }
            return found
        }
    }
}
