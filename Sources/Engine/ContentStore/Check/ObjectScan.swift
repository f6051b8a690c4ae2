internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
import Synchronization

/// Looks at every file below `objects` without reading it: name, kind, size, mode, owner and time.
package final class ObjectScan: Sendable {
    private let store: ContentStore
    private let table: ObjectTable
    private let readingFollows: Bool
    private let progress: @Sendable (UInt64) -> Void
    private let found = Guarded<[Damage]>([])
    private let next = Atomic<Int>(0)

    private init(
        _ store: ContentStore, _ table: ObjectTable, _ readingFollows: Bool,
        _ progress: @escaping @Sendable (UInt64) -> Void
    ) {
        self.store = store
        self.table = table
        self.readingFollows = readingFollows
        self.progress = progress
    }

    /// Notes inodes in the table and returns what is wrong.
    ///
    /// - Parameters:
    ///   - readingFollows: only lists the files of chosen rows, which ``ContentCheck`` examines when it has opened them.
    ///   - progress: called with the number of files looked at since the last call, from any thread.
    package static func run(
        _ store: ContentStore, _ table: ObjectTable, readingFollows: Bool = false,
        threadCount: Int = processorCount(), progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) -> [Damage] {
        let scan = ObjectScan(store, table, readingFollows, progress)
        withThreads(threadCount) { _ in
            var listing = DirectoryListing()
            while true {
                let shard = scan.next.add(1, ordering: .relaxed).oldValue
                guard shard < ObjectName.shardCount else { return }
                scan.look(at: shard, &listing)
            }
        }
        var damage = scan.found.withLock { $0 }
        for index in table.rows.indices where table.rows[index].marks.isDisjoint(with: [.present, .examined]) {
            let row = table.rows[index]
            table.rows[index].marks.insert(.bad)
            damage.append(Damage(.object(row.digest, row.variant), .missing))
        }
        return damage
    }

    private func report(_ damage: Damage) {
        found.withLock { $0.append(damage) }
    }

    private func look(at shard: Int, _ listing: inout DirectoryListing) {
        let place = BytePath("objects").appending(BytePath(ObjectName.shardName(shard)))
        let directory: Int32
        do throws(StoreError) {
            directory = try store.shard(shard)
        } catch {
            return report(Damage(.file(place), .missing, "\(error)"))
        }
        do throws(SystemError) {
            try listing.read(directory)
        } catch {
            return report(Damage(.file(place), .unreadable, "\(error)"))
        }
        // Inodes of one directory lie close together: this is the order a disk likes.
        if !readingFollows { listing.sortByInode() }
        for entry in listing.entries {
            listing.withName(of: entry) { look(at: $0, entry, in: directory, shard, place) }
        }
        progress(UInt64(listing.entries.count))
    }

    private func look(
        at name: UnsafeRawBufferPointer, _ entry: DirectoryListing.Entry, in directory: Int32, _ shard: Int,
        _ place: BytePath
    ) {
        guard let (digest, variant) = ObjectName.parse(name), ObjectName(digest, variant).shard == shard else {
            return report(Damage(.file(place.appending(BytePath(bytes: Array(name)))), .orphan, "not an object's name"))
        }
        guard let index = table.index(of: digest, variant) else {
            return report(Damage(.object(digest, variant), .orphan, "no record names it"))
        }
        // Two names never have one row, so no other thread writes to it.
        table.rows[index].marks.insert(.present)
        if readingFollows, entry.kind == .regular, table.rows[index].marks.contains(.chosen) {
            table.rows[index].inode = entry.inode
            return
        }
        guard let name = name.baseAddress?.assumingMemoryBound(to: CChar.self) else { return }
        do throws(SystemError) {
            let damage = table.examine(
                index, try SystemCalls.statusAndFlags(directory, name), store.ownership)
            if !damage.isEmpty { found.withLock { $0 += damage } }
        } catch {
            table.rows[index].marks.insert(.bad)
            report(Damage(.object(digest, variant), .unreadable, "\(error)"))
        }
    }
}

extension ObjectTable {
    /// Holds a file's metadata against its row, and notes its inode there.
    func examine(_ index: Int, _ status: FileStatus, _ ownership: ContentStore.Ownership) -> [Damage] {
        let row = rows[index]
        rows[index].inode = status.inode
        rows[index].marks.insert(.examined)
        var damage: [Damage] = []
        func bad(_ problem: Damage.Problem, _ detail: String) {
            rows[index].marks.insert(.bad)
            damage.append(Damage(.object(row.digest, row.variant), problem, detail))
        }
        guard status.kind == .regular else {
            // Whoever opened a pipe would wait.
            rows[index].marks.remove(.present)
            bad(.wrongKind, status.kind.name)
            return damage
        }
        if status.size != row.size { bad(.wrongSize, "\(status.size) bytes, not \(row.size)") }
        if status.permissions != row.variant.fileMode {
            bad(.wrongMode, "\(octal(status.permissions)), not \(octal(row.variant.fileMode))")
        }
        if ownership == .applied, status.uid != row.variant.uid || status.gid != row.variant.gid {
            bad(.wrongOwner, "\(status.uid):\(status.gid), not \(row.variant.uid):\(row.variant.gid)")
        }
        if status.isLocked { bad(.wrongAttributes, Damage.lockedDetail) }
        if status.modified != ContentStore.objectTime * 1_000_000_000 { bad(.wrongTime, "written to or touched") }
        return damage
    }
}

package func octal(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
