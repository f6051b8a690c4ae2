internal import BytePath
package import Digests
package import FileTree
internal import LMDB
internal import LinuxSystem
package import PackageModel

/// What collecting removed.
package struct Collected: Hashable, Sendable {
    package var packages = 0
    package var objects = 0
    package var bytes: UInt64 = 0
}

extension ContentStore {
    /// Removes every package that is not in `kept`, the objects that only such packages have unless they are
    /// `protected`, and the trees that none of `roots` leads to.
    ///
    /// Records go first, in one transaction, then files: a stop in between leaves files without records, never records
    /// without files. Nobody may ingest meanwhile; the root's lock sees to that.
    package func collect(
        keeping kept: Set<PackageID>, objects protected: Set<Digest128>, trees roots: [TreeID], progress: (Int) -> Void
    ) throws(StoreError) -> Collected {
        let dead = try deadPackages(keeping: kept)
        let doomed = try doomedObjects(of: dead, keeping: kept).filter { !protected.contains($0.key) }
        let deadTrees = try unreachableTrees(from: roots)
        do throws(DatabaseError) {
            try environment.update { (transaction) throws(DatabaseError) in
                for package in dead { try Self.removeRecords(of: package, &transaction) }
                for digest in doomed.keys { try transaction.remove(digest, in: StoreBuckets.objects) }
                for tree in deadTrees { try transaction.remove(tree, in: StoreBuckets.trees) }
            }
        } catch {
            throw .database(error)
        }
        for package in dead { removeManifest(of: package.id) }
        var collected = Collected(packages: dead.count, objects: doomed.count)
        for (digest, record) in doomed {
            try unlinkVariants(of: digest, record)
            collected.bytes += record.size
            progress(1)
        }
        return collected
    }

    private struct DeadPackage {
        let id: PackageID
        let digests: [Digest128]
        /// Keys of its rows in the claims bucket.
        let claimKeys: [Digest128]
        /// Keys of its rows in the capabilities bucket.
        let capabilityKeys: [Digest128]
    }

    private func deadPackages(keeping kept: Set<PackageID>) throws(StoreError) -> [DeadPackage] {
        try readingLayouts { (transaction) throws(StoreError) in
            var dead: [DeadPackage] = []
            for id in try packages(in: transaction) where !kept.contains(id) {
                var digests: [Digest128] = []
                var claims: [Digest128] = []
                let layout = PackageLayout(stored: Array(try layoutBytes(of: id, in: transaction)))
                do throws(TreeError) {
                    for (path, entry) in try layout.entries() {
                        if case .regular(let digest, let size) = entry.content, size > 0 { digests.append(digest) }
                        if entry.kind == .directory {
                            claims.append(Digest128(hashing: path.appending(entry.name).bytes))
                        }
                    }
                } catch {
                    throw .tree(error)
                }
                dead.append(
                    DeadPackage(
                        id: id, digests: digests, claimKeys: claims,
                        capabilityKeys: try metadata(of: id, in: transaction).capabilityKeys))
            }
            return dead
        }
    }

    /// The objects that only dead packages have. Reads the layouts of all packages that stay.
    private func doomedObjects(
        of dead: [DeadPackage], keeping kept: Set<PackageID>
    ) throws(StoreError) -> [Digest128: ObjectRecord] {
        var candidates = Set(dead.flatMap(\.digests))
        if candidates.isEmpty { return [:] }
        return try readingLayouts { (transaction) throws(StoreError) in
            for id in kept {
                do throws(TreeError) {
                    var groups = try LayoutGroups(try layout(of: id, transaction))
                    while let group = try groups.next() {
                        var records = group.records
                        while let record = try records.next() {
                            if record.kind == .regular { candidates.remove(record.identifier) }
                        }
                    }
                } catch {
                    throw .tree(error)
                }
            }
            var doomed: [Digest128: ObjectRecord] = [:]
            for digest in candidates {
                do throws(DatabaseError) {
                    doomed[digest] = try transaction.value(in: StoreBuckets.objects, for: digest)
                } catch {
                    throw .database(error)
                }
            }
            return doomed
        }
    }

    private func layout(
        of id: PackageID, _ transaction: borrowing ReadTransaction
    ) throws(TreeError) -> UnsafeRawBufferPointer {
        do throws(StoreError) {
            return try layoutBytes(of: id, in: transaction)
        } catch {
            // A kept package whose layout cannot be read: nothing may be removed.
            throw .damagedLayout
        }
    }

    private func unreachableTrees(from roots: [TreeID]) throws(StoreError) -> [TreeID] {
        var reached: Set<TreeID> = []
        try readingTrees { lookup in
            var pending = roots
            while let tree = pending.popLast() {
                guard reached.insert(tree).inserted else { continue }
                var cursor = try Directory(lookup(tree), id: tree).cursor
                while let record = try cursor.next() {
                    if record.isDirectory { pending.append(record.identifier) }
                }
            }
        }
        reached.insert(Directory.empty.id)
        return try readingLayouts { (transaction) throws(StoreError) in
            do throws(DatabaseError) {
                var unreachable: [TreeID] = []
                var cursor = try transaction.cursor(in: StoreBuckets.trees)
                while let tree = try cursor.nextKey() {
                    if !reached.contains(tree) { unreachable.append(tree) }
                }
                return unreachable
            } catch {
                throw .database(error)
            }
        }
    }

    private static func removeRecords(
        of package: DeadPackage, _ transaction: inout WriteTransaction
    ) throws(DatabaseError) {
        try transaction.remove(package.id, in: StoreBuckets.packages)
        try transaction.remove(package.id, in: StoreBuckets.layouts)
        for key in package.claimKeys {
            try transaction.remove(KeyPair(key, package.id), in: StoreBuckets.directoryClaims)
        }
        for key in package.capabilityKeys {
            try transaction.remove(KeyPair(key, package.id), in: StoreBuckets.capabilities)
        }
    }

    /// Takes back what ``ingest`` wrote for packages that will not be recorded, to give a full disk its space back.
    package func discard(_ records: [PackageRecord]) {
        let wanted = records.flatMap { $0.objects.map { ($0.key, $0.value) } }
        guard let known = try? recorded(wanted.map(\.0)) else { return }
        for (digest, record) in wanted where known[digest] == nil { try? unlinkVariants(of: digest, record) }
    }

    private func unlinkVariants(of digest: Digest128, _ record: ObjectRecord) throws(StoreError) {
        for variant in record.variants {
            let name = ObjectName(digest, variant)
            let shard = try shard(name.shard)
            name.withCString { SystemCalls.unlink(shard, BytePath(cString: $0)) }
        }
    }

    private func readingLayouts<R>(
        _ body: (borrowing ReadTransaction) throws(StoreError) -> R
    ) throws(StoreError) -> R {
        do {
            return try environment.view { transaction throws in try body(transaction) }
        } catch let error as StoreError {
            throw error
        } catch let error as DatabaseError {
            throw .database(error)
        } catch {
            preconditionFailure("reading layouts throws none but these errors: \(error)")
        }
    }
}
