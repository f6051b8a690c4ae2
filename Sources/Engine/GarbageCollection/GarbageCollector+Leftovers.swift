internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
package import ObjectStore
internal import PackageCatalog
package import PackageModel
internal import Storage

/// Finding files that no record names, by looking at all there are.
extension GarbageCollector {
    /// Adds to `garbage` what stopped commands may have left: objects and manifests that are not recorded, and files
    /// that were being written. The root's lock must be held: what arrives now is not recorded either.
    ///
    /// - Parameter generated: objects that need no record.
    package func findLeftovers(_ garbage: inout Garbage, generated: Set<ObjectID>) throws(StoreError) {
        let files = try inParallel(Array(0..<ObjectName.shardCount)) { (shard) throws(StoreError) in
            try self.files(in: shard)
        }
        let pinned = try leases.pins().union(garbage.pins)
        let names = try StoreError.catching(below: RootLayout.packages) { () throws(SystemError) in
            try catalog.directory.entries().map(\.name)
        }
        try objects.reading { (transaction) throws(StoreError) in
            for file in files.joined() {
                guard let (digest, variant) = file.object else {
                    if file.isTemporary { garbage.temporaries.append(file.path) }
                    continue
                }
                if try isKnown(digest, variant, generated, garbage, transaction) { continue }
                if pinned.objects.contains(digest) { continue }
                let size = try StoreError.catching { () throws(SystemError) in
                    try objects.directory.status(of: file.path).size
                }
                garbage.copies[digest, default: ObjectRecord(size: size, variants: [])].add(variant)
            }
            for name in names {
                guard let id = Self.package(ofManifest: name) else {
                    garbage.temporaries.append(RootLayout.packages.appending(name))
                    continue
                }
                if garbage.pendingManifests.contains(id) { continue }
                if try !catalog.contains(id, in: transaction) { garbage.strayManifests.append(id) }
            }
        }
    }

    private func isKnown(
        _ digest: ObjectID, _ variant: EntryMetadata, _ generated: Set<ObjectID>, _ garbage: Garbage,
        _ transaction: borrowing ReadTransaction
    ) throws(StoreError) -> Bool {
        if generated.contains(digest) && variant == objects.effective(.plainFile) { return true }
        if garbage.pendingObjects[digest]?.variants.contains(variant) == true { return true }
        let record = try StoreError.catching { () throws(DatabaseError) in
            try transaction.value(in: ObjectBuckets.objects, for: digest)
        }
        return record?.variants.contains(variant) == true
    }

    private static func package(ofManifest name: BytePath) -> PackageID? {
        let text = name.display
        return text.hasSuffix(".stone") ? PackageID(hexadecimal: text.dropLast(6)) : nil
    }

    private struct File: Sendable {
        /// Below `.moss`.
        let path: BytePath
        let object: (ObjectID, EntryMetadata)?
        let isTemporary: Bool
    }

    /// The files of a shard.
    private func files(in shard: Int) throws(StoreError) -> [File] {
        do throws(SystemError) {
            let name = BytePath(ObjectName.shardName(shard))
            guard let directory = try objects.openShard(shard) else { return [] }
            var files: [File] = []
            for entry in try directory.entries() {
                let object = ObjectName.parse(entry.name.bytes)
                let isTemporary = entry.name.bytes.starts(with: ObjectStore.temporaryPrefix.utf8)
                files.append(
                    File(
                        path: BytePath("objects").appending(name).appending(entry.name), object: object,
                        isTemporary: isTemporary))
            }
            return files
        } catch {
            // To whoever only looks, and may not remove anything either.
            if error.number == .accessDenied, objects.isReadOnly { return [] }
            throw .system(error.on(BytePath("objects").appending(ObjectName.shardName(shard))))
        }
    }

    /// Removes what a stopped command was writing.
    package func removeTemporaries(of garbage: Garbage) throws(StoreError) {
        do throws(SystemError) {
            for path in garbage.temporaries { try objects.directory.unlink(path) }
        } catch {
            throw .system(error)
        }
    }

    /// Removes temporary files of objects and manifests that a stopped command was writing. The root's lock must be
    /// held: nobody ingests meanwhile.
    package func removeTemporaryFiles() throws(StoreError) {
        for shard in 0..<ObjectName.shardCount {
            guard let directory = try StoreError.catching({ () throws(SystemError) in try objects.openShard(shard) })
            else {
                continue
            }
            try StoreError.catching(below: BytePath("objects").appending(ObjectName.shardName(shard))) {
                () throws(SystemError) in
                for entry in try directory.entries()
                where entry.name.bytes.starts(with: ObjectStore.temporaryPrefix.utf8) {
                    try directory.unlink(entry.name)
                }
            }
        }
        try StoreError.catching(below: RootLayout.packages) { () throws(SystemError) in
            try catalog.directory.removeTemporaryFiles()
        }
    }
}
