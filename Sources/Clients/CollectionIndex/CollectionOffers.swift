internal import CollectionSettings
internal import Digests
internal import Downloads
package import PackageModel
package import Solver
internal import Storage

/// The packages of the active collections, answered to the solver by look-ups in the database.
package struct CollectionOffers: AvailablePackages, Sendable {
    let registry: CollectionRegistry

    package func package(_ id: PackageID) throws(LookupFailure) -> PackageSummary? {
        let found = try answering("package \(id)") { () throws(RepositoryError) in try registry.package(id) }
        return found.map { PackageSummary(id: $0.id, metadata: $0.metadata) }
    }

    package func offers(of capability: Capability) throws(LookupFailure) -> [Offer] {
        try answering("providers of \(capability)") { () throws(RepositoryError) in
            try registry.viewing { (transaction) throws(DatabaseError) -> [Offer] in
                var offers: [Offer] = []
                for listed in registry.collections {
                    for id in try CollectionRegistry.providers(of: capability, in: listed.configuration.id, transaction)
                    {
                        offers.append(
                            Offer(
                                package: id, priority: listed.configuration.priority,
                                collection: listed.configuration.id.text))
                    }
                }
                return offers
            }
        }
    }

    package func targets(of kind: CapabilityKind) throws(LookupFailure) -> [String] {
        try answering("capabilities of kind \(kind.word)") { () throws(RepositoryError) in
            try registry.viewing { (transaction) throws(DatabaseError) -> [String] in
                var targets: Set<Verbatim<String>> = []
                for listed in registry.collections {
                    let id = listed.configuration.id
                    let start = KeyPair(id, KeyPair(ProviderKey(startOf: kind), PackageID.smallest))
                    var cursor = try transaction.cursor(
                        in: CollectionBuckets.providers, .prefix(id).from(start))
                    while let key = try cursor.nextKey(), key.second.first.isOf(kind) {
                        if let target = key.second.first.target { targets.insert(Verbatim(target)) }
                    }
                }
                return targets.sorted().map(\.wrappedValue)
            }
        }
    }

    private func answering<R>(
        _ subject: String, _ body: () throws(RepositoryError) -> R
    ) throws(LookupFailure) -> R {
        do throws(RepositoryError) {
            return try body()
        } catch {
            throw LookupFailure(subject: subject, cause: error)
        }
    }
}

extension PackageID {
    /// 32 zero bytes.
    static var smallest: PackageID {
        let zeros = [UInt8](repeating: 0, count: byteCount)
        return zeros.withUnsafeBytes { PackageID(bytes: $0) }
    }
}
