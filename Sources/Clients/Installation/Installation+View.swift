package import BytePath
internal import CollectionIndex
internal import Digests
internal import Downloads
internal import FileTree
package import GarbageCollection
internal import Ingest
package import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States
internal import StoneFormat
internal import Storage
internal import ViewImage
package import ViewProcess

/// Preparing what a view shows. Nothing is written to the root but a lease.
extension Installation {
    /// Gathers what a process needs to show `subject`.
    ///
    /// - Parameters:
    ///   - mountpoint: where it will be shown, for lists.
    ///   - lazily: leave packages that are not in the store packed until one of their files is opened.
    package func prepareView(
        of subject: ViewSubject, at mountpoint: BytePath, lazily: Bool,
        progress: @escaping ProgressHandler = { _ in }
    ) throws(InstallationError) -> PreparedView {
        try retryingWhenCollected { () throws(InstallationError) in
            if case .candidate(let changes) = subject {
                return try prepare(try candidate(changes), mountpoint, lazily, progress)
            }
            let stored = try storedTree(subject)
            let lease = try lease(for: stored.title, mountpoint, stored.shown.selections, stored.objects)
            return PreparedView(
                image: try image(of: stored.shown, stored.label, time: stored.time, [:]),
                shown: stored.label, lease: lease, scratch: nil, stones: [], packages: stored.shown.selections.count,
                arrivals: 0, entries: stored.shown.tree.totals.entries)
        }
    }

    /// The image, in a memory file, of a tree that the store has in full; for who serves many of them.
    ///
    /// - Parameters:
    ///   - subject: anything but a candidate.
    ///   - lease: keeps what is shown from now on.
    package func prepareImage(
        of subject: ViewSubject, extending lease: borrowing Lease
    ) throws(InstallationError) -> Descriptor {
        try retryingWhenCollected { () throws(InstallationError) in
            let stored = try storedTree(subject)
            try InstallationError.stored { () throws(StoreError) in
                try leases.extend(lease, packages: stored.shown.selections.map(\.package), objects: stored.objects)
            }
            return try image(of: stored.shown, stored.label, time: stored.time, [:])
        }
    }

    /// A lease on nothing yet, for a view whose trees are prepared when somebody looks.
    package func takeLease(at mountpoint: BytePath) throws(InstallationError) -> Lease {
        try lease(for: "all states", mountpoint, [], [])
    }

    /// Whatever was collected between being found and being pinned is looked up again: until there is a lease, nothing
    /// that was read keeps what it names.
    private func retryingWhenCollected<R: ~Copyable>(
        _ body: () throws(InstallationError) -> R
    ) throws(InstallationError) -> R {
        for _ in 0..<8 {
            do throws(InstallationError) {
                return try body()
            } catch {
                guard error.mayBeOfACollection else { throw error }
            }
        }
        // Where it is not for a collection, this says what it is.
        return try body()
    }

    /// A tree whose content is in the store.
    private struct StoredTree {
        let shown: ComposedCandidate
        /// What it is, for lists of views, and what its files say they belong to.
        let title: String
        let label: String
        let time: Int64
        /// Objects that no package has.
        var objects: [ObjectID] = []
    }

    private func storedTree(_ subject: ViewSubject) throws(InstallationError) -> StoredTree {
        switch subject {
        case .active:
            guard let state = try activeState() else { throw .noActiveState }
            return try storedTree(state)
        case .state(let number): return try storedTree(try state(number))
        case .package(let package): return try storedTree(package)
        case .difference(let old, let new, let part): return try difference(try state(old), try state(new), part)
        case .candidate: preconditionFailure("candidates are prepared elsewhere")
        }
    }

    private func storedTree(_ state: State) throws(InstallationError) -> StoredTree {
        StoredTree(
            shown: ComposedCandidate(state), title: "state \(state.number)", label: "\(state.number)",
            time: state.created, objects: try TreeGenerator(self).objects(of: state).map(\.id))
    }

    private func storedTree(_ package: PackageID) throws(InstallationError) -> StoredTree {
        let selections = [Selection(package: package, isExplicit: true)]
        let (tree, brief) = try composing { transaction throws in
            (try composeAll(selections, [:], transaction), try catalog.brief(of: package, in: transaction))
        }
        return StoredTree(
            shown: ComposedCandidate(tree: tree, selections: selections, arrivals: []), title: "package \(brief.name)",
            label: brief.name, time: ObjectStore.objectTime)
    }

    private func difference(
        _ old: State, _ new: State, _ part: DifferenceTrees.Part
    ) throws(InstallationError) -> StoredTree {
        let trees = try InstallationError.stored { () throws(StoreError) in
            try objects.readingTrees { (lookup) throws(TreeError) in
                try DifferenceTrees(from: old.tree, to: new.tree, lookup)
            }
        }
        // What is shown is from one of the two.
        let source = part == .removed ? old : new
        return StoredTree(
            shown: ComposedCandidate(tree: trees[part], selections: source.selections, arrivals: []),
            title: "states \(old.number) and \(new.number)", label: "\(source.number)", time: source.created,
            objects: try TreeGenerator(self).objects(of: source).map(\.id))
    }

    private func lease(
        for shown: String, _ mountpoint: BytePath, _ selections: [Selection], _ objects: [ObjectID],
        without arrivals: [PackageID: PackageRecord] = [:]
    ) throws(InstallationError) -> Lease {
        let description = LeaseDescription(
            process: CurrentProcess.identifier, mountpoint: mountpoint, shows: shown)
        let packages = selections.map(\.package).filter { arrivals[$0] == nil }
        do throws(StoreError) {
            return try leases.take(description, packages: packages, objects: objects)
        } catch {
            throw .store(error)
        }
    }

    // MARK: Candidates

    private func prepare(
        _ candidate: ComposedCandidate, _ mountpoint: BytePath, _ lazily: Bool, _ progress: @escaping ProgressHandler
    ) throws(InstallationError) -> PreparedView {
        var content = CandidateContent(candidate, lazily: lazily)
        try bringIn(&content, progress)
        do throws(StoreError) {
            for file in candidate.generated { try content.add(file, objects) }
        } catch {
            throw .store(error)
        }
        let arrivals = candidate.arrivals.recordsByPackage
        let lease = try lease(
            for: "candidate", mountpoint, candidate.selections, content.generated, without: arrivals)
        let image = try image(of: candidate, "candidate", time: currentTimeSeconds(), content.sources)
        let stones = content.stones
        return PreparedView(
            image: image, shown: "candidate", lease: lease, scratch: content.takeScratch(), stones: stones,
            packages: candidate.selections.count, arrivals: candidate.arrivals.count,
            entries: candidate.tree.totals.entries)
    }

    /// Unpacks what has to be there at once, several stones at a time, into a directory of the view's own.
    private func bringIn(
        _ content: inout CandidateContent, _ progress: @escaping ProgressHandler
    ) throws(InstallationError) {
        if content.arrivals.isEmpty { return }
        let path: BytePath
        do throws(StoreError) {
            path = try content.makeScratch()
        } catch {
            throw .store(error)
        }
        let registry = try InstallationError.collections { () throws(RepositoryError) in try collections.registry() }
        let (now, later) = try content.divided { (arrival) throws(InstallationError) in
            try stones.mustBeHere(arrival.offer, registry)
        }
        let scratch = try scratchStore(path)
        content.scratchStore = scratch
        if !now.isEmpty {
            progress(.phase(.unpacking, total: now.saturatedSum { $0.record.contentBytes }))
            _ = try stones.asTheyCome(now, registry) { (arrival) throws(InstallationError) in
                try self.stones.ingest(arrival.offer, registry, into: Ingester(scratch)) {
                    progress(.advanced(.unpacking, by: $0))
                }
            }
        }
        for arrival in later {
            content.defer(arrival, to: try stones.waiting(arrival.offer, registry, in: path))
        }
        for arrival in now { content.note(arrival, in: ViewRequest.scratchSource) }
    }

    private func scratchStore(_ path: BytePath) throws(InstallationError) -> ObjectStore {
        try InstallationError.stored { () throws(StoreError) in try ObjectStore(scratchAt: path) }
    }

    // MARK: The image

    private func image(
        of candidate: ComposedCandidate, _ label: String, time: Int64, _ sources: [ObjectID: UInt32]
    ) throws(InstallationError) -> Descriptor {
        let arriving = candidate.arrivals.recordsByPackage
        let setting = ViewImageBuilder.Setting(
            shown: label, time: time,
            recordedOwner: try InstallationError.states { () throws(StateError) in try root.recordedOwner })
        do {
            return try database.view { transaction throws in
                var builder = try candidate.tree.withLookup(
                    fallback: { (id) throws(TreeError) in try ObjectStore.directory(id, in: transaction) }
                ) { lookup in
                    try ViewImageBuilder(candidate.tree.root, setting, lookup) { sources[$0] ?? 0 }
                }
                for selection in candidate.selections {
                    try claim(selection.package, arriving[selection.package], &builder, transaction)
                }
                return try builder.memoryFile()
            }
        } catch {
            throw InstallationError(error)
        }
    }

    private func claim(
        _ id: PackageID, _ arriving: PackageRecord?, _ builder: inout ViewImageBuilder,
        _ transaction: borrowing ReadTransaction
    ) throws {
        if let record = arriving {
            try record.layout.bytes.withUnsafeBytes {
                try builder.claim($0, name: record.metadata.name, version: record.metadata.versionText)
            }
        } else {
            let brief = try catalog.brief(of: id, in: transaction)
            try builder.claim(
                try catalog.layoutBytes(of: id, in: transaction), name: brief.name, version: brief.versionText)
        }
    }
}

extension InstallationError {
    fileprivate var mayBeOfACollection: Bool {
        switch self {
        case .store(.collectedMeanwhile), .store(.missingObject): true
        default: isOfSomethingGone
        }
    }
}

extension ViewImageBuilder {
    /// The image in a sealed file without a name.
    fileprivate func memoryFile() throws(SystemError) -> Descriptor {
        guard let byteCount else { throw SystemError(.tooLarge, call: "memfd_create") }
        let file = try Descriptor.memoryFile(named: "moss-view")
        try file.truncate(to: UInt64(byteCount))
        do {
            let mapping = try file.map(byteCount: byteCount, writable: true)
            write(to: mapping.bytes)
        }
        try file.sealMemoryFile()
        return file
    }
}
