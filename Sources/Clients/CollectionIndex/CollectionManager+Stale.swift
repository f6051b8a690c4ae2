package import CollectionSettings
package import Downloads
internal import Storage

/// What the database keeps of collections.
extension CollectionManager {
    /// Collections that have contents here but are not configured any more; none while that cannot be told.
    package func staleContents() throws(RepositoryError) -> [CollectionID] {
        let (configurations, isWhole) = try files.survey()
        guard isWhole else { return [] }
        let configured = Set(configurations.map(\.id))
        let stored = try storing { () throws(DatabaseError) in
            try store.database.view { (transaction) throws(DatabaseError) -> [CollectionID] in
                var ids: [CollectionID] = []
                var cursor = try transaction.cursor(in: CollectionBuckets.collections)
                while let id = try cursor.nextKey() { ids.append(id) }
                return ids
            }
        }
        return stored.filter { !configured.contains($0) }
    }

    /// Removes the contents of a collection that is not configured any more.
    package func forgetContents(of id: CollectionID) throws(RepositoryError) {
        try store.forget(id)
        try forgetFiles(of: id)
    }

    func forgetFiles(of id: CollectionID) throws(RepositoryError) {
        try CollectionCache(root: files.root, id).remove()
    }
}
