internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import Digests
internal import Downloads
internal import Failures
internal import FileTree
internal import Ingest
internal import LinuxSystem
internal import Maintenance
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States
internal import Storage

/// The database, and the files it can be made of.
extension RootCheck {
    /// Reads the whole file of the database without LMDB.
    /// - Returns: whether the rest can be looked at.
    static func checkDatabaseFile(
        _ root: RootDirectory, _ options: CheckOptions, _ progress: @escaping ProgressHandler, isLocked: Bool,
        _ report: inout CheckReport
    ) throws(InstallationError) -> Bool {
        let (damage, isReadable) = try withStillTrees(root, isLocked: isLocked, progress) {
            () throws(InstallationError) in try readDatabaseFile(root)
        }
        if damage.isEmpty { return true }
        guard options.repairs else {
            report.findings += damage.map { .init(damage: $0, outcome: .found) }
            report.advice.append(.repair)
            // LMDB would believe what the pages say.
            report.isComplete = isReadable
            return isReadable
        }
        let rebuild = try Installation.rebuild(root, progress)
        report.rebuild = rebuild
        report.findings += damage.map { .init(damage: $0, outcome: .repaired("made anew from the files")) }
        report.findings += rebuild.damage.map { .init(damage: $0, outcome: .lost) }
        return true
    }

    private static func readDatabaseFile(
        _ root: RootDirectory
    ) throws(InstallationError) -> (damage: [Damage], isReadable: Bool) {
        var damage: [Damage] = []
        var isReadable = true
        var buckets: Set<[UInt8]> = []
        do throws(DatabaseError) {
            let problems = try DatabaseFile.read(root.path.appending(".moss/db")) { buckets.insert($0.bucket) }
            for problem in problems {
                if let record = problem.record {
                    damage.append(Damage(.record(bucket: record.bucket, key: record.key), .damaged, problem.text))
                } else {
                    damage.append(Damage(.database, .damaged, problem.text))
                    isReadable = false
                }
            }
        } catch {
            if error.saysNothing { throw .database(error) }
            damage.append(Damage(.database, error.code == .notFound ? .missing : .damaged, error.detail))
            isReadable = false
        }
        for name in buckets where !BucketName.all.contains(String(decoding: name, as: UTF8.self)) {
            let text = "bucket \(String(decoding: name, as: UTF8.self)) is none of ours"
            damage.append(Damage(.database, .extra, text))
        }
        return (damage, isReadable)
    }

    /// Holds records, manifests and states' files against each other.
    ///
    /// - Throws: where the records cannot be looked at: nothing else can be judged without them.
    func lookAtRecords() throws(InstallationError) -> Records {
        try Self.withStillTrees(root, isLocked: isLocked, progress) { () throws(InstallationError) in
            var records = Records()
            do {
                try look(at: &records)
            } catch {
                if let error = error as? any MarkedError, error.saysNothing { throw InstallationError(error) }
                records.damage.append(Damage(.database, .damaged, "\(error)"))
                report.isComplete = false
            }
            return records
        }
    }

    private func look(at records: inout Records) throws {
        let files = try StateFileCheck(installation.stateStore).run()
        records.damage += files.damage
        report.note(files.unseen)
        records.states = try installation.stateStore.readableStates()
        records.trees = try installation.stateStore.describedTrees()
        let roots = records.states.map {
            RecordCheck.Root(number: $0.number, tree: $0.tree, packages: $0.selections.map(\.package))
        }
        let check = try RecordCheck(
            installation.catalog, roots: roots, others: records.trees.map(\.tree), chosen: options.state)
        records.damage += check.damage
        records.table = check.table
        records.files = check.files
        records.packages = check.packages
        records.damage += try checkManifests(records)
    }

    private func checkManifests(_ records: Records) throws -> [Damage] {
        var wanted = records.packages
        if let number = options.state, let state = records.states.first(where: { $0.number == number }) {
            wanted = state.selections.map(\.package)
        }
        // With a budget, only at the end of a round: see checkObjects.
        let isReading = options.depth == .full && options.budget == nil
        let (damage, unseen) = try ManifestCheck(installation.catalog).run(of: wanted, reading: isReading)
        report.note(unseen)
        return options.state == nil ? damage : damage.filter { $0.problem != .orphan }
    }

    // MARK: Repair

    /// Makes files from sound records and then all records from the files.
    func repairRecords() throws(InstallationError) {
        let first = records.damage
        var isWithoutRecords = false
        for item in first where item.concernsRecords {
            switch item.subject {
            case .manifest(let id):
                // Where the records cannot be read, the package may come again from a collection.
                if try !rewriteManifest(id), try !fetchManifest(id) { isWithoutRecords = true }
            case .stateFile(let number) where item.problem != .dangling:
                if try !rewriteStateFile(number) { isWithoutRecords = true }
            default: isWithoutRecords = true
            }
        }
        if isWithoutRecords { try makeRecordsAnew() }
        records = try lookAtRecords()
        if isWithoutRecords, try refetchManifests() {
            try makeRecordsAnew()
            records = try lookAtRecords()
        }
        let left = Set(records.damage)
        note(
            first.filter { !left.contains($0) },
            .repaired(isWithoutRecords ? "made anew from the files" : "from its record"))
        note(records.damage.filter { !$0.isLitter }, .lost)
        note(records.damage.filter(\.isLitter))
    }

    /// - Returns: false where the records themselves are damaged.
    private func rewriteManifest(_ id: PackageID) throws(InstallationError) -> Bool {
        try keepFile(BytePath("packages/\(id.hexadecimal).stone"))
        do throws(StoreError) {
            try installation.catalog.rewriteManifest(id)
            return true
        } catch {
            if error.saysNothing { throw .store(error) }
            return false
        }
    }

    /// The same for a state's file.
    private func rewriteStateFile(_ number: UInt64) throws(InstallationError) -> Bool {
        try keepFile(BytePath("states/\(number)"))
        do throws(StateError) {
            try installation.stateStore.rewriteStateFile(number)
            return true
        } catch {
            if error.saysNothing { throw .state(error) }
            return false
        }
    }

    /// Puts aside what is at `path`, below `.moss`, before something else takes its place.
    private func keepFile(_ path: BytePath) throws(InstallationError) {
        do throws(SystemError) {
            try aside.keepFile(path)
        } catch {
            throw .system(error.below(root.path.appending(".moss")))
        }
    }

    private func makeRecordsAnew() throws(InstallationError) {
        var rebuild = try Installation.rebuild(root, progress)
        if let first = report.rebuild {
            // What was found is of interest, not what was made in between.
            rebuild.wasReadable = first.wasReadable
            rebuild.oldDatabase = first.oldDatabase
        }
        report.rebuild = rebuild
        installation = try Installation(root, isWritable: true, notice: notice)
    }

    /// Where a state is not what its packages' manifests make, one of these is another package's, and without records
    /// only the packages themselves tell which. Packages of which nothing is left are fetched too.
    ///
    /// - Returns: whether a manifest was written.
    private func refetchManifests() throws(InstallationError) -> Bool {
        let trees = records.damage.reduce(into: Set<[UInt8]>()) { trees, damage in
            if case .record("trees", let key) = damage.subject { trees.insert(key) }
        }
        let known = Set(records.packages)
        let packages = records.states.reduce(into: Set<PackageID>()) { packages, state in
            let isComposed = !trees.contains(state.tree.bytes)
            packages.formUnion(state.selections.map(\.package).filter { !isComposed || !known.contains($0) })
        }
        if packages.isEmpty { return false }
        refreshCollections()
        // All of them: the first need not be the wrong one.
        var isAnyWritten = false
        for package in packages.sorted() where try fetchManifest(package) { isAnyWritten = true }
        return isAnyWritten
    }

    /// Writes a package's manifest from its stone, if a collection has that.
    private func fetchManifest(_ id: PackageID) throws(InstallationError) -> Bool {
        do throws(InstallationError) {
            let registry = try InstallationError.collections { () throws(RepositoryError) in
                try installation.collections.registry()
            }
            let offer = try InstallationError.collections { () throws(RepositoryError) in try registry.package(id) }
            guard let offer else { return false }
            let record = try installation.stones.ingest(offer, registry, into: installation.ingester)
            try keepFile(BytePath("packages/\(id.hexadecimal).stone"))
            try InstallationError.stored { () throws(StoreError) in
                try installation.catalog.replaceManifest(of: id, with: record.manifest)
            }
            return true
        } catch {
            // A collection that has it no more, or another one.
            if error.saysNothing { throw error }
            return false
        }
    }

    /// Reads again what collections offer, which no file of the root tells and which repairs need.
    func refreshCollections() {
        areCollectionsFresh = true
        let listed = attempt(
            .database, { () throws(RepositoryError) in try installation.collections.list() }, else: [])
        for collection in listed where collection.configuration.isActive {
            let id = collection.configuration.id
            do throws(RepositoryError) {
                try installation.collections.refetch(id)
            } catch {
                note(error, at: .collection(id.text))
                report.advice.append(.updateCollection(id.text))
            }
        }
    }
}
