internal import BytePath
internal import CollectionIndex
internal import Downloads
internal import Failures
internal import Ingest
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States
internal import ViewImage

/// The stones of packages, wherever they are: their heads to plan with, and wholes to unpack.
struct StoneSupply: Sendable {
    let collections: CollectionManager
    let ingester: Ingester

    // MARK: Heads

    /// What a plan has to know of a stone: as much of it is fetched as that takes.
    func peek(
        _ offer: CollectionRegistry.Package, _ registry: CollectionRegistry
    ) throws(InstallationError) -> (BytePath, PackageRecord) {
        var wanted = CollectionRegistry.headByteCount
        var isSecond = false
        while true {
            let end = wanted
            let stone = try InstallationError.collections { () throws(RepositoryError) in
                try registry.open(offer, upTo: end)
            }
            do throws(StoreError) {
                return (stone.path, try ingester.peek(stone.path, stone.file, claimed: offer.id))
            } catch {
                // Perhaps what is missing comes later in the stone.
                let isWhole = !stone.isRemote || stone.byteCount >= offer.metadata.downloadSize ?? 0
                if isWhole {
                    guard stone.isRemote, !isSecond, error.marks.contains(.badStone) else { throw .store(error) }
                    // It was right when it came.
                    isSecond = true
                    try InstallationError.collections { () throws(RepositoryError) in try registry.forget(offer) }
                    continue
                }
                wanted = max(wanted * 8, stone.byteCount * 8)
            }
        }
    }

    // MARK: Later

    /// Whether a stone has to be read now: nothing is fetched later where nothing may be, or by who may not, and of what
    /// has no promised size nobody could ask for parts.
    func mustBeHere(
        _ offer: CollectionRegistry.Package, _ registry: CollectionRegistry
    ) throws(InstallationError) -> Bool {
        try InstallationError.collections { () throws(RepositoryError) in
            guard case .remote(let item) = try registry.location(of: offer) else { return false }
            let downloads = collections.downloads
            return downloads.isOffline || item.size == nil || downloads.needsSecret(item)
        }
    }

    /// A stone that is read once somebody needs what is in it: where it is, or where it can be had, written into
    /// `directory` together with what stands before its content where that is enough to fetch parts of it.
    func waiting(
        _ offer: CollectionRegistry.Package, _ registry: CollectionRegistry, in directory: BytePath
    ) throws(InstallationError) -> ViewRequest.Stone {
        try InstallationError.collections { () throws(RepositoryError) in
            guard case .remote(let item) = try registry.location(of: offer), let size = item.size else {
                return ViewRequest.Stone(id: offer.id, path: try registry.open(offer).path)
            }
            let stone = ViewRequest.Stone(
                id: offer.id, placesAt: directory.appending(BytePath("\(offer.id).places")), size: size)
            let head = try registry.verifiedHead(of: offer)
            try reporting(below: directory) { () throws(SystemError) in
                let place = try Descriptor.openDirectory(directory)
                try place.replaceFile(
                    stone.path.lastComponent,
                    with: StonePlaces(of: item, bandwidth: collections.downloads.bandwidth).encoded)
                if let head { try place.replaceFile(stone.headPath.lastComponent, with: head) }
            }
            return stone
        }
    }

    // MARK: Wholes

    /// Unpacks a stone that has to come whole. One that was fetched earlier and is damaged by now is fetched again.
    func ingest(
        _ offer: CollectionRegistry.Package, _ registry: CollectionRegistry, into ingester: Ingester,
        _ progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) throws(InstallationError) -> PackageRecord {
        for isLast in [false, true] {
            let stone = try InstallationError.collections { () throws(RepositoryError) in try registry.open(offer) }
            do throws(StoreError) {
                return try ingester.ingest(stone.path, stone.file, expecting: offer.id, progress: progress)
            } catch {
                guard stone.isRemote, !isLast, error.marks.contains(.badStone) else { throw .store(error) }
            }
            try InstallationError.collections { () throws(RepositoryError) in try registry.forget(offer) }
        }
        throw .notOffered(name: offer.metadata.name, offer.id)
    }

    /// What is elsewhere of the stones, in bytes.
    func remoteBytes(
        of arrivals: [Plan.Arrival], _ registry: CollectionRegistry
    ) throws(InstallationError) -> UInt64 {
        var bytes: UInt64 = 0
        for arrival in arrivals {
            let location = try InstallationError.collections { () throws(RepositoryError) in
                try registry.location(of: arrival.offer)
            }
            if case .remote(let item) = location { bytes.addSaturated(item.size ?? 0) }
        }
        return bytes
    }

    /// Fetched stones go once a state is made of them: all that is in them is in the store.
    func forget(_ arrivals: [Plan.Arrival]) {
        guard let registry = try? collections.registry() else { return }
        // One that stays takes room until the next collection of garbage, nothing else.
        for arrival in arrivals { try? registry.forget(arrival.offer) }
    }

    /// Runs `body` with each of `arrivals` once its stone is here, those first that are first; several at once.
    ///
    /// - Returns: the results, in no order.
    func asTheyCome<R: Sendable>(
        _ arrivals: [Plan.Arrival], _ registry: CollectionRegistry,
        _ body: @escaping @Sendable (Plan.Arrival) throws(InstallationError) -> R
    ) throws(InstallationError) -> [R] {
        let ready = BlockingQueue<(Plan.Arrival, Download?)>(capacity: arrivals.count)
        let failure = FirstError<InstallationError>()
        let left = Guarded(arrivals.count)
        let results = Guarded<[R]>([])
        let finish = { @Sendable in
            let isLast = left.withLock { left in
                left -= 1
                return left == 0
            }
            if isLast { ready.close() }
        }
        for arrival in arrivals {
            do throws(RepositoryError) {
                guard let download = try registry.fetch(arrival.offer) else {
                    _ = ready.push((arrival, nil))
                    continue
                }
                download.whenEnded { _ = ready.push((arrival, download)) }
            } catch {
                failure.record(.repository(error))
                ready.close()
            }
        }
        if arrivals.isEmpty { ready.close() }
        withThreads(min(processorCount(), max(1, arrivals.count))) { _ in
            while let (arrival, download) = ready.pop() {
                if failure.occurred {
                    ready.close()
                    return
                }
                do throws(InstallationError) {
                    // What could not be fetched is not tried all over again.
                    _ = try InstallationError.collections { () throws(RepositoryError) in try download?.wait() }
                    let result = try body(arrival)
                    results.withLock { $0.append(result) }
                } catch {
                    failure.record(error)
                    ready.close()
                }
                finish()
            }
        }
        try failure.throwIfAny()
        return results.withLock { $0 }
    }
}
