package import BytePath
internal import CollectionIndex
package import CollectionSettings
package import FileTree
package import PackageCatalog
package import PackageModel
package import Solver
package import States

/// What a person asks for.
package enum Change: Hashable, Sendable {
    /// Texts of requests: a name, `NAME@VERSION`, `NAME@COLLECTION`, or `kind(target)`.
    case install([String])
    /// Capability texts that installed packages meet.
    case upgrade([String])
    case remove([String], keepsOrphans: Bool)
    case sync
    case activate(UInt64)
    case undo
    case redo

    /// What was named.
    var requests: [String] {
        switch self {
        case .install(let names), .upgrade(let names), .remove(let names, _): names
        case .sync, .activate, .undo, .redo: []
        }
    }

    /// How the state that comes of it is called in lists.
    package var summary: String {
        switch self {
        case .install(let names): Self.shortened("install", names)
        case .upgrade(let names): Self.shortened("upgrade", names)
        case .remove(let names, _): Self.shortened("remove", names)
        case .sync: "sync"
        case .activate(let number): "activate \(number)"
        case .undo: "undo"
        case .redo: "redo"
        }
    }

    private static func shortened(_ verb: String, _ names: [String]) -> String {
        let shown = names.prefix(5).joined(separator: " ")
        return names.count > 5 ? "\(verb) \(shown) and \(names.count - 5) more" : "\(verb) \(shown)"
    }
}

/// What a plan may hold of packages that are not in the store yet: each may be within what a stone is allowed, and
/// all of them more than any machine has.
///
/// 1 GiB is about four million files, twenty times a large system.
package struct PlanBudget {
    package static let bytesMax: UInt64 = 1 << 30

    private var bytes: UInt64 = 0

    package init() {}

    /// Counts one more package; why it is one too many, if it is.
    package mutating func take(_ record: PackageRecord) -> String? {
        bytes.addSaturated(record.heldByteCount)
        guard bytes > Self.bytesMax else { return nil }
        return "the layouts and metadata of what is to be installed take \(bytes) bytes with this package, more than"
            + " \(Self.bytesMax); install fewer packages at once"
    }
}

/// A change worked out but not done: printing it and doing it start from this one value.
package struct Plan: Sendable {
    package let change: Change
    /// The state it starts from; nil before the first.
    package let base: State?
    /// What enters and leaves. For an activation, how the two states differ.
    package let additions: [Addition]
    package let removals: [Removal]
    /// Packages that stay and become explicit or transitive.
    package let flagChanges: [Resolution.FlagChange]
    package let alreadyInstalled: [Resolution.MetRequest]
    package let stillBroken: [Resolution.BrokenDependency]
    /// Packages that cannot follow their collections yet.
    package let keptBack: [Resolution.KeptBack]
    /// Sizes of stones that are not in the store.
    package let bytesToFetch: UInt64
    /// Bytes of contents that are not in the store.
    package let bytesOnDisk: UInt64
    package let entries: EntryCounts
    /// By path.
    package let directories: [DirectoryNote]
    /// Where something is mounted below `/usr`, which comes along.
    package var mounts: [BytePath] = []
    /// Collections that something comes from and nobody vouches for.
    package var unsigned: [CollectionID] = []
    let target: Target
    /// What is below `/usr` and no package's, as far as a few looks tell. It will not be there afterwards, but set aside.
    package var localFiles: [BytePath] = []

    package struct Addition: Hashable, Sendable {
        package let id: PackageID
        package let metadata: PackageMetadata
        package let isExplicit: Bool
        package let reason: String
        /// The package of the same name it takes the place of.
        package let replaces: PackageMetadata?
        /// Whether its files are in the store already.
        package let isStored: Bool
        /// The preferred collection that has it; nil where none does.
        package let collection: CollectionID?
    }

    package struct Removal: Hashable, Sendable {
        package let id: PackageID
        package let name: String
        package let versionText: String
        package let reason: String
        /// Whether an addition takes its place.
        package let isReplaced: Bool
    }

    /// How many paths below `/usr` come, go and change.
    package struct EntryCounts: Hashable, Sendable {
        package var added: UInt64 = 0
        package var removed: UInt64 = 0
        package var changed: UInt64 = 0
    }

    /// A directory of several packages that has not the mode and owner that one of them asks for, or gets others than
    /// it had.
    package struct DirectoryNote: Hashable, Sendable {
        package enum Reason: Hashable, Sendable {
            /// The package asks for `other`.
            case refused(package: String)
            /// It had `other`.
            case changed
        }

        package let path: BytePath
        package let reason: Reason
        package let other: EntryMetadata
        package let given: EntryMetadata
    }

    /// What doing it means.
    enum Target: Sendable {
        case newState(ComposedCandidate)
        case existing(State)
    }

    /// A package whose files have to be brought into the store.
    struct Arrival: Sendable {
        let offer: CollectionRegistry.Package
        /// As it was read before its content, for the plan.
        let record: PackageRecord
    }

    /// The tree that will be live, with all that is made of it.
    package var tree: TreeID {
        switch target {
        case .newState(let candidate): candidate.tree.root
        case .existing(let state): state.tree
        }
    }

    /// Whether nothing would change.
    package var isEmpty: Bool {
        if case .existing(let state) = target { return state.number == base?.number }
        return additions.isEmpty && removals.isEmpty && flagChanges.isEmpty
    }
}
