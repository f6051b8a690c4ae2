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

/// Files that were fetched.
struct FetchedFiles: Hashable, Sendable {
    var count = 0
    var bytes: UInt64 = 0
}

/// Stones that are elsewhere.
extension Installation {
    private static let downloadDirectory: BytePath = "downloads"

    /// What is fetched for a root lies in it, unless it belongs to somebody else.
    static func downloads(
        of root: RootDirectory, _ options: FetchOptions
    ) throws(InstallationError) -> Downloader {
        let isOwn = root.possession.isOwn
        let directory = DownloadDirectory { () throws(SystemError) in
            guard isOwn else { return nil }
            do throws(SystemError) {
                try root.moss.ensureDirectory(downloadDirectory, mode: 0o700)
                return try root.moss.openDirectory(downloadDirectory)
            } catch {
                // Somebody who may only look has a directory of his own.
                guard [.accessDenied, .readOnlyFileSystem, .notPermitted].contains(error.number) else {
                    throw error.below(root.path.appending(".moss"))
                }
                return nil
            }
        }
        let configuration = try InstallationError.collections { () throws(RepositoryError) in
            try FetchConfiguration.load(from: root.root, at: root.path)
        }
        return Downloader(into: directory, configuration.applying(options))
    }

    /// Seconds after which a fetched stone, or a part of one, is not waited for any more.
    static let downloadLifetime: Int64 = 7 * 86_400

    /// What was fetched and is not needed any more; nothing while somebody is at it.
    ///
    /// - Parameter seconds: files that changed within so many count as needed.
    func fetchedFiles(olderThan seconds: Int64, removing: Bool) -> FetchedFiles {
        var found = FetchedFiles()
        guard let directory = try? root.moss.openDirectory(Self.downloadDirectory),
            (try? directory.lock(.exclusive)) == true, let entries = try? directory.entries()
        else { return found }
        for entry in entries where entry.kind == .regular {
            guard let status = try? directory.status(of: entry.name),
                currentTimeSeconds() - status.modified / 1_000_000_000 >= seconds
            else { continue }
            if removing, (try? directory.unlink(entry.name)) == nil { continue }
            found.count += 1
            found.bytes.addSaturated(status.size)
        }
        return found
    }

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
    func forgetStones(of arrivals: [Plan.Arrival]) {
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
        let ready = BlockingQueue<Plan.Arrival>(capacity: arrivals.count)
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
                    _ = ready.push(arrival)
                    continue
                }
                download.whenEnded { _ = ready.push(arrival) }
            } catch {
                failure.record(.repository(error))
                ready.close()
            }
        }
        if arrivals.isEmpty { ready.close() }
        withThreads(min(processorCount(), max(1, arrivals.count))) { _ in
            while let arrival = ready.pop() {
                if failure.occurred {
                    ready.close()
                    return
                }
                do throws(InstallationError) {
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
