package import BytePath
package import CollectionIndex
package import Downloads
internal import FileTree
package import GarbageCollection
internal import Ingest
internal import LinuxSystem
package import ObjectStore
package import PackageCatalog
package import States
internal import Storage

/// One root and the verbs people use on it: the only place where the engines meet.
///
/// A change is planned first and done from the plan.
package final class Installation: Sendable {
    package enum Access: Sendable {
        /// Takes no lock and writes nothing.
        case reading
        /// Takes the root's lock, and first finishes or forgets what an earlier command was stopped in. While another
        /// command holds the lock: `waiting` is called with a line about that command, then this waits; nil throws.
        case changing(waiting: (@Sendable (String) -> Void)?)
        /// For ``Installation/tidy()`` only: writes, but keeps no lock, as that works beside other commands. What an
        /// earlier command was stopped in is finished first, unless another command is at work and will see to it.
        case tidying
    }

    typealias OpenedStore = (catalog: PackageCatalog, database: Database)

    package let root: RootDirectory
    let database: Database
    package let objects: ObjectStore
    package let catalog: PackageCatalog
    package let leases: Leases
    package let stateStore: StateStore
    package let collections: CollectionManager
    var collector: GarbageCollector { GarbageCollector(catalog, leases, database) }
    var ingester: Ingester { Ingester(objects) }
    var stones: StoneSupply { StoneSupply(collections: collections, ingester: ingester) }
    /// What an earlier command had left to do.
    package let recovery: Recovery
    private let lock: FileLock?

    /// Makes a root of a directory that is missing, empty or a root already.
    /// - Returns: whether it was made now.
    package static func initialise(_ path: BytePath) throws(InstallationError) -> Bool {
        let fresh = try InstallationError.states { () throws(StateError) in try RootDirectory.prepare(path) }
        let root = try InstallationError.states { () throws(StateError) in
            if let fresh { fresh } else { try RootDirectory(opening: path) }
        }
        // What is a root of the format before is one already.
        if fresh == nil, root.format != .current { return false }
        try InstallationError.states { () throws(StateError) in try root.checkOwner() }
        let (catalog, database) = try openStore(root, isWritable: true, create: true) { _ in }
        try InstallationError.states { () throws(StateError) in
            try StateStore(root, catalog, database).initialise()
            // Last: what makes this a root must not come before its parts.
            try fresh?.seal()
        }
        return fresh != nil
    }

    /// A database that does not open is made anew from the files beside it, and one of the format before is taken over,
    /// unless this only reads. `notice` is told of that, and of what is left out of the configuration.
    package init(
        opening path: BytePath, _ access: Access, fetching settings: FetchOptions = FetchOptions(),
        notice: @escaping @Sendable (String) -> Void = { _ in }
    ) throws(InstallationError) {
        let root = try InstallationError.states { () throws(StateError) in try RootDirectory(opening: path) }
        var isReading = false
        if case .reading = access { isReading = true }
        if !isReading { try InstallationError.states { () throws(StateError) in try root.checkOwner() } }
        if case .changing(let waiting) = access {
            lock = try Self.usingReserve(of: root, access) { () throws(InstallationError) in
                try Self.lock(root, waiting)
            }
        } else {
            lock = nil
        }
        let (opened, stateStore, recovery) = try Self.usingReserve(of: root, access) { () throws(InstallationError) in
            try Self.open(root, access, notice)
        }
        self.recovery = recovery
        self.root = root
        (catalog, database) = opened
        objects = catalog.objects
        leases = Leases(objects, database)
        self.stateStore = stateStore
        collections = CollectionManager(
            root: root.path, database: database, downloads: try FetchedFiles.downloader(of: root, settings),
            notice: notice)
    }

    private static func open(
        _ root: RootDirectory, _ access: Access, _ notice: @Sendable (String) -> Void
    ) throws(InstallationError) -> (OpenedStore, StateStore, Recovery) {
        var isReading = false
        if case .reading = access { isReading = true }
        let opened = try openStoreRebuilding(root, isWritable: !isReading, access, notice)
        let stateStore = StateStore(root, opened.catalog, opened.database)
        let recovery: Recovery =
            switch access {
            case .reading: .notNeeded
            case .changing: try recover(root, opened, stateStore)
            case .tidying: try recoverIfIdle(root, opened, stateStore)
            }
        return (opened, stateStore, recovery)
    }

    /// Runs `body`, which has to be done before anything can free space; on a full disk once more, without the reserve.
    private static func usingReserve<R: ~Copyable>(
        of root: RootDirectory, _ access: Access, _ body: () throws(InstallationError) -> R
    ) throws(InstallationError) -> R {
        do throws(InstallationError) {
            return try body()
        } catch {
            if case .reading = access { throw error }
            guard error.kind == .noSpace, root.giveUpReserve() else { throw error }
        }
        return try body()
    }

    /// For the one who holds the root's lock already, and has seen to what an earlier command was stopped in.
    init(
        _ root: RootDirectory, isWritable: Bool, notice: (String) -> Void
    ) throws(InstallationError) {
        self.root = root
        (catalog, database) = try Self.openStore(root, isWritable: isWritable, create: false, notice)
        objects = catalog.objects
        leases = Leases(objects, database)
        stateStore = StateStore(root, catalog, database)
        collections = CollectionManager(
            root: root.path, database: database, downloads: try FetchedFiles.downloader(of: root, FetchOptions()))
        recovery = .notNeeded
        lock = nil
    }

    /// Finishes or forgets what an earlier command was stopped in, and removes what it left lying about.
    static func recover(
        _ root: RootDirectory, _ opened: OpenedStore, _ stateStore: StateStore
    ) throws(InstallationError) -> Recovery {
        let (recovery, wasCutShort) = try InstallationError.states { () throws(StateError) in
            (try stateStore.recover(), try root.isChangePending())
        }
        guard wasCutShort else { return recovery }
        try InstallationError.stored { () throws(StoreError) in
            try GarbageCollector(
                opened.catalog, Leases(opened.catalog.objects, opened.database), opened.database
            ).removeTemporaryFiles()
        }
        try InstallationError.states { () throws(StateError) in try stateStore.removeLeftovers() }
        root.abandonChange()
        return recovery
    }

    /// The same for one who keeps no lock: only where there is something to do and nobody at work, so that no other
    /// command ever finds the lock taken for this.
    private static func recoverIfIdle(
        _ root: RootDirectory, _ opened: OpenedStore, _ stateStore: StateStore
    ) throws(InstallationError) -> Recovery {
        let isPending = try InstallationError.states { () throws(StateError) in try root.isChangePending() }
        guard isPending, let lock = try? lock(root, nil) else { return .notNeeded }
        defer { lock.hold() }
        return try recover(root, opened, stateStore)
    }

    static func lock(
        _ root: RootDirectory, _ waiting: (@Sendable (String) -> Void)?
    ) throws(InstallationError) -> FileLock {
        let command = CurrentProcess.commandLine.map(\.display).joined(separator: " ")
        do throws(StateError) {
            return try root.lock(holder: "process \(CurrentProcess.identifier) (\(command))", waiting: waiting)
        } catch {
            throw .state(error)
        }
    }

    static func openStore(
        _ root: RootDirectory, isWritable: Bool, create: Bool, _ notice: (String) -> Void
    ) throws(InstallationError) -> OpenedStore {
        let database = try openDatabase(root, isWritable: isWritable, create: create)
        if isWritable { try TakeOver.run(root, database, notice) }
        return try InstallationError.stored { () throws(StoreError) in
            let objects = try ObjectStore(
                in: root.moss, database, ownership: root.ownership, making: create ? .all : .none)
            return (try PackageCatalog(objects, database), database)
        }
    }

    private static func openDatabase(
        _ root: RootDirectory, isWritable: Bool, create: Bool
    ) throws(InstallationError) -> Database {
        let place = root.path.appending(".moss/db")
        let size: UInt64
        do throws(SystemError) {
            let status = try root.moss.statusIfPresent(of: "db/data.mdb")
            switch status?.kind {
            case nil: size = 0
            case .regular: size = status?.size ?? 0
            case .symlink: size = (try? root.moss.status(of: "db/data.mdb", followingLinks: true).size) ?? 0
            // Whoever opens it says what it is.
            default: size = 1
            }
        } catch {
            throw .system(error.below(root.path.appending(".moss")))
        }
        do throws(DatabaseError) {
            // LMDB would make a new one, with nothing in it.
            if !create, size == 0 { throw DatabaseError(.notFound, directory: place, detail: "data.mdb is gone") }
            if !root.possession.isTrusted { return try copyDatabase(of: root, place) }
            var options = DatabaseOptions()
            options.readOnly = !isWritable
            options.withoutLock = !root.possession.isOwn
            options.format = DatabaseFormat.rule
            return try Database(at: place, options: options)
        } catch {
            throw .database(error)
        }
    }

    /// Bytes of a database that root, or anybody else, takes into memory to look at a root of a user nobody vouches for.
    private static let copyLimit: UInt64 = 512 << 20

    private static func copyDatabase(
        of root: RootDirectory, _ place: BytePath
    ) throws(DatabaseError) -> Database {
        let directory: Descriptor
        do throws(SystemError) {
            directory = try root.moss.openDirectory("db")
        } catch {
            throw DatabaseError(
                error.number == .accessDenied ? .permissionDenied : .notFound, directory: place,
                detail: "\(error)")
        }
        let database = try Database(copyOf: directory, at: place, limit: copyLimit, format: DatabaseFormat.rule)
        // A bucket under another name would look like one with nothing in it.
        for name in try database.bucketNames() where !BucketName.all.contains(String(decoding: name, as: UTF8.self)) {
            let text = "bucket \(String(decoding: name, as: UTF8.self)) is none of ours"
            throw DatabaseError(.damaged, directory: place, detail: text)
        }
        return database
    }
}
