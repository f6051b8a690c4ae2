internal import BytePath
internal import Digests
internal import Failures
internal import FileTree
internal import LinuxSystem
package import ObjectStore
package import PackageModel
import Synchronization

/// Reads objects and holds their bytes against their digests, on several threads, in the order they lie on the disk.
package final class ContentCheck: Sendable {
    /// Part of the work, done by one thread: rows in the order of their inodes.
    private struct Unit {
        let number: Int
        let rows: Range<Int>
    }

    /// A row, and what rows are sorted by.
    private struct Place {
        let inode: UInt64
        let unit: Int32
        let index: Int32
    }

    /// A file that does not hold what its name says.
    package struct Mismatch: Hashable, Sendable {
        package let index: Int
        /// The digest of what it does hold; nil where it cannot be read.
        package let found: ObjectID?
        package let detail: String
    }

    package struct Result: Sendable {
        package var mismatches: [Mismatch] = []
        /// What is wrong with the metadata of files that had not been examined.
        package var damage: [Damage] = []
        /// Files that could not be read, which says nothing about them.
        package var unseen: [Damage.Unseen] = []
        package var bytes: UInt64 = 0
        /// The first unit that was not begun; nil when all are done.
        package var next: Int?
    }

    /// With a budget the work is cut into so many pieces by digest, so that the next run can go on where this one stops.
    package static let unitCount = 4096
    private static let rowsPerUnit = 128
    private static let reportByteCount: UInt64 = 1 << 20

    private let store: ObjectStore
    private let table: ObjectTable
    private let order: [Place]
    private let units: [Unit]
    private let deadline: Int64?
    private let progress: @Sendable (UInt64) -> Void
    private let position = Atomic<Int>(0)
    private let result = Guarded(Result())

    /// - Parameters:
    ///   - onlySuspects: reads only what something is wrong with already.
    ///   - first: the unit to begin with; those before it were done by an earlier run.
    ///   - deadline: on ``monotonicNanoseconds()``; a unit begun before it is finished.
    private init(
        _ store: ObjectStore, _ table: ObjectTable, onlySuspects: Bool, first: Int?, deadline: Int64?,
        _ progress: @escaping @Sendable (UInt64) -> Void
    ) {
        self.store = store
        self.table = table
        self.deadline = deadline
        self.progress = progress
        let isCut = first != nil || deadline != nil
        let shift: UInt64 = 52
        var chosen: [Place] = []
        for index in table.rows.indices {
            let row = table.rows[index]
            guard row.marks.contains(.present), row.marks.isDisjoint(with: [.sound, .unseen]),
                row.marks.contains(.bad) || (!onlySuspects && row.marks.contains(.chosen))
            else { continue }
            let unit = isCut ? Int32(truncatingIfNeeded: row.digest.high >> shift) : 0
            if unit < first ?? 0 { continue }
            chosen.append(Place(inode: row.inode, unit: unit, index: Int32(index)))
        }
        chosen.sort { ($0.unit, $0.inode) < ($1.unit, $1.inode) }
        var units: [Unit] = []
        var start = 0
        while start < chosen.count {
            let unit = chosen[start].unit
            var end = start + 1
            while end < chosen.count, end - start < (isCut ? Int.max : Self.rowsPerUnit), chosen[end].unit == unit {
                end += 1
            }
            units.append(Unit(number: Int(unit), rows: start..<end))
            start = end
        }
        order = chosen
        self.units = units
    }

    package static func run(
        _ store: ObjectStore, _ table: ObjectTable, onlySuspects: Bool = false, first: Int? = nil,
        deadline: Int64? = nil,
        threadCount: Int = processorCount(), progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) -> Result {
        let check = ContentCheck(
            store, table, onlySuspects: onlySuspects, first: first, deadline: deadline, progress)
        withThreads(threadCount) { _ in
            var worker = ContentCheckWorker()
            while let unit = check.take() { check.work(on: unit, &worker) }
        }
        var result = check.result.withLock { $0 }
        let done = check.position.load(ordering: .relaxed)
        if done < check.units.count { result.next = check.units[done].number }
        return result
    }

    /// Bytes that a whole run reads.
    package static func byteCount(_ table: ObjectTable) -> UInt64 {
        var bytes: UInt64 = 0
        for row in table.rows where row.marks.contains(.present) && row.marks.contains(.chosen) { bytes &+= row.size }
        return bytes
    }

    /// Every run does at least one unit, so that many short ones come to the end.
    private func take() -> Unit? {
        if let deadline, position.load(ordering: .relaxed) > 0, Int64(monotonicNanoseconds()) >= deadline { return nil }
        let next = position.add(1, ordering: .relaxed).oldValue
        return next < units.count ? units[next] : nil
    }

    private func work(on unit: Unit, _ worker: inout ContentCheckWorker) {
        var next = unit.rows.lowerBound
        var total: UInt64 = 0
        var reported: UInt64 = 0
        while true {
            while next < unit.rows.upperBound, worker.wantsMore {
                let index = Int(order[next].index)
                worker.open(store, table.rows[index], index)
                next += 1
            }
            guard let file = worker.takeFirst(store, table) else { break }
            total += read(file, &worker)
            if total - reported >= Self.reportByteCount {
                progress(total - reported)
                reported = total
            }
        }
        progress(total - reported)
        result.withLock { $0.bytes += total }
    }

    /// - Returns: the bytes read.
    private func read(_ file: consuming OpenedObject, _ worker: inout ContentCheckWorker) -> UInt64 {
        let index = file.index
        var count: UInt64 = 0
        do throws(SystemError) {
            guard examine(index, file) else { return 0 }
            let found = try worker.digest(of: file, table.rows[index].size, &count)
            if found == table.rows[index].digest {
                table.rows[index].marks.insert(.sound)
            } else {
                note(Mismatch(index: index, found: found, detail: "holds \(found)"))
            }
        } catch {
            note(error, reading: index)
        }
        return count
    }

    private func note(_ error: SystemError, reading index: Int) {
        let row = table.rows[index]
        let path = ObjectStore.path(of: row.digest, row.variant)
        let error = SystemError(error.number, call: error.call, path: BytePath(".moss").appending(path))
        if error.isLossOfContent || !error.saysNothing || store.isOwnButUnreadable(row.digest, row.variant, error) {
            return note(Mismatch(index: index, found: nil, detail: "\(error)"))
        }
        table.rows[index].marks.insert(.unseen)
        result.withLock { $0.unseen.append(Damage.Unseen(.object(row.digest, row.variant), error)) }
    }

    /// - Returns: whether only its bytes tell whether it is right. What has another size than its object is not read.
    private func examine(_ index: Int, _ file: borrowing OpenedObject) -> Bool {
        let row = table.rows[index]
        let attributes = file.foreignAttributes()
        if !attributes.isEmpty {
            table.rows[index].marks.insert(.bad)
            let damage = Damage(
                .object(row.digest, row.variant), .wrongAttributes, Damage.detail(attributes: attributes))
            result.withLock { $0.damage.append(damage) }
        }
        var status = file.status()
        // Why it cannot be opened, its metadata may tell.
        if status == nil { status = try? store.directory.status(of: ObjectStore.path(of: row.digest, row.variant)) }
        guard let status else { return true }
        let isOther = status.size != row.size && !row.marks.contains(.bad)
        if isOther || !row.marks.contains(.examined) {
            let damage = table.examine(index, status, store.ownership)
            if !damage.isEmpty { result.withLock { $0.damage += damage } }
        }
        return status.kind == .regular && status.size == row.size
    }

    private func note(_ mismatch: Mismatch) {
        table.rows[mismatch.index].marks.insert(.bad)
        result.withLock { $0.mismatches.append(mismatch) }
    }
}
