internal import PackageModel
internal import Solver

extension CollectionRegistry.Package {
    /// Where it stands among the packages that provide `target`.
    func preference(for target: String) -> OfferPreference {
        OfferPreference(
            priority: priority, target: target, name: metadata.name, release: metadata.release,
            buildRelease: metadata.buildRelease, id: id)
    }
}

extension CollectionRegistry.Summary {
    /// Where it stands among the packages of its name.
    var preference: OfferPreference {
        OfferPreference(
            priority: priority, target: name, name: name, release: release, buildRelease: buildRelease, id: id)
    }
}
