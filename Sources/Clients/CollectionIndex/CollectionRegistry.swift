internal import BytePath
package import CollectionSettings
package import Downloads
package import PackageModel
internal import Solver
internal import Storage

/// The packages of all active collections, by look-up; the preferred collection first.
///
/// Each query is one read transaction of its own. Collections that were never refreshed from their configured uri hold
/// nothing; `unrefreshed` names them.
package struct CollectionRegistry: Sendable {
    /// The collections asked, the preferred one first.
    package let collections: [CollectionManager.Listed]
    /// Active collections without contents: a refresh helps.
    package let unrefreshed: [CollectionID]
    private let store: CollectionStore
    let transports: [any CollectionTransport]
    let downloads: Downloader

    init(
        _ active: [CollectionManager.Listed], store: CollectionStore, transports: [any CollectionTransport],
        downloads: Downloader
    ) {
        collections = active.filter { $0.record != nil }
        unrefreshed = active.filter { $0.record == nil }.map(\.configuration.id)
        self.store = store
        self.transports = transports
        self.downloads = downloads
    }

    /// A package and the collection that offers it.
    package struct Package: Hashable, Sendable {
        package var id: PackageID
        package var metadata: PackageMetadata
        package var collection: CollectionID
        package var priority: UInt64
    }

    /// A package as lists show it.
    package struct Summary: Hashable, Sendable {
        package var id: PackageID
        package var name: String
        package var version: String
        package var release: UInt64
        package var buildRelease: UInt64
        package var summary: String
        package var collection: CollectionID
        package var priority: UInt64
    }

    // MARK: Queries

    /// The package with this id, from the preferred collection that has it.
    package func package(_ id: PackageID) throws(RepositoryError) -> Package? {
        try viewing { (transaction) throws(DatabaseError) -> Package? in
            for listed in collections {
                if let package = try Self.package(id, of: listed, in: transaction) { return package }
            }
            return nil
        }
    }

    /// Everything that provides `capability`, by ``Solver/OfferPreference``: an install takes the first.
    package func packages(providing capability: Capability) throws(RepositoryError) -> [Package] {
        try viewing { (transaction) throws(DatabaseError) -> [Package] in
            var packages: [Package] = []
            for listed in collections {
                for id in try Self.providers(of: capability, in: listed.configuration.id, transaction) {
                    packages.append(try named(id, of: listed, in: transaction))
                }
            }
            return packages.sorted {
                ($0.preference(for: capability.target), $0.collection)
                    < ($1.preference(for: capability.target), $1.collection)
            }
        }
    }

    /// The packages of that very name, the preferred one first.
    package func packages(named name: String) throws(RepositoryError) -> [Package] {
        try viewing { (transaction) throws(DatabaseError) -> [Package] in
            var packages: [Package] = []
            for listed in collections {
                let key = KeyPair(listed.configuration.id, Array(name.utf8))
                guard name.utf8.count <= CollectionBuckets.nameByteCountMax,
                    let stored = try transaction.value(in: CollectionBuckets.names, for: key)
                else { continue }
                packages.append(try named(stored.package, of: listed, in: transaction))
            }
            return packages.sorted {
                ($0.preference(for: name), $0.collection) < ($1.preference(for: name), $1.collection)
            }
        }
    }

    /// Every package of every collection, by name, the preferred one first.
    package func all() throws(RepositoryError) -> [Summary] {
        let summaries = try viewing { (transaction) throws(DatabaseError) -> [Summary] in
            var summaries: [Summary] = []
            for listed in collections {
                var cursor = try transaction.cursor(in: CollectionBuckets.names, .prefix(listed.configuration.id))
                while let (key, stored) = try cursor.next() {
                    summaries.append(Summary(String(decoding: key.second, as: UTF8.self), stored, in: listed))
                }
            }
            return summaries
        }
        return summaries.sorted(by: Self.precedes)
    }

    /// The same packages as the solver asks for them.
    package var offers: CollectionOffers { CollectionOffers(registry: self) }

    // MARK: Reading rows

    func viewing<R>(
        _ body: (borrowing ReadTransaction) throws(DatabaseError) -> R
    ) throws(RepositoryError) -> R {
        try storing { () throws(DatabaseError) in try store.database.view(body) }
    }

    /// A package that another record names: they are written together, so one that is gone was not lost by us.
    private func named(
        _ id: PackageID, of listed: CollectionManager.Listed, in transaction: borrowing ReadTransaction
    ) throws(DatabaseError) -> Package {
        if let package = try Self.package(id, of: listed, in: transaction) { return package }
        throw DatabaseError(
            .damaged, directory: store.database.directory,
            detail: "a package of the collection \(listed.configuration.id) is named and not there")
    }

    private static func package(
        _ id: PackageID, of listed: CollectionManager.Listed, in transaction: borrowing ReadTransaction
    ) throws(DatabaseError) -> Package? {
        let collection = listed.configuration.id
        let key = KeyPair(collection, id)
        guard let stored = try transaction.value(in: CollectionBuckets.packages, for: key) else { return nil }
        return Package(
            id: id, metadata: stored.metadata, collection: collection, priority: listed.configuration.priority)
    }

    static func providers(
        of capability: Capability, in collection: CollectionID, _ transaction: borrowing ReadTransaction
    ) throws(DatabaseError) -> [PackageID] {
        var ids: [PackageID] = []
        var cursor = try transaction.cursor(
            in: CollectionBuckets.providers, .prefix(collection, ProviderKey(capability)))
        while let key = try cursor.nextKey() { ids.append(key.second.second) }
        return ids
    }

    /// By name, the preferred one first.
    static func precedes(_ left: Summary, _ right: Summary) -> Bool {
        if !left.name.isVerbatim(right.name) { return left.name.utf8.lexicographicallyPrecedes(right.name.utf8) }
        return (left.preference, left.collection) < (right.preference, right.collection)
    }
}

extension CollectionRegistry.Summary {
    init(_ name: String, _ stored: StoredName, in listed: CollectionManager.Listed) {
        self.init(
            id: stored.package, name: name, version: stored.version, release: stored.release,
            buildRelease: stored.buildRelease, summary: stored.summary, collection: listed.configuration.id,
            priority: listed.configuration.priority)
    }
}
