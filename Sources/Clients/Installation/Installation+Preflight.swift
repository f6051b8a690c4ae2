internal import BytePath
internal import Failures
internal import FileTree
internal import Ingest
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import States

/// Whether a change fits, before it is begun. Everything it writes lies on the file system of `.moss`.
extension Installation {
    /// Left to everybody else.
    private static let reservedBytes: UInt64 = 1 << 20
    private static let reservedInodes: UInt64 = 64

    /// Refuses what will not fit, before anything is written.
    /// - Returns: whether it fits only with what is kept in reserve, which is there for returning to an older state too.
    func needsReserve(_ plan: Plan) throws(InstallationError) -> Bool {
        var free = try fileSystemStatus()
        // Counting every entry is worth it only where it gets tight.
        if fits(try needs(of: plan, roughly(plan), free), free) { return false }
        let needs = try needs(of: plan, try staging(plan), free)
        if fits(needs, free) { return false }
        let reserved = plan.isReturn ? root.reservedBytes : 0
        free.availableBytes += reserved
        if reserved > 0, free.totalInodes != 0 { free.freeInodes += 1 }
        guard fits(needs, free) else { throw .noSpace(shortage(of: needs, free)) }
        return true
    }

    /// What to say when the disk filled up although the check let the change pass: others write as well.
    func shortage(of plan: Plan, after failure: InstallationError) -> InstallationError {
        if case .noSpace = failure { return failure }
        // Of the user's share the file system says nothing.
        if failure.marks.contains(.quota) { return failure }
        do throws(InstallationError) {
            let free = try fileSystemStatus()
            var shortage = shortage(of: try needs(of: plan, try staging(plan), free), free)
            shortage.isAfterwards = true
            return .noSpace(shortage)
        } catch {
            // A database that could not write its last page cannot be read from any more.
            return failure
        }
    }

    private func fileSystemStatus() throws(InstallationError) -> FileSystemStatus {
        do throws(SystemError) {
            return try root.moss.fileSystemStatus()
        } catch {
            throw .system(error.below(root.path))
        }
    }

    private func fits(_ needs: SpaceNeeds, _ free: FileSystemStatus) -> Bool {
        needs.bytes <= free.availableBytes && (free.totalInodes == 0 || needs.inodes <= free.freeInodes)
    }

    private func shortage(of needs: SpaceNeeds, _ free: FileSystemStatus) -> SpaceShortage {
        let place = try? MountTable.mount(holding: root.moss.canonicalPath())
        let lacksInodes = free.totalInodes != 0 && needs.inodes > free.freeInodes && needs.bytes <= free.availableBytes
        return SpaceShortage(
            root: root.path, fileSystem: place?.path ?? root.path, resource: lacksInodes ? .inodes : .bytes,
            needed: lacksInodes ? needs.inodes : needs.bytes,
            available: lacksInodes ? free.freeInodes : free.availableBytes)
    }

}

extension Plan {
    /// Whether it only activates a state that exists.
    var isReturn: Bool { if case .existing = target { true } else { false } }
}

extension InstallationError {
    /// Whether it was no estimate that said so.
    var isShortageOfOthers: Bool { if case .noSpace = self { false } else { true } }
}

extension Installation {
    // MARK: Estimating

    /// What writing a tree takes.
    private struct Staging {
        var directories: UInt64 = 0
        /// Names in directories.
        var names: UInt64 = 0
        /// Symlinks and empty files; other files are links to objects.
        var others: UInt64 = 0
        /// Encodings of directories that may be new.
        var records: UInt64 = 0
    }

    private func needs(
        of plan: Plan, _ staging: Staging, _ free: FileSystemStatus
    ) throws(InstallationError) -> SpaceNeeds {
        var arriving: [PackageRecord] = []
        var generated: [ObjectID: UInt64] = [:]
        if case .newState(let candidate) = plan.target {
            arriving = candidate.arrivals.map(\.record)
            generated = candidate.generated.sizes
        }
        var needs = try InstallationError.stored { () throws(StoreError) in
            try ingester.missing(arriving, generated, blockSize: free.blockSize)
        }
        let copies = needs.inodes
        // Names in the shards, of which each may need another block, and records.
        needs.add(bytes: 64 + 200, times: copies)
        needs.add(files: min(copies, 256), of: 1)
        for record in arriving {
            // A manifest holds the layout once more, and so does the database.
            let layout = UInt64(record.layout.bytes.count)
            needs.add(files: 1, of: layout / 2 + 64 * UInt64(record.objects.count) + 8192)
            needs.add(bytes: 2 * layout + 16384)
        }
        needs.add(files: staging.directories, of: 1)
        needs.add(bytes: 64, times: staging.names)
        needs.add(files: staging.others, of: 0)
        needs.add(bytes: 64, times: staging.others)
        needs.add(bytes: 2, times: staging.records)
        // The state's file and the commits, which copy pages before they change them.
        needs.add(files: 2, of: free.blockSize)
        if plan.isReturn {
            needs.add(bytes: 128 << 10)
            return needs
        }
        needs.add(bytes: 512 << 10)
        needs.add(bytes: Self.reservedBytes)
        needs.add(inodes: Self.reservedInodes)
        return needs
    }

    /// No less than ``staging(_:)``, from sums that are known.
    private func roughly(_ plan: Plan) -> Staging {
        let (totals, records) =
            switch plan.target {
            case .newState(let candidate): (candidate.tree.totals, UInt64(candidate.tree.bytes.count))
            case .existing(let state): (state.totals, UInt64(0))
            }
        return Staging(
            directories: totals.directories.addingSaturated(1), names: totals.entries,
            others: totals.files.addingSaturated(totals.symlinks),
            records: records)
    }

    /// Counts what a spare lacks, or everything where there is none.
    private func staging(_ plan: Plan) throws(InstallationError) -> Staging {
        let spare = try InstallationError.states { () throws(StateError) in try stateStore.freeSpare() }
        var staging = Staging()
        try InstallationError.stored { () throws(StoreError) in
            switch plan.target {
            case .newState(let candidate):
                try lookUp(candidate.tree) { try Self.count(&staging, from: spare, to: candidate.tree.root, $0) }
            case .existing(let state):
                try objects.readingTrees { try Self.count(&staging, from: spare, to: state.tree, $0) }
                staging.records = 0
            }
        }
        return staging
    }

    private static func count(
        _ staging: inout Staging, from old: TreeID?, to new: TreeID, _ lookup: TreeLookup
    ) throws {
        var added: [TreeEntry] = []
        var seen: Set<BytePath> = []
        if old == nil { staging.directories += 1 }
        try TreeDifference.walk(from: old ?? Directory.empty.id, to: new, lookup) { path, change in
            switch change {
            case .added(let entry): added.append(entry)
            // Two directories differ by their metadata here, and keep their names.
            case .changed(let from, let to): if from.tree == nil || to.tree == nil { added.append(to) }
            case .removed: break
            }
            if seen.insert(path).inserted { staging.records += 4096 }
        }
        for entry in added {
            staging.names += 1
            switch entry.content {
            case .regular(_, let size): staging.others += size == 0 ? 1 : 0
            case .symlink: staging.others += 1
            case .directory(let tree):
                staging.directories += 1
                staging.records += UInt64(try lookup(tree).count)
                try count(&staging, from: Directory.empty.id, to: tree, lookup)
            }
        }
    }
}
