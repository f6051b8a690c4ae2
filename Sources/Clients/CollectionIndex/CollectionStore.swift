internal import BytePath
internal import CollectionSettings
internal import Downloads
internal import PackageModel
internal import StoneFormat
internal import Storage

/// The collections' rows in the database.
struct CollectionStore: Sendable {
    let database: Database

    /// Everything one refresh writes, encoded before the transaction begins.
    struct Contents: Sendable {
        var record: CollectionRecord
        var packages: [(id: PackageID, metadata: StoredMetadata)] = []
        var stones: [(path: [UInt8], stone: StoredStone)] = []
    }

    func record(of id: CollectionID) throws(RepositoryError) -> CollectionRecord? {
        try storing { () throws(DatabaseError) in
            try database.view { (transaction) throws(DatabaseError) in
                try transaction.value(in: CollectionBuckets.collections, for: id)
            }
        }
    }

    /// The record and the stones of the last scan.
    func previousFetch(of id: CollectionID) throws(RepositoryError) -> PreviousFetch? {
        try storing { () throws(DatabaseError) in
            try database.view { (transaction) throws(DatabaseError) -> PreviousFetch? in
                guard let record = try transaction.value(in: CollectionBuckets.collections, for: id) else { return nil }
                var stones: [BytePath: StoneDirectory.Stone] = [:]
                var cursor = try transaction.cursor(in: CollectionBuckets.stones, .prefix(id))
                while let (key, value) = try cursor.next() {
                    let path = BytePath(bytes: key.second)
                    stones[path] = .init(
                        path: path, size: value.size, identity: value.identity, metadata: value.metadata.metadata)
                }
                return PreviousFetch(record: record, stones: stones)
            }
        }
    }

    func touch(_ id: CollectionID, _ record: CollectionRecord) throws(RepositoryError) {
        try storing { () throws(DatabaseError) in
            _ = try database.update { (transaction: inout WriteTransaction) throws(DatabaseError) in
                try transaction.put(record, in: CollectionBuckets.collections, for: id)
            }
        }
    }

    /// Replaces all of a collection's rows as one; readers see the old ones or the new ones.
    func replace(_ id: CollectionID, with contents: Contents) throws(RepositoryError) {
        try storing { () throws(DatabaseError) in
            try database.update { (transaction: inout WriteTransaction) throws(DatabaseError) -> Void in
                try Self.clear(id, in: &transaction)
                for (package, stored) in contents.packages {
                    let metadata = stored.metadata
                    try transaction.put(stored, in: CollectionBuckets.packages, for: KeyPair(id, package))
                    try transaction.put(
                        StoredName(metadata, package: package), in: CollectionBuckets.names,
                        for: KeyPair(id, Array(metadata.name.utf8)))
                    for provider in metadata.allProviders {
                        try transaction.put(
                            Empty(), in: CollectionBuckets.providers,
                            for: KeyPair(id, KeyPair(ProviderKey(provider), package)))
                    }
                }
                for (path, stone) in contents.stones {
                    try transaction.put(stone, in: CollectionBuckets.stones, for: KeyPair(id, path))
                }
                try transaction.put(contents.record, in: CollectionBuckets.collections, for: id)
            }
        }
    }

    /// Removes all of a collection's rows.
    func forget(_ id: CollectionID) throws(RepositoryError) {
        try storing { () throws(DatabaseError) in
            try database.update { (transaction: inout WriteTransaction) throws(DatabaseError) -> Void in
                try Self.clear(id, in: &transaction)
            }
        }
    }

    private static func clear(_ id: CollectionID, in transaction: inout WriteTransaction) throws(DatabaseError) {
        try transaction.remove(id, in: CollectionBuckets.collections)
        try transaction.removeAll(in: CollectionBuckets.packages, .prefix(id))
        try transaction.removeAll(in: CollectionBuckets.providers, .prefix(id))
        try transaction.removeAll(in: CollectionBuckets.names, .prefix(id))
        try transaction.removeAll(in: CollectionBuckets.stones, .prefix(id))
    }
}

extension CollectionStore.Contents {
    init(
        _ packages: [PackageMetadata], stones: [StoneDirectory.Stone], record: CollectionRecord
    ) throws(RepositoryError) {
        self.record = record
        do throws(StoneError) {
            for package in packages {
                guard let id = package.hash else { continue }
                self.packages.append((id, try StoredMetadata(package)))
            }
            for stone in stones where stone.path.count <= CollectionBuckets.pathByteCountMax {
                self.stones.append((stone.path.bytes, try StoredStone(stone)))
            }
        } catch {
            throw RepositoryError(.invalidIndex, record.source, "\(error)")
        }
    }
}
