internal import Blit
internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Downloads
internal import FileTree
internal import GarbageCollection
internal import HelperProcess
internal import Ingest
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
package import States

/// Doing what was planned.
extension Installation {
    /// Carries out a plan made by this installation, which must have been opened for changing.
    /// - Returns: the state that is active now.
    package func apply(
        _ plan: Plan, progress: @escaping ProgressHandler = { _ in }
    ) throws(InstallationError) -> State {
        var healed: Set<ObjectID> = []
        var usedReserve = false
        defer { if usedReserve { root.keepReserve(evenIfTight: true) } }
        while true {
            do throws(InstallationError) {
                if try needsReserve(plan) { usedReserve = root.giveUpReserve() || usedReserve }
                return try carryOut(plan, progress)
            } catch {
                if error.kind == .noSpace {
                    // A quota shows only when it is used up.
                    guard plan.isReturn, !usedReserve, error.isShortageOfOthers, root.giveUpReserve() else {
                        throw shortage(of: plan, after: error)
                    }
                    usedReserve = true
                    continue
                }
                // An object that is gone or damaged may be had from a collection again.
                guard let digest = error.missingObject, healed.insert(digest).inserted, try heal(digest, for: plan)
                else { throw error }
            }
        }
    }

    private func carryOut(_ plan: Plan, _ progress: @escaping ProgressHandler) throws(InstallationError) -> State {
        let blitter = Blitter(objects) { progress(.advanced(.staging, by: UInt64($0))) }
        try checkMounts(plan)
        try InstallationError.states { () throws(StateError) in try root.beginChange() }
        var isDone = false
        defer { if isDone { root.endChange() } else { root.abandonChange() } }
        let waiting = { (_: String) in progress(.phase(.waiting, total: 0)) }
        let report: SwitchReport
        switch plan.target {
        case .existing(let state):
            progress(.phase(.staging, total: plan.entries.added + plan.entries.changed))
            report = try InstallationError.states { () throws(StateError) in
                try stateStore.activate(state, blitter, waiting: waiting)
            }
        case .newState(let candidate):
            let arrivals = candidate.arrivals
            let records = try givingBackSpace(of: arrivals) { () throws(InstallationError) in
                try bringIn(arrivals, progress)
            }
            try InstallationError.stored { () throws(StoreError) in
                for file in candidate.generated { _ = try objects.addObject(file.bytes, .plainFile) }
            }
            progress(.phase(.staging, total: plan.entries.added + plan.entries.changed))
            let next = Candidate(
                tree: candidate.tree, selections: candidate.selections, summary: plan.change.summary,
                arrivals: records, generated: candidate.generated.map(\.entry))
            report = try givingBackSpace(of: arrivals) { () throws(InstallationError) in
                try InstallationError.states { () throws(StateError) in
                    try stateStore.commit(next, blitter, waiting: waiting)
                }
            }
            stones.forget(arrivals)
        }
        isDone = true
        root.keepReserve()
        for files in report.kept { progress(.found(files)) }
        continueInBackground(progress)
        return try state(report.state)
    }

    /// Unpacks the stones, several at once; what arrived stays for the next try should one of them fail.
    private func bringIn(
        _ arrivals: [Plan.Arrival], _ progress: @escaping ProgressHandler
    ) throws(InstallationError) -> [PackageRecord] {
        if arrivals.isEmpty { return [] }
        let registry = try InstallationError.collections { () throws(RepositoryError) in try collections.registry() }
        let remote = try stones.remoteBytes(of: arrivals, registry)
        if remote > 0 {
            progress(.phase(.fetching, total: remote))
            collections.downloads.tell { progress(.advanced(.fetching, by: $0)) }
        }
        defer { collections.downloads.tell(nil) }
        progress(.phase(.unpacking, total: arrivals.saturatedSum { $0.record.contentBytes }))
        // Large stones first, so that no thread is left with one at the end.
        let ordered = arrivals.sorted { $0.record.contentBytes > $1.record.contentBytes }
        return try stones.asTheyCome(ordered, registry) { (arrival) throws(InstallationError) in
            let record = try self.stones.ingest(arrival.offer, registry, into: self.ingester) {
                progress(.advanced(.unpacking, by: $0))
            }
            guard record.layout.bytes == arrival.record.layout.bytes else {
                throw .changedWhilePlanning(name: record.metadata.name)
            }
            return record
        }
    }

    // MARK: Space

    /// Runs `body`; when the disk fills up, removes what `arrivals` brought, so that the disk is not full afterwards.
    private func givingBackSpace<R>(
        of arrivals: [Plan.Arrival], _ body: () throws(InstallationError) -> R
    ) throws(InstallationError) -> R {
        do throws(InstallationError) {
            return try body()
        } catch {
            if error.kind == .noSpace { collector.discard(arrivals.map(\.record)) }
            throw error
        }
    }

    func lookUp<R>(_ tree: ComposedTree, _ body: (TreeLookup) throws -> R) throws(StoreError) -> R {
        try objects.readingTrees { stored in try tree.withLookup(fallback: stored, body) }
    }

    // MARK: Background

    /// Leaves removing old trees, and checking and preparing the next spare, to a process of its own.
    ///
    /// `MOSS_BACKGROUND=off` leaves it to the next command or to `moss tidy`; `wait` does it now.
    private func continueInBackground(_ progress: ProgressHandler) {
        switch CurrentProcess.environmentVariable("MOSS_BACKGROUND") {
        case "off": return
        case "wait": for files in (try? tidy())?.kept ?? [] { progress(.found(files)) }
        default:
            // The spare is a convenience: without it the next change is slower, not wrong.
            let place = root.path.absolute
            guard let program = try? CurrentProcess.executablePath(), program.lastComponent == "moss",
                place.isAbsolute
            else { return }
            _ = try? HelperProcess.start(.detached(program, ["-D", place, "tidy"])).leave()
        }
    }

    /// Removes trees that nobody uses any more and prepares the next spare.
    package func tidy() throws(InstallationError) -> StateStore.Tidied {
        _ = FetchedFiles.find(in: root, olderThan: FetchedFiles.lifetime, removing: true)
        return try InstallationError.states { () throws(StateError) in try stateStore.tidy(Blitter(objects)) }
    }
}

extension PackageRecord {
    /// Bytes of all contents.
    var contentBytes: UInt64 { objects.values.saturatedSum { $0.size } }
}

extension BytePath {
    /// This path from the file system's root.
    fileprivate var absolute: BytePath { isAbsolute ? self : CurrentProcess.workingDirectory.appending(self) }
}
