package import PackageModel

/// The packages that active collections offer, answered by look-up. The order of the answers does not matter.
package protocol AvailablePackages {
    /// Metadata of an offered package; nil for every other id.
    func package(_ id: PackageID) throws(LookupFailure) -> PackageSummary?
    /// Packages that provide `capability`; a package provides its own name. One id may be offered more than once.
    func offers(of capability: Capability) throws(LookupFailure) -> [Offer]
    /// Every provided target of one kind. Called only to find near misses for an error message.
    func targets(of kind: CapabilityKind) throws(LookupFailure) -> [String]
}

/// One package in one collection.
package struct Offer: Hashable, Sendable {
    package var package: PackageID
    /// The collection's priority; higher is preferred.
    package var priority: UInt64
    /// The collection's id.
    @Verbatim package var collection: String

    package init(package: PackageID, priority: UInt64, collection: String = "") {
        self.package = package
        self.priority = priority
        self.collection = collection
    }
}
