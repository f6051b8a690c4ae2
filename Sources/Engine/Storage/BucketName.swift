/// The buckets of a root's database.
package enum BucketName {
    package static let objects: StaticString = "objects"
    package static let pendingObjects: StaticString = "pending-objects"
    package static let trees: StaticString = "trees"
    package static let packages: StaticString = "packages"
    package static let layouts: StaticString = "layouts"
    package static let manifests: StaticString = "manifests"
    package static let pendingManifests: StaticString = "pending-manifests"
    package static let capabilities: StaticString = "capabilities"
    package static let directoryClaims: StaticString = "directory-claims"
    package static let states: StaticString = "states"
    package static let slots: StaticString = "tree-slots"
    package static let control: StaticString = "control"
    package static let collections: StaticString = "repositories.collections"
    package static let collectionPackages: StaticString = "repositories.packages"
    package static let collectionProviders: StaticString = "repositories.providers"
    package static let collectionNames: StaticString = "repositories.names"
    package static let collectionStones: StaticString = "repositories.stones"

    /// The database's format, see ``DatabaseFormat``.
    package static let format: StaticString = "format"

    /// Those that can be made again from the files beside the database.
    package static let rebuildable = texts([
        objects, pendingObjects, trees, packages, layouts, manifests, pendingManifests, capabilities, directoryClaims,
        states, slots, control, format,
    ])

    package static let all = rebuildable.union(
        texts([collections, collectionPackages, collectionProviders, collectionNames, collectionStones]))

    private static func texts(_ names: [StaticString]) -> Set<String> { Set(names.map(\.description)) }
}
