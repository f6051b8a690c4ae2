package import GarbageCollection
package import ObjectStore

/// Sees to it that views go on with the right bytes, where wrong ones were found and replaced.
package struct ViewRenewal: Sendable {
    private let objects: ObjectStore
    private let leases: Leases

    package init(_ objects: ObjectStore, _ leases: Leases) {
        self.objects = objects
        self.leases = leases
    }

    /// - Returns: those that could not be told; see ``ViewProcess/renew(_:)``.
    package func renewIfReplaced() -> [String] {
        objects.hasReplacedObjects ? ViewProcess.renew(leases) : []
    }
}
