package import PackageModel

/// What files provide and need: of one file, or of all files of a package.
package struct FoundCapabilities: Hashable, Sendable {
    /// What others may depend on.
    package var provides: Set<Capability> = []
    /// What has to be there, from this package or another.
    package var needs: Set<Capability> = []
    /// Libraries where the loader does not look by itself: whoever needs them knows the way, others are not offered
    /// them.
    package var privateLibraries: Set<Capability> = []

    package init() {}

    package mutating func formUnion(_ other: FoundCapabilities) {
        provides.formUnion(other.provides)
        needs.formUnion(other.needs)
        privateLibraries.formUnion(other.privateLibraries)
    }

    /// What is needed and not among what is provided, in the order of sets in stones.
    package var dependencies: [Capability] { needs.subtracting(provides).sorted() }
}
