package import BytePath
internal import Digests
internal import Failures
package import FileTree
package import LinuxSystem
package import PackageModel

/// Repairing single objects. Every step is one rename or one call on the file, so a stop leaves an object as it was or
/// whole.
extension ObjectStore {
    /// Where a variant lies, below `.moss`.
    package static func path(of digest: ObjectID, _ variant: EntryMetadata) -> BytePath {
        let name = ObjectName(digest, variant)
        return BytePath("objects").appending(BytePath(ObjectName.shardName(name.shard)))
            .appending(fileName(of: digest, variant))
    }

    /// A variant's name in its shard.
    package static func fileName(of digest: ObjectID, _ variant: EntryMetadata) -> BytePath {
        ObjectName(digest, variant).withCString { BytePath(cString: $0) }
    }

    /// The digest of the bytes a variant's file holds; nil where there is no file of `size` bytes, or where it, and not
    /// the looking, is to blame that it cannot be read.
    ///
    /// - Parameter size: nil where it is not known.
    package func contentDigest(
        of digest: ObjectID, _ variant: EntryMetadata, size: UInt64?
    ) throws(StoreError) -> ObjectID? {
        do throws(StoreError) {
            return try hash(of: digest, variant, size: size)
        } catch {
            if isUnreadable(error, digest, variant) { return nil }
            throw error
        }
    }

    /// How long a variant's file is; nil where there is none.
    package func fileSize(of digest: ObjectID, _ variant: EntryMetadata) throws(StoreError) -> UInt64? {
        let path = Self.path(of: digest, variant)
        let status = try StoreError.catching { () throws(SystemError) in try directory.statusIfPresent(of: path) }
        return status?.kind == .regular ? status?.size : nil
    }

    /// Whether an object cannot be read because of the file itself. Then it is replaced like one that is gone: by bytes
    /// that are right, so that nothing is lost.
    package func isUnreadable(_ error: StoreError, _ digest: ObjectID, _ variant: EntryMetadata) -> Bool {
        guard case .system(let error) = error else { return false }
        return error.isLossOfContent || !error.saysNothing || isOwnButUnreadable(digest, variant, error)
    }

    /// Whether the file is this user's own, and cannot be opened all the same: its mode is to blame.
    package func isOwnButUnreadable(_ digest: ObjectID, _ variant: EntryMetadata, _ error: SystemError) -> Bool {
        guard error.number == .accessDenied else { return false }
        do throws(SystemError) {
            return try directory.status(of: Self.path(of: digest, variant)).uid == CurrentProcess.effectiveUser
        } catch {
            return false
        }
    }

    /// Gives a variant whose bytes are right the mode, owner and time it must have.
    package func repairMetadata(of digest: ObjectID, _ variant: EntryMetadata) throws(StoreError) {
        let opened: Descriptor?
        do throws(StoreError) {
            opened = try openObject(digest, variant)
        } catch {
            guard case .system(let cause) = error, isOwnButUnreadable(digest, variant, cause) else { throw error }
            let path = Self.path(of: digest, variant)
            guard try StoreError.catching({ () throws(SystemError) in try directory.status(of: path).kind }) == .regular
            else { throw error }
            try StoreError.catching { () throws(SystemError) in try directory.setMode(variant.mode, of: path) }
            opened = try openObject(digest, variant)
        }
        guard let file = opened else { throw .missingObject(digest) }
        try StoreError.catching(below: Self.path(of: digest, variant)) { () throws(SystemError) in
            try file.removeForeignAttributes()
            if ownership == .applied { try file.setOwner(uid: variant.uid, gid: variant.gid) }
            // Changing the owner clears the special bits.
            try file.setMode(variant.fileMode)
            try file.setModificationTime(Self.objectTime)
        }
    }

    /// Makes a variant's file one that can be put aside and replaced, where it is immutable.
    package func unlockObject(_ digest: ObjectID, _ variant: EntryMetadata) {
        let path = Self.path(of: digest, variant)
        // Where that is impossible, what is to be done with it will say so.
        guard let kind = try? directory.status(of: path).kind, kind == .regular || kind == .directory else { return }
        try? directory.open(path, [.noFollow, .nonBlocking]).unlock()
    }

    /// Writes a variant anew from a file that may hold its `size` bytes.
    /// - Returns: false when the file holds something else; nothing is changed then.
    package func rewriteObject(
        _ digest: ObjectID, _ variant: EntryMetadata, size: UInt64, from source: borrowing Descriptor
    ) throws(StoreError) -> Bool {
        guard try StoreError.catching({ () throws(SystemError) in try source.status().size }) == size else {
            return false
        }
        var writer = ObjectWriter(self)
        try writer.begin(digest: digest, metadata: variant)
        _ = try forEachChunk(of: source, upTo: size &+ 1) { (bytes) throws(StoreError) in try writer.append(bytes) }
        guard writer.digest == digest else { return false }
        try writer.finish(from: "object", .replacing)
        return true
    }

    /// Writes a variant anew from bytes that are its content.
    package func replaceObject(_ bytes: [UInt8], _ variant: EntryMetadata) throws(StoreError) {
        let digest = ObjectID(hashing: bytes)
        var writer = ObjectWriter(self)
        try writer.begin(digest: digest, metadata: variant)
        try bytes.span.bytes.withUnsafeBytes { (bytes) throws(StoreError) in try writer.append(bytes) }
        try writer.finish(from: "generated file", .replacing)
    }

    /// Gives the file a second name in `place`, for whoever wants to look at it, whatever it is. A directory moves there.
    /// - Returns: false where there is nothing.
    package func quarantine(
        _ digest: ObjectID, _ variant: EntryMetadata, in place: borrowing Descriptor
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
            if failure == .tooManyLinks {
                try directory.rename(path, to: name, below: place.openDirectory("."))
                return true
            }
            // An earlier repair that was stopped has put it there already.
            if let failure, failure != .alreadyExists { throw SystemError(failure, call: "link", path: path) }
            return true
        }
    }

    /// Takes a variant's name away from a file that does not hold what it says: that has not `size` bytes, or other ones,
    /// which it is read for once more. One that cannot be read keeps its name.
    package func removeWrongObject(
        _ digest: ObjectID, _ variant: EntryMetadata, size: UInt64
    ) throws(StoreError) {
        let path = Self.path(of: digest, variant)
        guard
            let status = try StoreError.catching({ () throws(SystemError) in try directory.statusIfPresent(of: path) })
        else { return }
        if status.kind == .regular, status.size == size {
            guard let found = try contentDigest(of: digest, variant, size: size), found != digest else { return }
        }
        try StoreError.catching { () throws(SystemError) in try directory.unlink(path) }
    }
}
