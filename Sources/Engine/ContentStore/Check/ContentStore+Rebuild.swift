internal import BytePath
internal import Digests
package import FileTree
package import LMDB
package import PackageModel
internal import StoneFormat

/// Making the store's records anew.
extension ContentStore {
    /// The buckets that can be made again from manifests and objects.
    package static let bucketNames: Set<String> = [
        "objects", "packages", "layouts", "manifests", "trees", "capabilities", "directory-claims",
        "pending-objects", "pending-manifests",
    ]

    /// A package as its records of another database describe it, for one without a readable manifest.
    package func packageRecord(
        _ id: PackageID, metadata stored: [UInt8], layout: [UInt8]
    ) throws(StoreError) -> PackageRecord {
        let name = Self.manifestName(id)
        let layout = PackageLayout(stored: layout)
        do throws(StoneError) {
            guard stored.count >= 4 else { throw StoneError(.truncated, "the record is too short") }
            let metadata = try stored.span.bytes.withUnsafeBytes { (bytes) throws(StoneError) in
                let count = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
                return try PackageMetadata(
                    records: MetaRecord.decode(UnsafeRawBufferPointer(rebasing: bytes[4...]), count: count, at: 0))
            }
            return PackageRecord(
                id: id, metadata: metadata, layout: layout, objects: try wantedObjects(layout),
                manifest: try Self.encodeManifest(metadata, layout))
        } catch {
            throw .stone(name, error)
        }
    }

    private func wantedObjects(_ layout: PackageLayout) throws(StoneError) -> [ObjectID: ObjectRecord] {
        var objects: [ObjectID: ObjectRecord] = [:]
        do throws(TreeError) {
            for (_, entry) in try layout.entries() {
                guard case .regular(let digest, let size) = entry.content, size > 0 else { continue }
                let variant = effective(entry.metadata)
                var object = objects[digest] ?? ObjectRecord(size: size, variants: [])
                if !object.variants.contains(variant) { object.variants.append(variant) }
                objects[digest] = object
            }
        } catch {
            throw StoneError(.malformedRecord, "\(error)")
        }
        return objects
    }

    /// Stores the directories that `root` leads to in `tree`, but for those that `known` names, and names them there.
    package func save(
        _ tree: ComposedTree, root: TreeID, known: inout Set<TreeID>, in transaction: inout WriteTransaction
    ) throws(StoreError) {
        let ranges = Dictionary(tree.directories.map { ($0.id, $0.range) }, uniquingKeysWith: { first, _ in first })
        do {
            try tree.bytes.withUnsafeBytes { bytes in
                var pending = [root]
                while let id = pending.popLast() {
                    guard let range = ranges[id], known.insert(id).inserted else { continue }
                    let encoding = UnsafeRawBufferPointer(rebasing: bytes[range])
                    try transaction.put(bytes: encoding, in: StoreBuckets.trees, for: id)
                    var cursor = try Directory(encoding, id: id).cursor
                    while let record = try cursor.next() {
                        if record.isDirectory { pending.append(record.tree) }
                    }
                }
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Stores a directory whose bytes come from another database, if they are that directory.
    package func save(_ bytes: [UInt8], as id: TreeID, in transaction: inout WriteTransaction) throws(StoreError) {
        guard TreeID(hashing: bytes) == id else { throw .tree(.damaged(id)) }
        do throws(DatabaseError) {
            try transaction.put(bytes, in: StoreBuckets.trees, for: id)
        } catch {
            throw .database(error)
        }
    }
}
