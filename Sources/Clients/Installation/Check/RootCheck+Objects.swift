internal import BytePath
internal import CollectionIndex
internal import Digests
internal import FileTree
internal import LinuxSystem
internal import Maintenance
internal import ObjectStore
internal import PackageModel
internal import States
internal import Storage

/// Objects: looking at all, reading those that are asked for, and repairing from every copy there is.
extension RootCheck {
    /// What is wrong with objects.
    struct ObjectDamage {
        var damage: [Damage] = []
        /// What the files that hold something else do hold, by row.
        var contents: [Int: ObjectID] = [:]
    }

    /// Looks whether the directories of the store are there. A missing one is made by whoever opens a store that is its
    /// own, with nothing in it.
    /// - Returns: whether the rest can be looked at.
    static func checkDirectories(
        _ root: RootDirectory, _ options: CheckOptions, _ aside: AsideDirectory, _ report: inout CheckReport
    ) throws(InstallationError) -> Bool {
        var isWhole = true
        do throws(SystemError) {
            for name in RootLayout.storeDirectories {
                guard let kind = try root.moss.statusIfPresent(of: name)?.kind, kind != .directory else { continue }
                if options.repairs {
                    try root.moss.rename(name, to: name, below: aside.open("store"))
                    try root.moss.ensureDirectory(name)
                } else {
                    isWhole = false
                }
                report.findings.append(
                    .init(
                        damage: Damage(.file(name), .wrongKind, kind.name),
                        outcome: options.repairs ? .repaired("made anew") : .found))
            }
        } catch {
            throw .system(error.below(root.path.appending(".moss")))
        }
        if isWhole { return true }
        report.advice.append(.repair)
        report.isComplete = false
        return false
    }

    func checkObjects() throws(InstallationError) -> ObjectDamage {
        progress(.phase(.checking, total: UInt64(records.table.count)))
        var result = ObjectDamage()
        let scan = ObjectScan.run(
            installation.objects, records.table, readingFollows: options.depth == .full && options.budget == nil
        ) { [progress] in progress(.advanced(.checking, by: $0)) }
        result.damage = scan.damage
        report.note(scan.unseen)
        if options.state != nil {
            result.damage.removeAll { !isChosen($0) }
            report.unseen.removeAll { !concernsChosen($0) }
            // What is wrong elsewhere is not looked at closer, let alone repaired.
            for index in records.table.rows.indices where !records.table.rows[index].marks.contains(.chosen) {
                records.table.rows[index].marks.remove(.bad)
            }
        }
        try readContents(&result)
        report.objects = records.table.count
        return result
    }

    private func isChosen(_ damage: Damage) -> Bool {
        guard case .object(let digest, let variant) = damage.subject,
            let index = records.table.index(of: digest, variant)
        else { return false }
        return records.table.rows[index].marks.contains(.chosen)
    }

    /// Whether something of the state that is checked may be behind what could not be looked at.
    private func concernsChosen(_ unseen: Damage.Unseen) -> Bool {
        switch unseen.subject {
        case .object(let digest, let variant):
            records.table.index(of: digest, variant).map { records.table.rows[$0].marks.contains(.chosen) } ?? false
        case .file(let place) where place.parent == "objects":
            records.table.rows.contains {
                $0.marks.contains(.chosen) && ObjectStore.path(of: $0.digest, $0.variant).parent == place
            }
        default: true
        }
    }

    private func readContents(_ result: inout ObjectDamage) throws(InstallationError) {
        let cursor = options.budget == nil ? nil : CheckCursor(root)
        let isFull = options.depth == .full
        if isFull { progress(.phase(.verifying, total: ContentCheck.byteCount(records.table))) }
        let check = ContentCheck.run(
            installation.objects, records.table, onlySuspects: !isFull,
            first: options.budget.map { _ in cursor?.unit ?? 0 },
            deadline: options.budget.map { Int64(monotonicNanoseconds()) + $0 }
        ) { [progress] in if isFull { progress(.advanced(.verifying, by: $0)) } }
        report.bytesRead += check.bytes
        result.damage += check.damage
        report.note(check.unseen)
        for mismatch in check.mismatches {
            let row = records.table.rows[mismatch.index]
            result.contents[mismatch.index] = mismatch.found
            result.damage.append(
                Damage(
                    .object(row.digest, row.variant), mismatch.found == nil ? .unreadable : .wrongContent,
                    mismatch.detail))
        }
        guard options.budget != nil else { return }
        if let next = check.next {
            report.isComplete = false
            report.budgetProgress = next * 1000 / ContentCheck.unitCount
            CheckCursor.write(next, root)
        } else {
            report.budgetProgress = 1000
            CheckCursor.remove(root)
            // The rest of a round.
            let manifests = try InstallationError.stored { () throws(StoreError) in
                try ManifestCheck(installation.catalog).run(of: records.packages, reading: true)
            }
            report.note(manifests.unseen.filter { !report.unseen.contains($0) })
            note(manifests.damage.filter { $0.problem != .orphan && !records.damage.contains($0) })
        }
    }

    // MARK: Repair

    /// Puts every object right that has a good copy anywhere, and takes the names of others away that were read and are
    /// not what these say. All of them are put aside first.
    func repairObjects(_ found: ObjectDamage) throws(InstallationError) {
        let objects = found.damage.filter { if case .object = $0.subject { !$0.isLitter } else { false } }
        let others = found.damage.filter { !objects.contains($0) }
        if others.contains(where: { !$0.isLitter }) {
            let isMade = repairing(.file("objects"), { () throws(StoreError) in try makeDirectories(others) }) != nil
            note(others.filter { !$0.isLitter }, isMade ? .repaired("made anew") : .found)
        }
        note(others.filter(\.isLitter))
        guard !objects.isEmpty else { return }
        progress(.phase(.repairing, total: UInt64(objects.count)))
        let repair = try ObjectRepair(self, found, litter: others)
        let outcomes = repair.run()
        for item in objects {
            guard case .object(let digest, let variant) = item.subject else { continue }
            note([item], outcomes[.init(digest: digest, variant: variant)] ?? .found)
        }
        // Inodes are others now.
        report.note(ObjectScan.run(installation.objects, records.table).unseen.filter { !report.unseen.contains($0) })
    }

    /// Makes the shards that are missing. One that is no directory any more is a file in the way.
    private func makeDirectories(_ damage: [Damage]) throws(StoreError) {
        do throws(SystemError) {
            for item in damage where !item.isLitter {
                guard case .file(let path) = item.subject,
                    let status = try root.moss.statusIfPresent(of: path), status.kind != .directory
                else { continue }
                try root.moss.rename(path, to: path.lastComponent, below: aside.open(path.parent))
            }
        } catch {
            throw .system(error)
        }
        try installation.objects.makeDirectories()
    }
}

/// Where a budgeted check goes on: the first unit of contents that was not read, in `.moss/fsck-cursor`.
struct CheckCursor {
    private static let name: BytePath = "fsck-cursor"
    private static let head = "moss fsck 1"

    let unit: Int

    init?(_ root: RootDirectory) {
        // One that cannot be read costs reading something twice.
        guard let bytes = try? root.moss.readFileIfPresent(Self.name, limit: 4096) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard lines.count == 2, lines[0] == Self.head, let unit = Int(lines[1]),
            (0..<ContentCheck.unitCount).contains(unit)
        else { return nil }
        self.unit = unit
    }

    /// A place that cannot be written down costs reading something twice.
    static func write(_ unit: Int, _ root: RootDirectory) {
        // Nobody leaves files in another's root.
        guard root.possession.isOwn else { return }
        try? root.moss.replaceFile(name, with: Array("\(head)\n\(unit)\n".utf8))
    }

    static func remove(_ root: RootDirectory) {
        guard root.possession.isOwn else { return }
        try? root.moss.unlink(name)
    }
}
