internal import CollectionIndex
internal import Downloads
internal import FileTree
internal import PackageCatalog
internal import PackageModel
internal import Solver
internal import States

/// What several changes, one after the other, would make of the active state.
struct ComposedCandidate {
    /// With what was made of it.
    let tree: ComposedTree
    let selections: [Selection]
    /// Packages whose files are not in the store.
    let arrivals: [Plan.Arrival]
    var generated: [GeneratedFile] = []
}

/// Candidates: states that do not exist yet.
extension Installation {
    /// Works out `changes` in order, each on what the ones before it leave.
    func candidate(_ changes: [Change]) throws(InstallationError) -> ComposedCandidate {
        if changes.count == 1, let change = changes.first {
            let plan = try plan(change)
            switch plan.target {
            case .newState(let candidate): return candidate
            case .existing(let state): return ComposedCandidate(state)
            }
        }
        let registry = try InstallationError.collections { () throws(RepositoryError) in try collections.registry() }
        var state = try activeState()
        var arrivals: [Plan.Arrival] = []
        for change in changes {
            switch change {
            case .install, .upgrade, .remove, .sync: break
            // As the first of several it has nothing to stand on, later it would undo what was asked for before.
            case .activate, .undo, .redo: throw .notCombinable(change.summary)
            }
            let known = arrivals.recordsByPackage
            let resolution = try resolve(
                change, InstalledState(state: state, catalog: catalog, database: database, arriving: known), registry)
            let added = resolution.additions.map(\.package)
            let stored = try storedPackages(among: added.map(\.id))
            arrivals += try self.arrivals(added.filter { !stored.contains($0.id) && known[$0.id] == nil }, registry)
            state = State(provisional: resolution.applied(to: state?.selections ?? []), after: state)
        }
        let selections = state?.selections ?? []
        let chosen = Set(selections.map(\.package))
        arrivals = arrivals.filter { chosen.contains($0.record.id) }
        let (tree, generated) = try TreeGenerator(self).extend(
            try composeAll(selections, arrivals), selections, arrivals)
        return ComposedCandidate(tree: tree, selections: selections, arrivals: arrivals, generated: generated)
    }

    private func composeAll(
        _ selections: [Selection], _ arrivals: [Plan.Arrival]
    ) throws(InstallationError) -> ComposedTree {
        try composing { (transaction) throws in
            try composeAll(selections, arrivals.recordsByPackage, transaction)
        }
    }
}

extension ComposedCandidate {
    /// A state that exists, as a candidate.
    init(_ state: State) {
        let tree = ComposedTree(stored: state.tree, totals: state.totals, redirects: state.redirects)
        self.init(tree: tree, selections: state.selections, arrivals: [])
    }
}

extension [Plan.Arrival] {
    var recordsByPackage: [PackageID: PackageRecord] {
        Dictionary(map { ($0.record.id, $0.record) }, uniquingKeysWith: { first, _ in first })
    }
}

extension State {
    /// A state without number or tree, for resolving only.
    fileprivate init(provisional selections: [Selection], after base: State?) {
        self.init(
            number: 0, parent: base?.number ?? 0, created: 0, summary: "", tree: Directory.empty.id,
            totals: TreeTotals(), redirects: [], selections: selections)
    }
}
