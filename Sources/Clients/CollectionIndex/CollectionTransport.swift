package import BytePath
package import CollectionSettings
package import Downloads
package import PackageModel

/// A way to get at collections: their indices and their stones.
package protocol CollectionTransport: Sendable {
    /// Whether this transport serves locations with `scheme`, in lower case; nil stands for a plain path.
    func serves(scheme: String?) -> Bool

    /// Reads a collection's packages, checked by ``IndexRules``.
    ///
    /// - Parameter previous: what is stored of the last refresh from the same uri.
    func fetch(
        _ configuration: CollectionConfiguration, previous: PreviousFetch?
    ) throws(RepositoryError) -> FetchedIndex

    /// Where the stone of a package is that a collection offers.
    func location(
        of package: PackageMetadata, in collection: CollectionManager.Listed
    ) throws(RepositoryError) -> StoneLocation
}

/// What a transport may look at to save work.
package struct PreviousFetch: Sendable {
    package var record: CollectionRecord
    /// The stones that the last scan found, by path; empty unless a directory was scanned.
    package var stones: [BytePath: StoneDirectory.Stone]

    package init(record: CollectionRecord, stones: [BytePath: StoneDirectory.Stone]) {
        self.record = record
        self.stones = stones
    }
}

/// What a transport brings.
package enum FetchedIndex: Sendable {
    /// The packages are those of the last refresh; the stamp may be new, and so may be what a server knows it by.
    case unchanged(IndexStamp, validator: String = "", keeping: CachedFiles = CachedFiles())
    /// The packages, what their URIs are relative to, and the stones of a scan.
    case packages(
        [PackageMetadata], base: BytePath, stamp: IndexStamp, validator: String = "", stones: [StoneDirectory.Stone],
        keeping: CachedFiles = CachedFiles())

    /// What is to be kept in the root once this counts.
    var keeping: CachedFiles {
        switch self {
        case .unchanged(_, _, let files), .packages(_, _, _, _, _, let files): files
        }
    }
}

/// Where a stone can be read.
package enum StoneLocation: Hashable, Sendable {
    /// A file of this machine, used in place.
    case file(BytePath)
    /// Elsewhere.
    case remote(DownloadItem)
}
