package import BytePath
package import FileTree
internal import ObjectStore
internal import PackageCatalog
package import PackageModel
package import States
package import StoneFormat
internal import Storage

/// A package of a state.
package struct InstalledPackage: Hashable, Sendable {
    package let id: PackageID
    package let metadata: PackageMetadata
    package let isExplicit: Bool
}

/// Asking about states and their packages.
extension Installation {
    /// The active state; nil before the first.
    package func activeState() throws(InstallationError) -> State? {
        try viewing { (transaction) throws(StateError) in
            let number = try stateStore.activeNumber(in: transaction)
            return try stateStore.state(number, in: transaction)
        }
    }

    /// All states, oldest first.
    package func states() throws(InstallationError) -> [State] {
        try viewing { (transaction) throws(StateError) in try stateStore.states(in: transaction) }
    }

    package func state(_ number: UInt64) throws(InstallationError) -> State {
        try viewing { (transaction) throws(StateError) in
            guard let state = try stateStore.state(number, in: transaction) else { throw .unknownState(number) }
            return state
        }
    }

    /// The packages of a state, by name.
    package func packages(of state: State) throws(InstallationError) -> [InstalledPackage] {
        try viewingStore { (transaction) throws(StoreError) in
            var packages: [InstalledPackage] = []
            packages.reserveCapacity(state.selections.count)
            for selection in state.selections {
                packages.append(
                    InstalledPackage(
                        id: selection.package, metadata: try catalog.metadata(of: selection.package, in: transaction),
                        isExplicit: selection.isExplicit))
            }
            return packages.sortedVerbatim(by: \.metadata.name)
        }
    }

    /// What lists show of every package that the store has, of any state.
    package func storedBriefs() throws(InstallationError) -> [(id: PackageID, brief: PackageBrief)] {
        try viewingStore { (transaction) throws(StoreError) in
            try catalog.packages(in: transaction).map { (id) throws(StoreError) in
                (id, try catalog.brief(of: id, in: transaction))
            }
        }
    }

    /// What lists show of a state's packages, by name; an order of magnitude faster than ``packages(of:)``.
    package func briefs(
        of state: State
    ) throws(InstallationError) -> [(brief: PackageBrief, isExplicit: Bool)] {
        try viewingStore { (transaction) throws(StoreError) in
            var briefs: [(brief: PackageBrief, isExplicit: Bool)] = []
            briefs.reserveCapacity(state.selections.count)
            for selection in state.selections {
                briefs.append((try catalog.brief(of: selection.package, in: transaction), selection.isExplicit))
            }
            return briefs.sorted { $0.brief.name.utf8.lexicographicallyPrecedes($1.brief.name.utf8) }
        }
    }

    /// A recorded package's metadata, whether a state has it or not.
    package func metadata(of package: PackageID) throws(InstallationError) -> PackageMetadata {
        try viewingStore { (transaction) throws(StoreError) in try catalog.metadata(of: package, in: transaction) }
    }

    /// What a recorded package puts below `/usr`, by path. Paths are the package's own: files below a link of another
    /// package end up where the link leads.
    package func files(of package: PackageID) throws(InstallationError) -> [(path: BytePath, entry: TreeEntry)] {
        try viewingStore { (transaction) throws(StoreError) in
            let layout = PackageLayout(stored: Array(try catalog.layoutBytes(of: package, in: transaction)))
            do throws(TreeError) {
                return try layout.entries().map { (path: $0.directory.appending($0.entry.name), entry: $0.entry) }
                    .sorted { $0.path < $1.path }
            } catch {
                throw .tree(error)
            }
        }
    }

    /// Paths that contain `word`, over all recorded packages, by path.
    package func searchFiles(_ word: BytePath) throws(InstallationError) -> [(path: BytePath, package: PackageMetadata)]
    {
        var hits: [(path: BytePath, package: PackageMetadata)] = []
        try InstallationError.retryingWhenGone { () throws(InstallationError) in
            hits = []
            let packages = try viewingStore { (transaction) throws(StoreError) in try catalog.packages(in: transaction)
            }
            for package in packages {
                let paths = try files(of: package).map(\.path).filter { $0.bytes.contains(run: word.bytes) }
                if paths.isEmpty { continue }
                let metadata = try metadata(of: package)
                hits += paths.map { ($0, metadata) }
            }
        }
        return hits.sorted { ($0.path, Verbatim($0.package.name)) < ($1.path, Verbatim($1.package.name)) }
    }

    func viewing<R>(_ body: (borrowing ReadTransaction) throws(StateError) -> R) throws(InstallationError) -> R {
        do throws(StateError) {
            return try stateStore.viewing(body)
        } catch {
            throw .state(error)
        }
    }

    func viewingStore<R>(_ body: (borrowing ReadTransaction) throws(StoreError) -> R) throws(InstallationError) -> R {
        try viewing { (transaction) throws(StateError) in
            do throws(StoreError) {
                return try body(transaction)
            } catch {
                throw .store(error)
            }
        }
    }
}

extension [UInt8] {
    /// Whether `run` occurs somewhere in these bytes.
    fileprivate func contains(run: [UInt8]) -> Bool {
        guard let first = run.first else { return true }
        guard count >= run.count else { return false }
        for start in 0...(count - run.count) where self[start] == first {
            if self[start..<(start + run.count)].elementsEqual(run) { return true }
        }
        return false
    }
}
