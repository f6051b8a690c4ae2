package import PackageModel

/// A state held in memory; building it takes time linear in the state.
package struct InstalledTable: InstalledPackages, Sendable {
    private var packages: [PackageID: PackageSummary] = [:]
    private var explicit: [PackageID: Bool] = [:]
    private var providersByCapability: [Capability: [PackageID]] = [:]
    private var dependantsByCapability: [Capability: [PackageID]] = [:]
    private var opponentsByCapability: [Capability: [PackageID]] = [:]

    package init() {}

    package init(_ entries: some Sequence<(package: PackageSummary, isExplicit: Bool)>) {
        for entry in entries { insert(entry.package, isExplicit: entry.isExplicit) }
    }

    /// Adds a package; a package that is there already only gets the flag.
    package mutating func insert(_ package: PackageSummary, isExplicit: Bool) {
        explicit[package.id] = isExplicit
        guard packages.updateValue(package, forKey: package.id) == nil else { return }
        for capability in package.providers { providersByCapability[capability, default: []].append(package.id) }
        for capability in package.dependencies { dependantsByCapability[capability, default: []].append(package.id) }
        for capability in package.conflicts { opponentsByCapability[capability, default: []].append(package.id) }
    }

    package func package(_ id: PackageID) -> PackageSummary? { packages[id] }

    package func selection(_ id: PackageID) -> Selection? {
        explicit[id].map { Selection(package: id, isExplicit: $0) }
    }

    package func selections() -> [Selection] {
        explicit.map { Selection(package: $0.key, isExplicit: $0.value) }.sorted { $0.package < $1.package }
    }

    package func providers(of capability: Capability) -> [PackageID] { providersByCapability[capability] ?? [] }
    package func dependants(on capability: Capability) -> [PackageID] { dependantsByCapability[capability] ?? [] }
    package func opponents(of capability: Capability) -> [PackageID] { opponentsByCapability[capability] ?? [] }
}
