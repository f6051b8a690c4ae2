internal import ObjectStore
package import PackageCatalog
internal import PackageModel
package import Storage

/// What nothing needs any more: found from states, packages and leases, shown, and removed in steps that may stop anywhere.
///
/// The root's lock must be held by whoever removes anything.
package struct GarbageCollector: Sendable {
    let objects: ObjectStore
    let catalog: PackageCatalog
    let leases: Leases
    let database: Database

    package init(_ catalog: PackageCatalog, _ leases: Leases, _ database: Database) {
        objects = catalog.objects
        self.catalog = catalog
        self.leases = leases
        self.database = database
    }
}

enum GarbageBuckets {
    /// Packages whose manifests collecting removes.
    static let pendingManifests = Bucket<PackageID, Empty>(BucketName.pendingManifests)
}
