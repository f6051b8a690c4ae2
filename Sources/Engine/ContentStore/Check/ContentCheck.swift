package import Digests
internal import FileTree
internal import LinuxSystem
import Synchronization

/// Reads objects and holds their bytes against their digests, on several threads, in the order they lie on the disk.
package final class ContentCheck: Sendable {
    /// Part of the work, done by one thread: rows in the order of their inodes.
    private struct Unit {
        let number: Int
        let rows: Range<Int>
    }

    /// A file that does not hold what its name says.
    package struct Mismatch: Hashable, Sendable {
        package let index: Int
        /// The digest of what it does hold; nil where it cannot be read.
        package let found: Digest128?
        package let detail: String
    }

    package struct Result: Sendable {
        package var mismatches: [Mismatch] = []
        package var bytes: UInt64 = 0
        /// The first unit that was not begun; nil when all are done.
        package var next: Int?
    }

    /// With a budget the work is cut into so many pieces by digest, so that the next run can go on where this one stops.
    package static let unitCount = 4096
    private static let rowsPerUnit = 128
    private static let bufferByteCount = 1 << 20
    /// Files that are opened, and announced to the kernel while it has to ask the disk, before the first is read.
    private static let lookAhead = 8
    /// How long the disk is taken to be asked after a file that took too long for memory.
    private static let coldCount = 64

    private let store: ContentStore
    private let table: ObjectTable
    private let order: [Int32]
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
        _ store: ContentStore, _ table: ObjectTable, onlySuspects: Bool, first: Int?, deadline: Int64?,
        _ progress: @escaping @Sendable (UInt64) -> Void
    ) {
        self.store = store
        self.table = table
        self.deadline = deadline
        self.progress = progress
        let isCut = first != nil || deadline != nil
        let shift: UInt64 = 52
        var chosen = table.rows.indices.filter { index in
            let row = table.rows[index]
            guard row.marks.contains(.present), !row.marks.contains(.sound) else { return false }
            return row.marks.contains(.bad) || (!onlySuspects && row.marks.contains(.chosen))
        }.map(Int32.init)
        func unit(_ index: Int32) -> Int { isCut ? Int(table.rows[Int(index)].digest.high >> shift) : 0 }
        chosen.removeAll { unit($0) < first ?? 0 }
        chosen.sort {
            let (left, right) = (unit($0), unit($1))
            return left != right ? left < right : table.rows[Int($0)].inode < table.rows[Int($1)].inode
        }
        var units: [Unit] = []
        var start = 0
        while start < chosen.count {
            var end = start + 1
            while end < chosen.count, end - start < (isCut ? Int.max : Self.rowsPerUnit),
                unit(chosen[end]) == unit(chosen[start])
            { end += 1 }
            units.append(Unit(number: unit(chosen[start]), rows: start..<end))
            start = end
        }
        order = chosen
        self.units = units
    }

    package static func run(
        _ store: ContentStore, _ table: ObjectTable, onlySuspects: Bool = false, first: Int? = nil,
        deadline: Int64? = nil,
        threadCount: Int = processorCount(), progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) -> Result {
        let check = ContentCheck(
            store, table, onlySuspects: onlySuspects, first: first, deadline: deadline, progress)
        withThreads(threadCount) { _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: bufferByteCount, alignment: 4096)
            defer { buffer.deallocate() }
            let hasher = XXH3Hasher(.bits128)
            var cold = coldCount
            while let unit = check.take() { check.work(on: unit, buffer, hasher, &cold) }
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

    /// - Parameter cold: how many files more are announced; the thread keeps it from unit to unit.
    private func work(
        on unit: Unit, _ buffer: UnsafeMutableRawBufferPointer, _ hasher: borrowing XXH3Hasher, _ cold: inout Int
    ) {
        var files: [(index: Int, file: OpenedObject)] = []
        var next = unit.rows.lowerBound
        var bytes: UInt64 = 0
        while next < unit.rows.upperBound || !files.isEmpty {
            while next < unit.rows.upperBound, files.count < Self.lookAhead {
                let index = Int(order[next])
                files.append((index, OpenedObject(store, table.rows[index], announcing: cold > 0)))
                next += 1
            }
            let (index, file) = files.removeFirst()
            let start = monotonicNanoseconds()
            let count = hash(file, index, buffer, hasher)
            // Memory takes less than a nanosecond for a byte.
            cold = monotonicNanoseconds() - start > 100_000 + count ? Self.coldCount : cold - 1
            bytes += count
        }
        let total = bytes
        result.withLock { $0.bytes += total }
    }

    /// - Returns: the bytes read.
    private func hash(
        _ object: OpenedObject, _ index: Int, _ buffer: UnsafeMutableRawBufferPointer,
        _ hasher: borrowing XXH3Hasher
    ) -> UInt64 {
        var count: UInt64 = 0
        do throws(SystemError) {
            let found = try object.digest(buffer, hasher, &count)
            if found == table.rows[index].digest {
                table.rows[index].marks.insert(.sound)
            } else {
                note(Mismatch(index: index, found: found, detail: "holds \(found)"))
            }
        } catch {
            note(Mismatch(index: index, found: nil, detail: "\(error)"))
        }
        progress(count)
        return count
    }

    private func note(_ mismatch: Mismatch) {
        table.rows[mismatch.index].marks.insert(.bad)
        result.withLock { $0.mismatches.append(mismatch) }
    }
}

/// An object that is about to be read.
private struct OpenedObject {
    private final class Box: Sendable {
        let file: Descriptor
        init(_ file: consuming Descriptor) { self.file = file }
    }
    private let box: Swift.Result<Box, SystemError>
    private let size: UInt64

    init(_ store: ContentStore, _ row: ObjectTable.Row, announcing: Bool) {
        size = row.size
        do throws(StoreError) {
            let name = ObjectName(row.digest, row.variant)
            let shard = try store.shard(name.shard)
            let file = try StoreError.catching { () throws(SystemError) in
                try name.withCString { (name) throws(SystemError) in try SystemCalls.openFile(shard, name) }
            }
            if announcing, row.size > 0 { SystemCalls.adviseReading(file.raw) }
            box = .success(Box(file))
        } catch {
            if case .system(let error) = error {
                box = .failure(error)
            } else {
                box = .failure(SystemError(.noSuchFile, call: "open"))
            }
        }
    }

    func digest(
        _ buffer: UnsafeMutableRawBufferPointer, _ hasher: borrowing XXH3Hasher, _ total: inout UInt64
    ) throws(SystemError) -> Digest128 {
        let file = try box.get().file.raw
        var count = try SystemCalls.read(file, into: buffer, at: 0)
        total = UInt64(count)
        // Its size was looked at before; a file that ends there needs no call more.
        if total == size { return Digest128(hashing: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
        if count < buffer.count {
            // Short reads happen only at the end, or else the next one says so.
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[count...])
            let more = try SystemCalls.read(file, into: rest, at: total)
            if more == 0 { return Digest128(hashing: UnsafeRawBufferPointer(rebasing: buffer[..<count])) }
            count += more
            total += UInt64(more)
        }
        hasher.reset()
        while count > 0 {
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            count = try SystemCalls.read(file, into: buffer, at: total)
            total += UInt64(count)
        }
        return hasher.digest128
    }
}
