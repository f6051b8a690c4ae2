internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Failures
internal import FileTree
internal import LinuxSystem
internal import Maintenance
internal import ObjectStore
internal import PackageModel
internal import States

/// Looks at everything in a root and, where asked to, puts it right.
///
/// Files first, then what leads to them: nothing here trusts what was not looked at before. The structure of the
/// database is checked before LMDB reads it, records before objects, objects before trees, and repairs follow the same
/// order. Each step of a repair is one rename or one exchange, so it can be stopped anywhere and begun again.
final class RootCheck {
    let root: RootDirectory
    let options: CheckOptions
    let notice: (String) -> Void
    let progress: ProgressHandler
    let aside: AsideDirectory
    /// Whether this holds the root's lock: nobody else changes more than spares and their records meanwhile.
    let isLocked: Bool
    var installation: Installation
    var report = CheckReport()
    var records = Records()
    /// Whether what collections offer was read again.
    var areCollectionsFresh = false

    /// What the records say, as far as they can be read.
    struct Records {
        var table = ObjectTable(sorted: [])
        var files = FileRows()
        var packages: [PackageID] = []
        var states: [State] = []
        var trees: [(place: BytePath, tree: TreeID)] = []
        var damage: [Damage] = []
    }

    /// Checks the root at `path`.
    ///
    /// - Parameters: as of ``Installation/check(_:_:waiting:notice:progress:)``.
    static func run(
        _ path: BytePath, _ options: CheckOptions, waiting: (@Sendable (String) -> Void)?,
        notice: @escaping (String) -> Void, progress: @escaping ProgressHandler
    ) throws(InstallationError) -> CheckReport {
        let root = try InstallationError.states { () throws(StateError) in try RootDirectory(opening: path) }
        if options.repairs { try InstallationError.states { () throws(StateError) in try root.checkOwner() } }
        let lock = try takeLock(root, options, waiting)
        defer { lock?.lock.hold() }
        if lock != nil { return try look(root, options, notice, progress, isLocked: true) }
        return try UnlockedCheck(root, progress).run { () throws(InstallationError) in
            try look(root, options, notice, progress, isLocked: false)
        }
    }

    private static func look(
        _ root: RootDirectory, _ options: CheckOptions, _ notice: @escaping (String) -> Void,
        _ progress: @escaping ProgressHandler, isLocked: Bool
    ) throws(InstallationError) -> CheckReport {
        var report = CheckReport()
        let aside = AsideDirectory(root)
        guard try checkDirectories(root, options, aside, &report),
            try checkDatabaseFile(root, options, progress, isLocked: isLocked, &report)
        else { return report }
        let check = try RootCheck(root, options, notice, progress, aside, report, isLocked: isLocked)
        try check.perform()
        return check.report
    }

    /// Runs `body` while no spare is written: tidying works beside the holder of the root's lock.
    static func withStillTrees<R>(
        _ root: RootDirectory, isLocked: Bool, _ progress: ProgressHandler, _ body: () throws(InstallationError) -> R
    ) throws(InstallationError) -> R {
        // Whoever could not take that lock cannot take this one either, and looks again instead.
        guard isLocked else { return try body() }
        let lock = try InstallationError.states { () throws(StateError) in
            HeldLock(
                try root.lockTrees(holder: "process \(CurrentProcess.identifier) (checking)") { _ in
                    progress(.phase(.waiting, total: 0))
                })
        }
        defer { lock.lock.hold() }
        return try body()
    }

    /// The lock in a form that can be kept optional.
    private final class HeldLock {
        let lock: FileLock
        init(_ lock: consuming FileLock) { self.lock = lock }
    }

    /// What is checked must hold still. Who may not write to the root looks without the lock.
    private static func takeLock(
        _ root: RootDirectory, _ options: CheckOptions, _ waiting: (@Sendable (String) -> Void)?
    ) throws(InstallationError) -> HeldLock? {
        guard root.possession.isOwn else { return nil }
        do throws(InstallationError) {
            return HeldLock(try Installation.lock(root, waiting))
        } catch {
            guard !options.repairs, case .state(.system(let cause)) = error,
                [.accessDenied, .notPermitted, .readOnlyFileSystem].contains(cause.number)
            else { throw error }
            return nil
        }
    }

    private init(
        _ root: RootDirectory, _ options: CheckOptions, _ notice: @escaping (String) -> Void,
        _ progress: @escaping ProgressHandler, _ aside: AsideDirectory, _ report: CheckReport, isLocked: Bool
    ) throws(InstallationError) {
        self.root = root
        self.options = options
        self.notice = notice
        self.progress = progress
        self.report = report
        self.isLocked = isLocked
        self.aside = aside
        installation = try Installation(root, isWritable: options.repairs, notice: notice)
    }

    private func perform() throws(InstallationError) {
        if options.repairs {
            try InstallationError.states { () throws(StateError) in try root.beginChange() }
            try recover()
        }
        records = try lookAtRecords()
        if options.repairs, records.damage.contains(where: \.concernsRecords) {
            let lost = report.findings.filter { $0.outcome == .lost }.map(\.damage)
            try repairRecords()
            if !records.damage.contains(where: \.concernsRecords) {
                for item in lost { settle(item, "from what collections offer") }
            }
        } else {
            note(records.damage)
        }
        if let rebuild = report.rebuild, !rebuild.wasReadable, !areCollectionsFresh { refreshCollections() }
        if let state = options.state, !records.states.contains(where: { $0.number == state }) {
            throw .state(.unknownState(state))
        }
        let objects = try checkObjects()
        if options.repairs { try repairObjects(objects) } else { note(objects.damage) }
        try checkTrees()
        if options.state == nil { checkLitter() }
        try conclude()
        guard options.repairs else { return }
        // What is reported as repaired is on disk.
        if !report.damages.isEmpty { try settle() }
        root.endChange()
    }

    /// Finishes or forgets what an earlier command was stopped in. What keeps damage from being recovered from is found
    /// by the check.
    private func recover() throws(InstallationError) {
        do throws(InstallationError) {
            _ = try Installation.recover(root, (installation.catalog, installation.database), installation.stateStore)
        } catch {
            guard error.marks.contains(.damaged) else { throw error }
        }
    }

    /// Waits until everything that was put right so far is on disk.
    func settle() throws(InstallationError) {
        try InstallationError.stored { () throws(StoreError) in try installation.objects.syncFileSystem() }
    }

    func note(_ damage: [Damage], _ outcome: CheckReport.Finding.Outcome = .found) {
        for item in damage { report.findings.append(.init(damage: item, outcome: outcome)) }
    }

    /// Runs a look at something. Where there is nothing to be seen, that is a finding; where this cannot look, it is not.
    func attempt<R, E: MarkedError>(
        _ subject: Damage.Subject, _ body: () throws(E) -> R, else fallback: R
    ) -> R {
        do throws(E) {
            return try body()
        } catch {
            note(error, at: subject)
            return fallback
        }
    }

    /// Notes what a look failed with.
    func note(_ error: some MarkedError, at subject: Damage.Subject) {
        if error.saysNothing { return report.note([Damage.Unseen(subject, error)]) }
        note([Damage(subject, .unreadable, "\(error)")])
        report.isComplete = false
    }

    /// Does a step of a repair.
    /// - Returns: nil where it cannot be done, and why is noted.
    func repairing<R: ~Copyable, E: MarkedError>(
        _ subject: Damage.Subject, _ body: () throws(E) -> R
    ) -> R? {
        do throws(E) {
            return try body()
        } catch {
            report.note([Damage.Unseen(subject, error)])
            return nil
        }
    }
}

extension Damage {
    /// Whether the database has to be made anew because of it.
    var concernsRecords: Bool {
        if isLitter { return false }
        switch subject {
        case .database, .record: return true
        case .stateFile, .manifest: return true
        case .object, .file, .entry, .collection: return false
        }
    }
}
