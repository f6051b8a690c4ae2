internal import CollectionSettings
package import Downloads
package import PackageModel
internal import Storage

extension CollectionRegistry {
    /// A package that was searched for.
    package struct Hit: Hashable, Sendable {
        package var package: Summary
        /// See ``PackageSearch``; the smaller the better.
        package var rank: PackageSearch.Rank
    }

    /// Packages that fit all of the words, the best ones first: those called so before those whose names begin so or
    /// hold the word, those that provide what begins so, and those whose summaries speak of it.
    package func search(_ words: [String]) throws(RepositoryError) -> [Hit] {
        let search = PackageSearch(words)
        let hits = try viewing { (transaction) throws(DatabaseError) -> [Hit] in
            var hits: [Hit] = []
            for listed in collections {
                let id = listed.configuration.id
                let providers = try words.map { (word) throws(DatabaseError) in
                    try Self.providers(ofTargetsBeginningWith: Array(word.utf8), in: id, transaction)
                }
                var cursor = try transaction.cursor(in: CollectionBuckets.names, .prefix(id))
                while let (key, stored) = try cursor.next() {
                    let rank = search.rank(name: key.second, summary: stored.summary.utf8) { number in
                        providers[number].contains(stored.package)
                    }
                    guard let rank else { continue }
                    let name = String(decoding: key.second, as: UTF8.self)
                    hits.append(Hit(package: Summary(name, stored, in: listed), rank: rank))
                }
            }
            return hits
        }
        return hits.sorted {
            $0.rank != $1.rank ? $0.rank < $1.rank : Self.precedes($0.package, $1.package)
        }
    }

    /// Case counts here: what is provided is looked up by its bytes.
    private static func providers(
        ofTargetsBeginningWith text: [UInt8], in collection: CollectionID, _ transaction: borrowing ReadTransaction
    ) throws(DatabaseError) -> Set<PackageID> {
        var ids: Set<PackageID> = []
        guard !text.isEmpty, text.count <= ProviderKey.textByteCountMax, !text.contains(0) else { return ids }
        for kind in CapabilityKind.allCases {
            let start = ProviderKey(startOf: kind, beginningWith: text)
            var cursor = try transaction.cursor(
                in: CollectionBuckets.providers,
                .prefix(collection).from(KeyPair(collection, KeyPair(start, .smallest))))
            while let key = try cursor.nextKey(), key.second.first.isOf(kind), key.second.first.begins(with: text) {
                ids.insert(key.second.second)
            }
        }
        return ids
    }
}
