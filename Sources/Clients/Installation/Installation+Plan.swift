internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import Downloads
internal import FileTree
internal import Ingest
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import Solver
internal import States
internal import Storage

/// Working out changes. Nothing is written.
extension Installation {
    /// Plans `change` against the active state.
    package func plan(_ change: Change) throws(InstallationError) -> Plan {
        try InstallationError.states { () throws(StateError) in try stateStore.checkPlace() }
        var plan = try planPackages(of: change)
        plan.mounts = try mountPoints()
        if !plan.isEmpty {
            plan.localFiles = try InstallationError.states { () throws(StateError) in
                try stateStore.visibleLocalEntries()
            }
        }
        return plan
    }

    private func planPackages(of change: Change) throws(InstallationError) -> Plan {
        let base = try activeState()
        switch change {
        case .install, .upgrade, .remove, .sync:
            let registry = try InstallationError.collections { () throws(RepositoryError) in
                try collections.registry()
            }
            let resolution = try resolve(
                change, InstalledState(state: base, catalog: catalog, database: database), registry)
            var plan = try plan(change, base, resolution, registry)
            let sources = Set(plan.additions.compactMap(\.collection))
            plan.unsigned = registry.collections.map(\.configuration).filter {
                sources.contains($0.id) && $0.declaredTrust == .unsigned
            }.map(\.id)
            return plan
        case .activate(let number):
            let state = try state(number)
            if state.number == base?.number { throw .alreadyActive(number) }
            return try planActivation(change, base, state)
        case .undo: return try planActivation(change, base, stateBefore(base))
        case .redo: return try planActivation(change, base, stateAfter(base))
        }
    }

    private static func parsed<R>(
        _ texts: [String], _ parse: (String) -> R?
    ) throws(InstallationError) -> [R] {
        var requests: [R] = []
        for text in texts {
            guard let request = parse(text) else { throw .malformedRequest(text) }
            requests.append(request)
        }
        return requests
    }

    // MARK: New states

    /// What `change` means for the packages of a state.
    func resolve(
        _ change: Change, _ installed: InstalledState, _ registry: CollectionRegistry
    ) throws(InstallationError) -> Resolution {
        let solver = DependencySolver(installed: installed, available: registry.offers)
        let pinned = try Self.parsed(change.requests, Request.init(parsing:))
        let requests = try Self.parsed(change.requests) { Capability(parsing: $0) }
        do throws(SolverError) {
            switch change {
            case .install: return try solver.install(pinned)
            case .upgrade: return try solver.upgrade(requests)
            case .remove(_, let keepsOrphans): return try solver.remove(requests, keepsOrphans: keepsOrphans)
            case .sync, .activate, .undo, .redo: return try solver.sync()
            }
        } catch {
            throw .solver(error)
        }
    }

    private func plan(
        _ change: Change, _ base: State?, _ resolution: Resolution, _ registry: CollectionRegistry
    ) throws(InstallationError) -> Plan {
        let stored = try storedPackages(among: resolution.additions.map(\.package.id))
        let arrivals = try self.arrivals(
            resolution.additions.map(\.package).filter { !stored.contains($0.id) }, registry)
        let selections = resolution.applied(to: base?.selections ?? [])
        let composed = try compose(base, resolution, selections, arrivals)
        let (tree, generated) = try TreeGenerator(self).extend(composed, selections, arrivals)
        let arriving = Dictionary(arrivals.map { ($0.record.id, $0) }, uniquingKeysWith: { first, _ in first })
        var additions: [Plan.Addition] = []
        for addition in resolution.additions {
            let id = addition.package.id
            let metadata = try known(id, arriving[id]?.record)
            let replaced = try addition.replaces.map { (old) throws(InstallationError) in try known(old.id, nil) }
            additions.append(
                Plan.Addition(
                    id: id, metadata: metadata,
                    isExplicit: addition.isExplicit, reason: Self.reason(addition), replaces: replaced,
                    isStored: stored.contains(id), collection: try collection(of: id, registry)))
        }
        let records = arriving.mapValues(\.record)
        try checkOwners(of: additions, records)
        let (entries, changed) = try countEntries(from: base, to: tree.root, tree)
        return Plan(
            change: change, base: base, additions: additions,
            removals: resolution.removals.map(Plan.Removal.init), flagChanges: resolution.flagChanges,
            alreadyInstalled: resolution.alreadyInstalled, stillBroken: resolution.stillBroken,
            keptBack: resolution.keptBack,
            bytesToFetch: arrivals.saturatedSum { $0.offer.metadata.downloadSize ?? 0 },
            bytesOnDisk: try InstallationError.stored { () throws(StoreError) in
                try ingester.missing(arrivals.map(\.record), generated.sizes).bytes
            }, entries: entries, directories: try directoryNotes(of: additions, records, changed, in: tree),
            target: .newState(
                ComposedCandidate(tree: tree, selections: selections, arrivals: arrivals, generated: generated)))
    }

    private static func reason(_ addition: Resolution.Addition) -> String {
        addition.choice.map { "\(addition.cause); \($0)" } ?? "\(addition.cause)"
    }

    func collection(of id: PackageID, _ registry: CollectionRegistry) throws(InstallationError) -> CollectionID? {
        try InstallationError.collections { () throws(RepositoryError) in try registry.package(id)?.collection }
    }

    private func known(_ id: PackageID, _ record: PackageRecord?) throws(InstallationError) -> PackageMetadata {
        guard let record else { return try metadata(of: id) }
        return record.metadata
    }

    func storedPackages(among ids: [PackageID]) throws(InstallationError) -> Set<PackageID> {
        try viewingStore { (transaction) throws(StoreError) in
            var stored: Set<PackageID> = []
            for id in ids where try catalog.contains(id, in: transaction) { stored.insert(id) }
            return stored
        }
    }

    /// Reads the heads of the stones that are needed, on all cores.
    func arrivals(
        _ packages: [PackageSummary], _ registry: CollectionRegistry
    ) throws(InstallationError) -> [Plan.Arrival] {
        let budget = Guarded(PlanBudget())
        var offers: [(package: CollectionRegistry.Package, head: Download?)] = []
        for package in packages {
            let offer = try InstallationError.collections { () throws(RepositoryError) in
                try registry.package(package.id)
            }
            guard let offer else { throw .notOffered(name: package.name, package.id) }
            // Asked for all at once: the way to a server is long, and there is room for many on it.
            let head = try InstallationError.collections { () throws(RepositoryError) in
                try registry.fetch(offer, upTo: CollectionRegistry.headByteCount)
            }
            offers.append((offer, head))
        }
        return try inParallel(offers) { (offer, head) throws(InstallationError) in
            _ = try InstallationError.collections { () throws(RepositoryError) in try head?.wait() }
            let (path, record) = try self.stones.peek(offer, registry)
            // What is planned and shown is what the index promised, or nothing.
            if let problem = record.metadata.difference(from: offer.metadata) {
                throw .repository(.unpromised(offer, problem, at: path))
            }
            if let problem = budget.withLock({ $0.take(record) }) {
                throw .tooLarge(name: offer.metadata.name, problem)
            }
            return Plan.Arrival(offer: offer, record: record)
        }
    }

    // MARK: Trees

    /// The tree of `selections`: the base's tree edited where the change is a plain one, composed anew where not.
    private func compose(
        _ base: State?, _ resolution: Resolution, _ selections: [Selection], _ arrivals: [Plan.Arrival]
    ) throws(InstallationError) -> ComposedTree {
        try composing { (transaction) throws in
            let arriving = arrivals.recordsByPackage
            if let base, let edited = try edit(base, resolution, selections, arriving, transaction) { return edited }
            return try composeAll(selections, arriving, transaction)
        }
    }

    /// Runs `body`, which composes, in a read transaction.
    func composing<R>(_ body: (borrowing ReadTransaction) throws -> R) throws(InstallationError) -> R {
        do {
            return try database.view { transaction throws in try body(transaction) }
        } catch {
            throw InstallationError(error)
        }
    }

    /// Beyond this many packages composing anew is as fast as editing.
    private static let editLimit = 200

    private func edit(
        _ base: State, _ resolution: Resolution, _ selections: [Selection], _ arriving: [PackageID: PackageRecord],
        _ transaction: borrowing ReadTransaction
    ) throws -> ComposedTree? {
        guard resolution.additions.count + resolution.removals.count <= Self.editLimit else { return nil }
        var removed: [PackageLayout] = []
        var added: [PackageLayout] = []
        for removal in resolution.removals {
            removed.append(PackageLayout(stored: Array(try catalog.layoutBytes(of: removal.package, in: transaction))))
        }
        for addition in resolution.additions {
            let id = addition.package.id
            added.append(
                try arriving[id]?.layout ?? PackageLayout(stored: Array(catalog.layoutBytes(of: id, in: transaction))))
        }
        let chosen = Set(selections.map(\.package))
        do {
            return try withClaims(of: chosen, arriving.values.map(\.layout)) { claims in
                try TreeEditor.edit(
                    base.tree, removing: removed, adding: added, redirects: base.redirects, claims: claims,
                    { (id) throws(TreeError) in try ObjectStore.directory(id, in: transaction) })
            }
        } catch is TreeEditor.Declined {
            return nil
        }
    }

    func composeAll(
        _ selections: [Selection], _ arriving: [PackageID: PackageRecord], _ transaction: borrowing ReadTransaction
    ) throws -> ComposedTree {
        // Arriving layouts get addresses that hold during composing; stored ones have them in the database's map.
        var copies: [UnsafeMutableRawBufferPointer] = []
        defer { for copy in copies { copy.deallocate() } }
        var layouts: [UnsafeRawBufferPointer] = []
        layouts.reserveCapacity(selections.count)
        for selection in selections {
            if let record = arriving[selection.package] {
                let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: record.layout.bytes.count, alignment: 8)
                copy.copyBytes(from: record.layout.bytes)
                copies.append(copy)
                layouts.append(UnsafeRawBufferPointer(copy))
            } else {
                layouts.append(try catalog.layoutBytes(of: selection.package, in: transaction))
            }
        }
        do throws(ComposeError) {
            return try Composer.compose(layouts, expectedDirectories: selections.count * 12)
        } catch {
            func label(_ number: Int) throws -> String {
                let id = selections[number].package
                let metadata = try arriving[id]?.metadata ?? catalog.metadata(of: id, in: transaction)
                return "\(metadata.name) \(metadata.versionText)"
            }
            switch error {
            case .tree(let error): throw error
            case .tooLarge(let number, let problem):
                throw InstallationError.tooLarge(name: try label(number), problem)
            case .conflicts(let conflicts):
                throw InstallationError.fileConflicts(try conflicts.sentences(label))
            }
        }
    }

    /// Counts what a change of trees touches, and finds the directories that stay and get another mode or owner.
    ///
    /// - Parameter fresh: a tree whose directories are not stored yet.
    func countEntries(
        from base: State?, to root: TreeID, _ fresh: ComposedTree = .empty
    ) throws(InstallationError) -> (Plan.EntryCounts, [Plan.DirectoryNote]) {
        var counts = Plan.EntryCounts()
        var directories: [Plan.DirectoryNote] = []
        try InstallationError.stored { () throws(StoreError) in
            try objects.readingTrees { stored in
                try fresh.withLookup(fallback: stored) { lookup in
                    try TreeDifference.walk(from: base?.tree ?? Directory.empty.id, to: root, lookup) { path, change in
                        try counts.add(change, lookup)
                        if case .changed(let from, let to) = change, from.kind == .directory, to.kind == .directory {
                            directories.append(
                                Plan.DirectoryNote(
                                    path: path.appending(to.name), reason: .changed, other: from.metadata,
                                    given: to.metadata))
                        }
                    }
                }
            }
        }
        return (counts, directories)
    }
}

/// How a stone differs from what its index says of it.
private enum BrokenPromise {
    case otherPackage
    case otherDependencies
}

extension PackageMetadata {
    /// What an index that lists this stone says otherwise, of all that is planned with; nil where that is nothing.
    fileprivate func difference(from listed: PackageMetadata) -> BrokenPromise? {
        guard name.utf8.elementsEqual(listed.name.utf8), version.utf8.elementsEqual(listed.version.utf8),
            release == listed.release, buildRelease == listed.buildRelease
        else { return .otherPackage }
        let isSame =
            Set(dependencies) == Set(listed.dependencies) && Set(providers) == Set(listed.providers)
            && Set(conflicts) == Set(listed.conflicts)
        return isSame ? nil : .otherDependencies
    }
}

extension RepositoryError {
    fileprivate static func unpromised(
        _ offer: CollectionRegistry.Package, _ problem: BrokenPromise, at path: BytePath
    ) -> RepositoryError {
        switch problem {
        case .otherPackage:
            RepositoryError(
                .wrongStone, offer.metadata.name,
                "\(path) is not the stone that the index of \(offer.collection) promises, but one of another package"
                    + " or version; update the collection")
        case .otherDependencies:
            RepositoryError(
                .extraneousDependency, offer.metadata.name,
                "\(path) asks for or offers other things than the index of \(offer.collection) says of it; update the"
                    + " collection")
        }
    }
}

extension Plan.EntryCounts {
    fileprivate mutating func add(_ change: TreeChange, _ lookup: TreeLookup) throws(TreeError) {
        switch change {
        case .added(let entry): added += try entry.entryCount(lookup)
        case .removed(let entry): removed += try entry.entryCount(lookup)
        case .changed: changed += 1
        }
    }
}

extension TreeEntry {
    /// The entry itself and everything below it.
    fileprivate func entryCount(_ lookup: TreeLookup) throws(TreeError) -> UInt64 {
        guard let tree else { return 1 }
        return try Directory(lookup(tree), id: tree).totals.entries + 1
    }
}

extension [TreeConflict] {
    /// As many as somebody may want to read: two packages can have every path of theirs in common.
    private static var shownMax: Int { 100 }

    fileprivate func sentences(_ label: (Int) throws -> String) throws -> [String] {
        var lines: [String] = []
        for conflict in prefix(Self.shownMax) {
            lines.append(try conflict.sentence(label(conflict.first), label(conflict.second)))
        }
        if count > Self.shownMax { lines.append("and \(count - Self.shownMax) more") }
        return lines
    }
}

extension TreeConflict {
    /// One line that names path, both packages and what is wrong.
    fileprivate func sentence(_ one: String, _ other: String) -> String {
        switch kind {
        case .samePath: return "/usr/\(path): in both \(one) and \(other)"
        case .fileAndDirectory: return "/usr/\(path): a file in \(one), a directory in \(other)"
        case .linkLeavesTree(let target):
            return "/usr/\(path): a link to \(target) in \(one), outside /usr; \(other) has files below it"
        case .reservedName:
            return "/usr/\(path): \(one) puts it there by way of a link, and the name is reserved for the state number"
        case .linkLoop(let target):
            return "/usr/\(path): a link to \(target) in \(one) that leads to itself; \(other) has files below it"
        }
    }
}

extension Plan.Removal {
    fileprivate init(_ removal: Resolution.Removal) {
        var isReplaced = false
        if case .replaced = removal.cause { isReplaced = true }
        self.init(
            id: removal.package, name: removal.name, versionText: "\(removal.version)-\(removal.release)",
            reason: "\(removal.cause)", isReplaced: isReplaced)
    }
}
