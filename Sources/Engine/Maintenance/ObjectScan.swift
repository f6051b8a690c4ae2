internal import BytePath
internal import Digests
internal import Failures
internal import FileTree
internal import LinuxSystem
package import ObjectStore
import Synchronization

/// Looks at every file below `objects` without reading it: name, kind, size, mode, owner and time.
package final class ObjectScan: Sendable {
    private let store: ObjectStore
    private let table: ObjectTable
    private let readingFollows: Bool
    private let progress: @Sendable (UInt64) -> Void
    private let found = Guarded(Result())
    private let next = Atomic<Int>(0)

    package struct Result: Sendable {
        package var damage: [Damage] = []
        /// Directories and files that could not be looked at.
        package var unseen: [Damage.Unseen] = []
    }

    private init(
        _ store: ObjectStore, _ table: ObjectTable, _ readingFollows: Bool,
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
        _ store: ObjectStore, _ table: ObjectTable, readingFollows: Bool = false,
        threadCount: Int = processorCount(), progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) -> Result {
        let scan = ObjectScan(store, table, readingFollows, progress)
        withThreads(threadCount) { _ in
            var listing = DirectoryListing()
            while true {
                let shard = scan.next.add(1, ordering: .relaxed).oldValue
                guard shard < ObjectName.shardCount else { return }
                scan.look(at: shard, &listing)
            }
        }
        var result = scan.found.withLock { $0 }
        for index in table.rows.indices where table.rows[index].marks.isDisjoint(with: [.present, .examined, .unseen]) {
            let row = table.rows[index]
            table.rows[index].marks.insert(.bad)
            result.damage.append(Damage(.object(row.digest, row.variant), .missing))
        }
        return result
    }

    private func report(_ damage: Damage) {
        found.withLock { $0.damage.append(damage) }
    }

    /// Reports what kept this from looking, or that there is nothing to look at.
    private func report(_ subject: Damage.Subject, _ error: SystemError, _ problem: Damage.Problem) {
        if error.saysNothing {
            found.withLock { $0.unseen.append(Damage.Unseen(subject, error)) }
        } else {
            report(Damage(subject, problem, "\(error)"))
        }
    }

    /// Reports that there is no directory of a shard, and what is there instead. One that is missing is none that is
    /// missed where no object belongs into it: it is made with the first one.
    private func report(_ place: BytePath, of shard: Int, _ error: SystemError) {
        guard !error.saysNothing else { return report(.file(place), error, .missing) }
        if let status = try? store.directory.statusIfPresent(of: place) {
            report(Damage(.file(place), .wrongKind, status.kind.name))
        } else if table.rows.contains(where: { ObjectName.shard(of: $0.digest, $0.variant) == shard }) {
            report(Damage(.file(place), .missing))
        }
    }

    /// Nothing is known of the objects in a shard that cannot be listed.
    private func markUnseen(_ shard: Int) {
        for index in table.rows.indices {
            let row = table.rows[index]
            if ObjectName.shard(of: row.digest, row.variant) == shard { table.rows[index].marks.insert(.unseen) }
        }
    }

    private func look(at shard: Int, _ listing: inout DirectoryListing) {
        let place = BytePath("objects").appending(BytePath(ObjectName.shardName(shard)))
        do throws(SystemError) {
            let directory = try store.objects.openDirectory(BytePath(ObjectName.shardName(shard)))
            try listing.read(directory.raw)
            // Inodes of one directory lie close together: this is the order a disk likes.
            if !readingFollows { listing.sortByInode() }
            for entry in listing.entries {
                listing.withName(of: entry) { look(at: $0, entry, in: directory.raw, shard, place) }
            }
        } catch {
            report(place, of: shard, error.below(".moss/objects"))
            if error.saysNothing { markUnseen(shard) }
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
            if !damage.isEmpty { found.withLock { $0.damage += damage } }
        } catch {
            table.rows[index].marks.remove(.present)
            // One that is gone meanwhile is missing.
            guard error.saysNothing else { return }
            table.rows[index].marks.insert(.unseen)
            report(.object(digest, variant), error.below(place), .unreadable)
        }
    }
}

extension ObjectTable {
    /// Holds a file's metadata against its row, and notes its inode there.
    func examine(_ index: Int, _ status: FileStatus, _ ownership: ObjectStore.Ownership) -> [Damage] {
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
        if status.modified != ObjectStore.objectTime * 1_000_000_000 { bad(.wrongTime, "written to or touched") }
        return damage
    }
}

package func octal(_ mode: UInt32) -> String {
    let digits = String(mode, radix: 8)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
