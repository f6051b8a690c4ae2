package import PackageModel

/// Where a package stands among those that would do; what is smaller is preferred.
///
/// The one order in which everything that has to choose a package chooses: by priority of its collection, falling; the
/// package of the very name that was asked for; release and build release, falling; then name and id, so that no two
/// are equal.
package struct OfferPreference: Comparable, Sendable {
    package let priority: UInt64
    package let isNamesake: Bool
    package let release: UInt64
    package let buildRelease: UInt64
    package let name: String
    package let id: PackageID

    /// - Parameters:
    ///   - priority: of the collection; packages that are in none have all the same.
    ///   - target: what was asked for, without its kind.
    package init(
        priority: UInt64, target: String, name: String, release: UInt64, buildRelease: UInt64, id: PackageID
    ) {
        self.priority = priority
        isNamesake = name.utf8.elementsEqual(target.utf8)
        self.release = release
        self.buildRelease = buildRelease
        self.name = name
        self.id = id
    }

    package static func < (left: OfferPreference, right: OfferPreference) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        if left.isNamesake != right.isNamesake { return left.isNamesake }
        if left.release != right.release { return left.release > right.release }
        if left.buildRelease != right.buildRelease { return left.buildRelease > right.buildRelease }
        if !left.name.utf8.elementsEqual(right.name.utf8) {
            return left.name.utf8.lexicographicallyPrecedes(right.name.utf8)
        }
        return left.id < right.id
    }

    package static func == (left: OfferPreference, right: OfferPreference) -> Bool {
        left.id == right.id && left.priority == right.priority && left.isNamesake == right.isNamesake
    }
}

extension PackageSummary {
    func preference(priority: UInt64 = 0, for target: String) -> OfferPreference {
        OfferPreference(
            priority: priority, target: target, name: name, release: release, buildRelease: buildRelease, id: id)
    }
}
