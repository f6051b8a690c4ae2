package import PackageModel

/// What resolving needs to know of a package: identity, order among its versions, and capabilities.
package struct PackageSummary: Hashable, Sendable {
    package let id: PackageID
    @Verbatim package private(set) var name: String
    @Verbatim package private(set) var version: String
    package let release: UInt64
    package let buildRelease: UInt64
    /// The recipe it was built from, with others.
    @Verbatim package private(set) var source: String
    /// Sorted and without duplicates, so that results never depend on the order in a stone.
    package let dependencies: [Capability]
    /// The package's own name and the declared providers, sorted and without duplicates.
    package let providers: [Capability]
    /// Sorted and without duplicates.
    package let conflicts: [Capability]

    package init(id: PackageID, metadata: PackageMetadata) {
        self.id = id
        name = metadata.name
        version = metadata.version
        release = metadata.release
        buildRelease = metadata.buildRelease
        source = metadata.sourceID
        dependencies = Self.ordered(metadata.dependencies)
        providers = Self.ordered(metadata.allProviders)
        conflicts = Self.ordered(metadata.conflicts)
    }

    /// `VERSION-RELEASE`, as lists show it.
    package var versionText: String { "\(version)-\(release)" }

    /// `NAME VERSION-RELEASE`, as messages show it.
    package var label: String { "\(name) \(versionText)" }

    /// Whether `text` is its `VERSION` or `VERSION-RELEASE`.
    func isVersion(_ text: String) -> Bool {
        text.isVerbatim(version) || text.isVerbatim(versionText)
    }

    /// Whether the package provides `capability`; binary search.
    package func provides(_ capability: Capability) -> Bool {
        var low = 0
        var high = providers.count
        while low < high {
            let middle = (low + high) / 2
            if providers[middle] < capability { low = middle + 1 } else { high = middle }
        }
        return low < providers.count && providers[low] == capability
    }

    private static func ordered(_ capabilities: [Capability]) -> [Capability] {
        guard capabilities.count > 1 else { return capabilities }
        var result: [Capability] = []
        result.reserveCapacity(capabilities.count)
        for capability in capabilities.sorted() where result.last != capability { result.append(capability) }
        return result
    }
}
