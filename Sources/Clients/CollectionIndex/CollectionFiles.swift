package import BytePath
package import CollectionSettings
package import Downloads
internal import FileIndex

/// The files of the packages that the active collections offer, as far as these have file indexes.
package struct CollectionFiles: Sendable {
    /// One path of one package.
    package struct File: Hashable, Sendable {
        /// Below `/usr`.
        package var path: BytePath
        package var package: String
        package var collection: CollectionID
    }

    /// Collections whose packages nobody can look into before they are fetched.
    package let unindexed: [CollectionID]
    private let indexes: [(collection: CollectionID, index: FileIndex)]

    init(_ collections: [CollectionManager.Listed], _ cache: FileIndexCache) throws(RepositoryError) {
        var (indexes, unindexed) = ([(collection: CollectionID, index: FileIndex)](), [CollectionID]())
        for listed in collections {
            if let index = try cache.index(of: listed) {
                indexes.append((listed.configuration.id, index))
            } else {
                unindexed.append(listed.configuration.id)
            }
        }
        self.indexes = indexes
        self.unindexed = unindexed
    }

    /// Whoever has exactly this path below `/usr`, the preferred collection first.
    package func files(at path: BytePath) throws(RepositoryError) -> [File] {
        var files: [File] = []
        for (collection, index) in indexes {
            files += try answering(collection) { () throws(FileIndexError) in
                try index.files(at: path).map { File(path: $0.path, package: $0.package, collection: collection) }
            }
        }
        return files
    }

    /// Paths that contain `pattern` or, where it has signs such as `*`, are as it says, by path; and whether these are
    /// all of them. Each collection tells no more than `limit`.
    package func files(
        matching pattern: BytePath, limit: Int
    ) throws(RepositoryError) -> (files: [File], isComplete: Bool) {
        let pattern = FilePattern(pattern)
        var files: [File] = []
        var isComplete = true
        for (collection, index) in indexes {
            let found = try answering(collection) { () throws(FileIndexError) in
                try index.files(matching: pattern, limit: limit)
            }
            files += found.files.map { File(path: $0.path, package: $0.package, collection: collection) }
            if !found.isComplete { isComplete = false }
        }
        return (files.sorted { ($0.path, $0.collection) < ($1.path, $1.collection) }, isComplete)
    }

    private func answering<R>(
        _ collection: CollectionID, _ body: () throws(FileIndexError) -> R
    ) throws(RepositoryError) -> R {
        do throws(FileIndexError) {
            return try body()
        } catch {
            throw RepositoryError(.invalidIndex, "the file index of \(collection)", "\(error); update the collection")
        }
    }
}

extension CollectionManager {
    /// The files of what the active collections offer.
    package func offeredFiles() throws(RepositoryError) -> CollectionFiles {
        try CollectionFiles(registry().collections, FileIndexCache(root: files.root))
    }
}
