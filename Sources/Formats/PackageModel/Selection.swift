/// A package in a state: asked for by a person (explicit), or there because another one needs it (transitive).
package struct Selection: Hashable, Sendable {
    package var package: PackageID
    package var isExplicit: Bool

    package init(package: PackageID, isExplicit: Bool) {
        self.package = package
        self.isExplicit = isExplicit
    }
}
