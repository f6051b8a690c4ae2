package import Blit
package import BytePath
internal import Digests
internal import Failures
internal import FileTree
package import LinuxSystem
package import ObjectStore
package import PackageModel
internal import Storage

/// Holds a tree on disk against what it should be, entry by entry, without reading its files.
///
/// A file that is the inode of its object needs no look of its own: what is wrong with it is found at the object. Names
/// and inodes come with the listing of a directory, so most files cost no system call.
package final class TreeCheck: Sendable {
    /// A file that is not the store's inode: only its bytes tell whether it is right.
    package struct Suspect: Hashable, Sendable {
        package let path: BytePath
        package let digest: ObjectID
        package let size: UInt64
        package let inode: UInt64
    }

    package struct Result: Sendable {
        package var damage: [Damage] = []
        package var suspects: [Suspect] = []
        /// What could not be looked at, with all that is below it.
        package var unseen: [Damage.Unseen] = []
        package var entries = 0
    }

    private let store: ObjectStore
    private let table: ObjectTable
    private let files: FileRows
    /// Of the table's rows, close together.
    private let inodes: [UInt64]
    private let place: BytePath
    private let extraNames: Set<BytePath>
    private let mounted: Set<BytePath>
    private let progress: @Sendable (UInt64) -> Void
    private let result = Guarded(Result())
    private let queue: DirectoryQueue

    private init(
        _ store: ObjectStore, _ table: ObjectTable, _ files: FileRows, _ place: BytePath, _ tree: TreeID,
        _ extraNames: Set<BytePath>, _ mounted: Set<BytePath>, _ progress: @escaping @Sendable (UInt64) -> Void
    ) {
        self.store = store
        self.table = table
        self.files = files
        inodes = table.rows.map(\.inode)
        self.place = place
        self.extraNames = extraNames
        self.mounted = mounted
        self.progress = progress
        queue = DirectoryQueue([DirectoryQueue.Item(path: "", tree: tree)])
    }

    /// - Parameters:
    ///   - place: where the tree lies in its root, for what is reported.
    ///   - table: with the inodes of the objects.
    ///   - files: of this table; directories it does not have are looked up file by file.
    ///   - extraNames: paths in the tree that do not belong to it.
    ///   - mounted: paths in the tree that something is mounted on: what is there is not looked at.
    package static func run(
        _ store: ObjectStore, _ table: ObjectTable, _ files: FileRows, _ root: borrowing Descriptor,
        at place: BytePath, _ tree: TreeID,
        extraNames: Set<BytePath>, mounted: Set<BytePath> = [], threadCount: Int = processorCount(),
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) throws(BlitError) -> Result {
        let check = TreeCheck(store, table, files, place, tree, extraNames, mounted, progress)
        let target = root.raw
        let failure = FirstError<StoreError>()
        withThreads(threadCount) { _ in
            do throws(StoreError) {
                try store.reading { (transaction) throws(StoreError) in
                    var worker = TreeCheckWorker()
                    while let item = check.queue.take() {
                        check.queue.done(adding: check.look(at: item, below: target, &worker, transaction))
                    }
                }
            } catch {
                failure.record(error)
                check.queue.stop()
            }
        }
        do throws(StoreError) { try failure.throwIfAny() } catch { throw .store(error) }
        return check.result.withLock { $0 }
    }

    private func report(_ path: BytePath, _ problem: Damage.Problem, _ detail: String = "") {
        let damage = Damage(.entry(place: place, path: path), problem, detail)
        result.withLock { $0.damage.append(damage) }
    }

    /// Reports what a look at `path` failed with: that it is something else, or that it was not seen.
    private func report(_ path: BytePath, _ error: some MarkedError) {
        if error.saysNothing {
            let unseen = Damage.Unseen(.entry(place: place, path: path), error)
            result.withLock { $0.unseen.append(unseen) }
        } else {
            report(path, .unreadable, "\(error)")
        }
    }

    /// - Returns: the subdirectories to look at.
    private func look(
        at item: DirectoryQueue.Item, below root: Int32, _ worker: inout TreeCheckWorker,
        _ transaction: borrowing ReadTransaction
    ) -> [DirectoryQueue.Item] {
        do {
            let opened = try (item.path.isEmpty ? "." : item.path).withCString { (path) throws(SystemError) in
                try SystemCalls.descend(root, path)
            }
            let attributes = try opened.foreignAttributes()
            if !attributes.isEmpty { report(item.path, .wrongAttributes, Damage.detail(attributes: attributes)) }
            if item.path.isEmpty, try opened.statusAndFlags().isLocked {
                report(item.path, .wrongAttributes, Damage.lockedDetail)
            }
            try worker.listing.read(opened.raw)
            worker.listing.sortByName()
            return try compare(item, opened.raw, &worker, transaction)
        } catch {
            report(item.path, StoreError(error))
        }
        return []
    }

    /// Steps through names and records, both ascending.
    private func compare(
        _ item: DirectoryQueue.Item, _ directory: Int32, _ worker: inout TreeCheckWorker,
        _ transaction: borrowing ReadTransaction
    ) throws(TreeError) -> [DirectoryQueue.Item] {
        var subdirectories: [DirectoryQueue.Item] = []
        var records = try Directory(ObjectStore.directory(item.tree, in: transaction), id: item.tree).cursor
        var rows = FileRowCursor(files.rows(of: item.tree))
        var next = try records.next()
        var count = 0
        for entry in worker.listing.entries {
            count += 1
            var order = 1
            while let record = next {
                order = worker.listing.withName(of: entry) { Self.order(record.name, $0) }
                guard order < 0 else { break }
                report(item.path.appending(BytePath(bytes: Array(record.name))), .missing)
                rows.pass(record)
                next = try records.next()
            }
            if let record = next, order == 0 {
                let row = rows.pass(record)
                if !mounted.isEmpty, mounted.contains(item.path.appending(worker.listing.name(of: entry))) {
                    // What is below is out of sight.
                } else if let below = check(record, row, entry, item.path, directory, &worker) {
                    subdirectories.append(below)
                }
                next = try records.next()
            } else {
                let name = worker.listing.name(of: entry)
                let path = item.path.appending(name)
                if extraNames.contains(path) || mounted.contains(path) { continue }
                report(path, .extra, entry.kind.name)
            }
        }
        while let record = next {
            report(item.path.appending(BytePath(bytes: Array(record.name))), .missing)
            next = try records.next()
        }
        let looked = count
        result.withLock { $0.entries += looked }
        progress(UInt64(looked))
        return subdirectories
    }

    private static func order(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
        let common = min(left.count, right.count)
        for index in 0..<common where left[index] != right[index] { return left[index] < right[index] ? -1 : 1 }
        return left.count - right.count
    }

    // MARK: Entries

    private func check(
        _ record: EntryRecord, _ row: Int?, _ entry: DirectoryListing.Entry, _ parent: BytePath,
        _ directory: Int32, _ worker: inout TreeCheckWorker
    ) -> DirectoryQueue.Item? {
        let path = { parent.appending(BytePath(bytes: Array(record.name))) }
        if record.kind == .regular, record.size > 0, entry.inode != 0, entry.inode == inode(of: record, row) {
            return nil
        }
        do throws(SystemError) {
            let status = try SystemCalls.statusAndFlags(directory, record.cName)
            guard status.kind == record.kind.fileKind else {
                report(path(), .wrongKind, status.kind.name)
                return nil
            }
            checkMetadata(status, record, path)
            switch record.kind {
            case .directory: return DirectoryQueue.Item(path: path(), tree: record.tree)
            case .symlink: try checkTarget(record, directory, &worker, path)
            case .regular:
                checkFile(status, record, path)
                // It is not an object, where its attributes would be looked at.
                let attributes = try? SystemCalls.openKnownFile(directory, record.cName).foreignAttributes()
                if let attributes, !attributes.isEmpty {
                    report(path(), .wrongAttributes, Damage.detail(attributes: attributes))
                }
            }
        } catch {
            // One that went between the listing and this look.
            if error.number == .noSuchFile { report(path(), .missing) } else { report(path(), error) }
        }
        return nil
    }

    /// Of the object that the file has to be; nil without a row.
    private func inode(of record: EntryRecord, _ row: Int?) -> UInt64? {
        (row ?? table.index(of: record.object, store.effective(record.metadata))).map { inodes[$0] }
    }

    private func checkMetadata(_ status: FileStatus, _ record: EntryRecord, _ path: () -> BytePath) {
        let wanted =
            record.kind == .regular
            ? store.effective(record.metadata)
            : store.ownership == .applied ? record.metadata : EntryMetadata(mode: record.mode)
        let mode = record.kind == .regular ? wanted.fileMode : wanted.mode
        if record.kind != .symlink, status.permissions != mode {
            report(path(), .wrongMode, "\(octal(status.permissions)), not \(octal(mode))")
        }
        if status.isLocked { report(path(), .wrongAttributes, Damage.lockedDetail) }
        if store.ownership == .applied, status.uid != wanted.uid || status.gid != wanted.gid {
            report(path(), .wrongOwner, "\(status.uid):\(status.gid), not \(wanted.uid):\(wanted.gid)")
        }
    }

    private func checkTarget(
        _ record: EntryRecord, _ directory: Int32, _ worker: inout TreeCheckWorker, _ path: () -> BytePath
    ) throws(SystemError) {
        let count = try SystemCalls.readLink(directory, record.cName, into: worker.target)
        let found = UnsafeRawBufferPointer(rebasing: worker.target[..<count])
        guard !found.elementsEqual(record.target) else { return }
        report(path(), .wrongTarget, "leads to \(BytePath(bytes: Array(found)).display)")
    }

    private func checkFile(_ status: FileStatus, _ record: EntryRecord, _ path: () -> BytePath) {
        guard status.size == record.size else {
            return report(path(), .wrongSize, "\(status.size) bytes, not \(record.size)")
        }
        if record.size == 0 { return }
        guard status.modified == ObjectStore.objectTime * 1_000_000_000 else {
            return report(path(), .foreign, "not the store's file")
        }
        // A replica, from when the object's inode was full of links, or of an object that was replaced.
        let suspect = Suspect(path: path(), digest: record.object, size: record.size, inode: status.inode)
        result.withLock { $0.suspects.append(suspect) }
    }
}

/// Steps through the rows of a directory's files beside its records.
private struct FileRowCursor {
    private var rows: ArraySlice<Int32>?

    init(_ rows: ArraySlice<Int32>?) {
        self.rows = rows
    }

    /// Must be called once for each record, in order.
    /// - Returns: the record's row; nil where it has to be looked up.
    @discardableResult
    mutating func pass(_ record: EntryRecord) -> Int? {
        guard record.kind == .regular, record.size > 0, let row = rows?.popFirst(), row != FileRows.none else {
            return nil
        }
        return Int(row)
    }
}

/// What one thread needs again and again.
private struct TreeCheckWorker: ~Copyable {
    var listing = DirectoryListing()
    let target = UnsafeMutableRawBufferPointer.allocate(byteCount: 4097, alignment: 8)

    deinit {
        target.deallocate()
    }
}
