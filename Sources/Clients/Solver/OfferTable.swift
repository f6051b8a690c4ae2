package import PackageModel

/// Collections held in memory.
package struct OfferTable: AvailablePackages, Sendable {
    private var packages: [PackageID: PackageSummary] = [:]
    private var offersByCapability: [Capability: [Offer]] = [:]

    package init() {}

    /// Adds a package of a collection with `priority`.
    package mutating func insert(_ package: PackageSummary, priority: UInt64, collection: String = "") {
        packages[package.id] = package
        let offer = Offer(package: package.id, priority: priority, collection: collection)
        for capability in package.providers { offersByCapability[capability, default: []].append(offer) }
    }

    package func package(_ id: PackageID) -> PackageSummary? { packages[id] }
    package func offers(of capability: Capability) -> [Offer] { offersByCapability[capability] ?? [] }

    package func targets(of kind: CapabilityKind) -> [String] {
        offersByCapability.keys.compactMap { $0.kind == kind ? $0.target : nil }
    }
}
