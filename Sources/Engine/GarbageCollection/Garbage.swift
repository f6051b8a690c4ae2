package import BytePath
internal import Digests
internal import FileTree
package import ObjectStore
package import PackageModel

/// What nothing needs any more: found, and not removed yet. Showing it and removing it start from this one value.
package struct Garbage: Sendable {
    /// A recorded package that nothing needs.
    package struct Package: Hashable, Sendable {
        package let id: PackageID
        package let name: String
        package let versionText: String
        /// Keys of its rows in the claims bucket.
        let claimKeys: [Digest128]
        /// Keys of its rows in the capabilities bucket.
        let capabilityKeys: [Digest128]
    }

    package internal(set) var packages: [Package] = []
    /// Copies of objects that go, with the object's size: all its variants, or those that no other package asks for.
    package internal(set) var copies: [ObjectID: ObjectRecord] = [:]
    /// What the records of objects become; nil for those that go.
    var records: [ObjectID: ObjectRecord?] = [:]
    package internal(set) var trees: [TreeID] = []
    /// Copies and manifests that an earlier collection had committed itself to and could not remove, or was stopped.
    package internal(set) var pendingObjects: [ObjectID: ObjectRecord] = [:]
    package internal(set) var pendingManifests: [PackageID] = []
    /// Manifests of packages that are not recorded; only looked for where something may have been left.
    package internal(set) var strayManifests: [PackageID] = []
    /// Files that a stopped command was writing, below `.moss`; only looked for where something may have been left.
    package internal(set) var temporaries: [BytePath] = []
    /// Packages that stay only because a live view shows them.
    package internal(set) var pinnedPackages: [PackageID] = []
    /// What live views kept when this was found.
    var pins = Leases.Pins()

    package var isEmpty: Bool {
        !hasRecords && pendingObjects.isEmpty && pendingManifests.isEmpty && temporaries.isEmpty
    }

    package init() {}

    /// Adds a file, below `.moss`, that a stopped command was writing outside the store.
    package mutating func add(temporary path: BytePath) { temporaries.append(path) }

    /// Whether there are records to be removed, and not only files.
    package var hasRecords: Bool {
        !packages.isEmpty || !copies.isEmpty || !records.isEmpty || !trees.isEmpty || !strayManifests.isEmpty
    }

    /// All copies that go, those of earlier collections too.
    package var allCopies: [ObjectID: ObjectRecord] {
        pendingObjects.merging(copies) { one, other in
            var both = one
            both.variants += other.variants.filter { !one.variants.contains($0) }
            return both
        }
    }
}

extension ObjectRecord {
    /// Bytes of all variants.
    package var copiedBytes: UInt64 { size.multipliedSaturated(by: UInt64(variants.count)) }
}

/// What stays whatever the records of packages say.
package struct Needed: Sendable {
    /// Every package of a state.
    package var packages: Set<PackageID>
    /// Objects that states have besides those of their packages.
    package var objects: Set<ObjectID>
    /// Of the same kind, but perhaps needed by nothing any more; with their sizes.
    package var doubtful: [ObjectID: UInt64]
    /// Trees that states have or that stand on disk.
    package var trees: [TreeID]

    package init(
        packages: Set<PackageID>, objects: Set<ObjectID>, doubtful: [ObjectID: UInt64] = [:], trees: [TreeID]
    ) {
        self.packages = packages
        self.objects = objects
        self.doubtful = doubtful
        self.trees = trees
    }
}
