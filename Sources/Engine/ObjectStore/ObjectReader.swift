package import BytePath
internal import Digests
package import FileTree
package import LinuxSystem
package import PackageModel

/// Opens objects by name alone, without the database: for who serves a tree that was read before.
package struct ObjectReader: ~Copyable, Sendable {
    private let objects: Descriptor
    /// In the store of a user who is not trusted, the only one whose files are read: a hard link could be anybody's.
    private let owner: UInt32?

    /// - Parameter directory: a root's `.moss`, or another directory that a store was made in.
    package init(in directory: borrowing Descriptor) throws(SystemError) {
        let objects = try directory.openDirectory("objects")
        // As for the root: see `Possession`.
        owner =
            if try !directory.isTrusted { try directory.status().uid } else if try !objects.isTrusted {
                try objects.status().uid
            } else { nil }
        self.objects = objects
    }

    /// Opens a root's `.moss`, which is no link.
    package static func openDirectory(of root: BytePath) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.openDirectory(root).openDirectory(".moss")
        } catch {
            throw error.below(root)
        }
    }

    /// The directory of the objects, for questions about its file system.
    package var directory: Int32 { objects.raw }

    /// Opens the object for reading: the variant `metadata` or, where that is gone, any other.
    package func open(_ digest: ObjectID, _ metadata: EntryMetadata) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try open(ObjectName(digest, metadata))
        } catch {
            guard error.number == .noSuchFile, let other = try anyVariant(of: digest) else { throw error }
            return try open(other)
        }
    }

    /// Metadata of the file that has the variant's name.
    package func status(_ digest: ObjectID, _ metadata: EntryMetadata) throws(SystemError) -> FileStatus {
        try ObjectName(digest, metadata).withPath { (path) throws(SystemError) in
            try SystemCalls.status(objects.raw, path)
        }
    }

    private func open(_ name: ObjectName) throws(SystemError) -> Descriptor {
        let file = try name.withPath { (path) throws(SystemError) in try SystemCalls.openFile(objects.raw, path) }
        guard let owner else { return file }
        let status = try file.status()
        guard status.kind == .regular, status.uid == owner else { throw SystemError(.notPermitted, call: "open") }
        return file
    }

    /// Looks for another copy; for the rare case of one that was lost.
    private func anyVariant(of digest: ObjectID) throws(SystemError) -> ObjectName? {
        for shard in [ObjectName(digest, .plainFile).shard, ObjectName.privilegedShard] {
            for entry in try entries(of: shard) {
                if let (found, metadata) = ObjectName.parse(entry.name.bytes), found == digest {
                    return ObjectName(digest, metadata)
                }
            }
        }
        return nil
    }

    private func entries(of shard: Int) throws(SystemError) -> [Descriptor.Entry] {
        do throws(SystemError) {
            return try objects.openDirectory(BytePath(ObjectName.shardName(shard))).entries()
        } catch {
            // Others may not enter the privileged shard.
            guard error.number == .accessDenied || error.number == .noSuchFile else { throw error }
            return []
        }
    }
}
