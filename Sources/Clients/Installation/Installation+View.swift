package import BytePath
internal import ContentStore
internal import Digests
internal import FileTree
internal import LMDB
internal import LinuxSystem
internal import PackageModel
internal import Repositories
internal import States
internal import StoneFormat
internal import ViewImage

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
        // Whatever a lease could not pin any more is looked up again.
        for _ in 0..<8 {
            do throws(InstallationError) {
                return try prepareOnce(subject, mountpoint, lazily, progress)
            } catch {
                guard case .store(.collectedMeanwhile) = error else { throw error }
            }
        }
        throw .store(.collectedMeanwhile)
    }

    private func prepareOnce(
        _ subject: ViewSubject, _ mountpoint: BytePath, _ lazily: Bool, _ progress: @escaping ProgressHandler
    ) throws(InstallationError) -> PreparedView {
        switch subject {
        case .active:
            guard let state = try activeState() else { throw .noActiveState }
            return try prepare(state, mountpoint)
        case .state(let number): return try prepare(try state(number), mountpoint)
        case .candidate(let changes): return try prepare(try candidate(changes), mountpoint, lazily, progress)
        }
    }

    private func prepare(_ state: State, _ mountpoint: BytePath) throws(InstallationError) -> PreparedView {
        let lease = try lease(
            for: "state \(state.number)", mountpoint, state.selections, try releaseFile(of: state))
        let candidate = ComposedCandidate(state)
        return try image(
            of: candidate, shown: "\(state.number)", time: state.created, lease,
            CandidateContent(candidate, lazily: false))
    }

    /// The object of a state that no package has.
    private func releaseFile(of state: State) throws(InstallationError) -> [Digest128] {
        guard case .regular(let digest, _)? = try entry(at: "lib/os-release", in: state)?.content else { return [] }
        return [digest]
    }

    private func lease(
        for shown: String, _ mountpoint: BytePath, _ selections: [Selection], _ objects: [Digest128],
        without arrivals: [PackageID: PackageRecord] = [:]
    ) throws(InstallationError) -> Lease {
        let description = LeaseDescription(
            process: CurrentProcess.identifier, mountpoint: mountpoint, shows: shown)
        let packages = selections.map(\.package).filter { arrivals[$0] == nil }
        do throws(StoreError) {
            return try store.takeLease(description, packages: packages, objects: objects)
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
        let tree = try withReleaseFile(candidate.tree, &content)
        let arrivals = candidate.arrivals.recordsByPackage
        let lease = try lease(
            for: "candidate", mountpoint, candidate.selections, content.generated, without: arrivals)
        let shown = ComposedCandidate(tree: tree, selections: candidate.selections, arrivals: candidate.arrivals)
        return try image(of: shown, shown: "candidate", time: currentTimeSeconds(), lease, content)
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
        let description = try InstallationError.stored { () throws(StoreError) in
            try releaseDescription(of: content.tree.root, content.tree)
        }
        let (now, later) = content.divided(description)
        let scratch = try scratchStore(path)
        content.scratchStore = scratch
        if !now.isEmpty {
            progress(.phase(.unpacking, total: now.reduce(0) { $0 + $1.record.contentBytes }))
            _ = try inParallel(now) { (arrival) throws(InstallationError) in
                let stone = try self.open(arrival.offer, registry)
                _ = try InstallationError.stored { () throws(StoreError) in
                    try scratch.ingest(stone.path, stone.file, expecting: arrival.offer.id) {
                        progress(.advanced(.unpacking, by: $0))
                    }
                }
            }
        }
        for arrival in later {
            let stone = try open(arrival.offer, registry)
            content.defer(arrival, to: ViewRequest.Stone(id: arrival.offer.id, path: stone.path))
        }
        for arrival in now { content.note(arrival, in: ViewRequest.scratchSource) }
    }

    private func scratchStore(_ path: BytePath) throws(InstallationError) -> ContentStore {
        try InstallationError.stored { () throws(StoreError) in try ContentStore(scratchAt: path) }
    }

    /// The tree with its `lib/os-release`: an object of the store if that has it, else of the view's own.
    private func withReleaseFile(
        _ tree: ComposedTree, _ content: inout CandidateContent
    ) throws(InstallationError) -> ComposedTree {
        do throws(StoreError) {
            let description = try releaseDescription(of: tree.root, tree)
            let text = ReleaseFile.text(
                try description.map { (digest) throws(StoreError) in
                    try content.isArriving(digest)
                        ? content.scratchStore?.readObject(digest) ?? [] : store.readObject(digest)
                })
            let digest = Digest128(hashing: text)
            if (try? store.readObject(digest)) != nil {
                content.generated.append(digest)
            } else {
                let path = try content.makeScratch()
                if content.scratchStore == nil { content.scratchStore = try ContentStore(scratchAt: path) }
                _ = try content.scratchStore?.addObject(text, .plainFile)
                content.sources[digest] = ViewRequest.scratchSource
            }
            return try placing(releaseFile: digest, size: text.count, in: tree)
        } catch {
            throw .store(error)
        }
    }

    // MARK: The image

    private func image(
        of candidate: ComposedCandidate, shown: String, time: Int64, _ lease: consuming Lease,
        _ content: consuming CandidateContent
    ) throws(InstallationError) -> PreparedView {
        let arriving = candidate.arrivals.recordsByPackage
        let sources = content.sources
        let setting = ViewImageBuilder.Setting(
            shown: shown, time: time,
            recordedOwner: try InstallationError.states { () throws(StateError) in try root.recordedOwner })
        let file: Descriptor
        do {
            file = try store.environment.view { transaction throws in
                var builder = try candidate.tree.withLookup(
                    fallback: { (id) throws(TreeError) in try ContentStore.directory(id, in: transaction) }
                ) { lookup in
                    try ViewImageBuilder(candidate.tree.root, setting, lookup) { sources[$0] ?? 0 }
                }
                for selection in candidate.selections {
                    try claim(selection.package, arriving[selection.package], &builder, transaction)
                }
                return try builder.memoryFile()
            }
        } catch {
            throw InstallationError(viewing: error)
        }
        return PreparedView(
            image: file, shown: shown, lease: lease, scratch: content.takeScratch(), stones: content.stones,
            packages: candidate.selections.count, arrivals: candidate.arrivals.count,
            entries: candidate.tree.totals.entries)
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
            let brief = try store.brief(of: id, in: transaction)
            try builder.claim(
                try store.layoutBytes(of: id, in: transaction), name: brief.name, version: brief.versionText)
        }
    }
}

extension InstallationError {
    /// What reading trees and making a memory file can throw.
    fileprivate init(viewing error: any Error) {
        switch error {
        case let error as StoreError: self = .store(error)
        case let error as TreeError: self = .store(.tree(error))
        case let error as DatabaseError: self = .database(error)
        case let error as SystemError: self = .system(error)
        default: preconditionFailure("making an image throws none but these errors: \(error)")
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
