package import BytePath
internal import Digests
internal import FileTree
internal import GarbageCollection
internal import Installation
package import LinuxSystem
internal import ObjectStore
internal import PackageModel
internal import States
package import ViewImage
internal import ViewProcess

/// Every state, package and difference of a root as names in a view.
///
/// The root is opened for each question: a view may live for months, and must neither hold the database at an old
/// moment nor keep others from replacing it.
package final class RootCatalogue: ViewCatalogue {
    private let root: BytePath
    /// Also the lock under which the root is opened: a process may have its database open once only.
    private let lease: Guarded<Lease?>

    /// - Parameter request: names the root, and a lease to take over.
    package init(_ request: ViewRequest) throws {
        root = request.root
        guard let descriptor = request.lease else { throw ViewError(root, "the view has no lease") }
        let moss = try ObjectReader.openDirectory(of: root)
        lease = Guarded(try Lease.adopt(Descriptor(taking: descriptor), below: moss))
    }

    package func end() {
        let lease = lease.withLock { $0.take() }
        lease?.release()
    }

    // MARK: Questions

    package func entry(at path: BytePath) throws -> ViewCatalogueEntry? {
        guard let place = CataloguePath(path) else { return nil }
        switch place {
        case .top, .states, .packages, .differences: return .directory
        default: return try asking { try Self.entry(at: place, in: $0) }
        }
    }

    package func children(of path: BytePath) throws -> [(name: BytePath, entry: ViewCatalogueEntry)] {
        guard let place = CataloguePath(path) else { return [] }
        return try asking { installation in
            try Self.names(in: place, of: installation).compactMap { name in
                try CataloguePath(path.appending(name)).flatMap { child in
                    try Self.listed(child, in: installation).map { (name, $0) }
                }
            }
        }
    }

    package func image(at path: BytePath) throws -> Descriptor {
        let place = CataloguePath(path)
        return try lease.withLock { (lease) throws -> Descriptor in
            let installation = try Installation(opening: root, .reading)
            guard let subject = try place.flatMap({ try Self.subject($0, in: installation) }) else {
                throw ViewError(path, "there is no tree here")
            }
            switch lease {
            case .some(let lease): return try installation.prepareImage(of: subject, extending: lease)
            case .none: throw ViewError(path, "the view has ended")
            }
        }
    }

    private func asking<R>(_ body: (Installation) throws -> R) throws -> R {
        try lease.withLock { _ in try body(try Installation(opening: root, .reading)) }
    }

    // MARK: Answers

    private static func entry(
        at place: CataloguePath, in installation: Installation
    ) throws -> ViewCatalogueEntry? {
        switch place {
        case .top, .states, .packages, .differences: return .directory
        case .active:
            return try installation.activeState().map { .link(BytePath("states/\($0.number)")) }
        case .state(let number): return try state(number, in: installation).map { _ in .directory }
        case .stateTree(let number):
            return try state(number, in: installation).map { .tree(identity: identity($0)) }
        case .package(let name): return try package(name, in: installation).map { _ in .directory }
        case .packageTree(let name):
            return try package(name, in: installation).map { .tree(identity: BytePath($0.hexadecimal)) }
        case .difference(let old, let new):
            guard try state(old, in: installation) != nil, try state(new, in: installation) != nil else { return nil }
            return .directory
        case .differenceTree(let old, let new, _):
            guard let old = try state(old, in: installation), let new = try state(new, in: installation) else {
                return nil
            }
            return .tree(identity: BytePath("\(identity(old).display) \(identity(new).display)"))
        }
    }

    /// The names in a directory, in the order that people expect.
    private static func names(in place: CataloguePath, of installation: Installation) throws -> [BytePath] {
        switch place {
        case .top: return (try installation.activeState() == nil ? [] : ["active"]) + ["diff", "packages", "states"]
        case .states: return try installation.states().map { BytePath("\($0.number)") }
        case .packages: return try PackageNames(installation).names
        case .differences:
            // Any two have a difference; those between neighbours are worth a list.
            let numbers = try installation.states().map(\.number)
            return zip(numbers, numbers.dropFirst()).map { CataloguePath.name($0, $1) }
        case .state, .package: return [CataloguePath.treeName]
        case .difference: return DifferenceTrees.Part.allCases.map { BytePath($0.rawValue) }
        case .active, .stateTree, .packageTree, .differenceTree: return []
        }
    }

    /// What a listing says of a name that was just found: that takes no second look.
    private static func listed(
        _ place: CataloguePath, in installation: Installation
    ) throws -> ViewCatalogueEntry? {
        place == .active ? try entry(at: place, in: installation) : .directory
    }

    private static func subject(_ place: CataloguePath, in installation: Installation) throws -> ViewSubject? {
        switch place {
        case .stateTree(let number): .state(number)
        case .packageTree(let name): try package(name, in: installation).map { .package($0) }
        case .differenceTree(let old, let new, let part): .difference(from: old, to: new, part)
        default: nil
        }
    }

    private static func state(_ number: UInt64, in installation: Installation) throws -> State? {
        do throws(InstallationError) {
            return try installation.state(number)
        } catch {
            if case .state(.unknownState) = error { return nil }
            throw error
        }
    }

    private static func package(_ name: BytePath, in installation: Installation) throws -> PackageID? {
        try PackageNames(installation)[name]
    }

    /// Tells a state from another that has its number later.
    private static func identity(_ state: State) -> BytePath { BytePath("\(state.tree.hexadecimal) \(state.created)") }
}
