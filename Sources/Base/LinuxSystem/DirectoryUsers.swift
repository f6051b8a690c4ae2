package import BytePath
internal import CLinux
import Glibc

/// Finds processes that still hold a directory tree: a mount whose root lies in it, a mount on a place in it, an overlay
/// it is a layer of, a working or root directory, or an open descriptor.
///
/// Trees are recognised by a path suffix such as `/.moss/trees/7`, because the kernel shows where a held directory
/// is *now*, wherever it was when it was opened. Threads that have something of this for themselves count like
/// processes. Of a directory in a mount that was taken away the kernel shows no place; it is found by its inode. Where
/// users cannot be seen, trees count as held: all of them without `/proc` and in a namespace of processes that hides
/// others, and for a process that may not be looked into those that were live when it started. Root needs no `/proc`: it
/// makes one for itself.
package struct DirectoryUsers: ~Copyable {
    package enum User: Hashable, Sendable {
        case process(Int32, command: String)
        /// Something is mounted there, as the process sees it.
        case mount(BytePath, process: Int32)
        /// There may be one, which cannot be seen.
        case unseen(Obstacle)
    }

    /// Why users cannot be seen.
    package enum Obstacle: Sendable {
        case noProc
        /// The namespace of processes hides others.
        case hidingNamespace
        /// A process may not be looked into.
        case closedProcess
    }

    /// `/proc`.
    private let proc: Descriptor
    private let suffixes: [[UInt8]]
    private let overlays: OverlayLayers
    private var users: [User?]
    private var seenNamespaces: Set<BytePath> = []
    /// Processes that may not be looked into.
    private var closed: [Int32] = []
    /// Whether threads can be compared by their numbers.
    private let canCompare: Bool
    /// The device of the trees.
    private let device: UInt64?
    private var seenMounts: Set<Int64> = []
    /// Directories on that device in mounts that were not seen yet.
    private var unplaced: [HeldDirectory: [Holder]] = [:]

    private init(
        _ trees: [BytePath], formerlyAt live: BytePath, below root: borrowing Descriptor, _ proc: consuming Descriptor
    ) {
        suffixes = trees.map(\.bytes)
        overlays = OverlayLayers(live, below: root)
        users = trees.map { _ in nil }
        canCompare = Self.numbersAreOurs(proc)
        device = ((try? root.status(of: live, followingLinks: true)) ?? (try? root.status()))?.device
        self.proc = proc
    }

    /// The first user found for each of `trees`, nil for a tree nobody holds.
    ///
    /// - Parameters:
    ///   - trees: path suffixes that begin with a slash.
    ///   - live: what each of the trees was once, `usr` below the root.
    ///   - root: the directory with `live`.
    ///   - lifetime: when a tree, by its place in `trees`, was live at most: nanoseconds since 1970.
    package static func find(
        holding trees: [BytePath], formerlyAt live: BytePath, below root: borrowing Descriptor,
        lifetime: (Int) -> ClosedRange<Int64>
    ) -> [User?] {
        guard !trees.isEmpty else { return [] }
        let isPrivate = !CurrentProcess.exists("/proc/self")
        guard let proc = openProc(isPrivate: isPrivate), let entries = try? proc.entries() else {
            return trees.map { _ in .unseen(.noProc) }
        }
        guard showsAllProcesses(proc, isPrivate: isPrivate) else {
            return trees.map { _ in .unseen(isPrivate ? .noProc : .hidingNamespace) }
        }
        var search = DirectoryUsers(trees, formerlyAt: live, below: root, proc)
        for entry in entries {
            guard let process = Int32(entry.name.display) else { continue }
            // Processes come and go during the walk: what cannot be opened any more holds nothing.
            guard let directory = try? search.proc.openDirectory(entry.name) else { continue }
            search.examine(directory, process)
        }
        search.placeDirectories(beside: root, lifetime)
        search.suspectClosedProcesses(lifetime)
        return search.users
    }

    private mutating func examine(_ directory: borrowing Descriptor, _ process: Int32) {
        let holder = Holder(process, at: BytePath("\(process)"))
        guard examinePlaces(directory, holder) else { return }
        examineDescriptors(directory, holder)
        examineThreads(directory, process)
    }

    /// - Parameter directory: a process's in `/proc`, or that of one of its threads.
    /// - Returns: false where it may not be looked into.
    private mutating func examinePlaces(_ directory: borrowing Descriptor, _ holder: Holder) -> Bool {
        let process = holder.process
        var paths: [BytePath: BytePath] = [:]
        for name: BytePath in ["cwd", "root"] {
            do throws(SystemError) {
                paths[name] = try directory.readLink(name)
            } catch {
                if error.number == .accessDenied || error.number == .notPermitted {
                    closed.append(process)
                    return false
                }
            }
        }
        // A process sees the mounts below its root. Only where they were really read they count as seen.
        if var namespace = try? directory.readLink("ns/mnt") {
            namespace = namespace.appending(paths["root"] ?? "")
            if !seenNamespaces.contains(namespace), matchMounts(directory, process) {
                seenNamespaces.insert(namespace)
            }
        }
        for (name, path) in paths { match(path, name, directory, holder) }
        return true
    }

    private mutating func examineDescriptors(_ directory: borrowing Descriptor, _ holder: Holder) {
        guard let descriptors = try? directory.openDirectory("fd"), let open = try? descriptors.entries() else {
            return
        }
        let table = Holder(holder.process, at: holder.place.appending("fd"))
        for entry in open {
            if let path = try? descriptors.readLink(entry.name) { match(path, entry.name, descriptors, table) }
        }
    }

    private mutating func matchMounts(_ directory: borrowing Descriptor, _ process: Int32) -> Bool {
        guard let mounts = try? MountTable.read(ofProcess: directory) else { return false }
        for mount in mounts {
            seenMounts.insert(Int64(mount.identifier))
            match(mount.root.bytes, process)
            for (index, suffix) in suffixes.enumerated()
            where users[index] == nil && Self.contains(mount.path.bytes, suffix) {
                users[index] = .mount(mount.path, process: process)
            }
            guard mount.type == "overlay" else { continue }
            let held = overlays.trees(heldBy: mount, suffixes, directory)
            for index in users.indices where users[index] == nil && held.contains(index) {
                users[index] = .process(process, command: command(process))
            }
        }
        return true
    }

    /// Looks at the text of `link` in `directory`, and at where it leads.
    private mutating func match(
        _ path: BytePath, _ link: BytePath, _ directory: borrowing Descriptor, _ holder: Holder
    ) {
        // Not a pipe or the like.
        guard path.isAbsolute || path.bytes.first == UInt8(ascii: "(") else { return }
        match(path.bytes, holder.process)
        noteUnplaced(link, directory, holder)
    }

    private mutating func match(_ path: [UInt8], _ process: Int32) {
        for (index, suffix) in suffixes.enumerated() where users[index] == nil {
            if Self.contains(path, suffix) {
                users[index] = .process(process, command: command(process))
            }
        }
    }

    /// Whether `path` has `suffix` as a run of whole components, at its end or with more below it.
    static func contains(_ path: [UInt8], _ suffix: [UInt8]) -> Bool {
        guard path.count >= suffix.count else { return false }
        return path.withUnsafeBytes { path in
            suffix.withUnsafeBytes { suffix in
                guard let pathBase = path.baseAddress, let suffixBase = suffix.baseAddress else { return false }
                for start in 0...(path.count - suffix.count) where path[start] == UInt8(ascii: "/") {
                    guard memcmp(pathBase + start, suffixBase, suffix.count) == 0 else { continue }
                    let end = start + suffix.count
                    // A space begins the kernel's " (deleted)".
                    if end == path.count || path[end] == UInt8(ascii: "/") || path[end] == UInt8(ascii: " ") {
                        return true
                    }
                }
                return false
            }
        }
    }

    private func command(_ process: Int32) -> String {
        guard let name = try? proc.readFile(BytePath("\(process)/comm"), limit: 4096) else { return "?" }
        return String(decoding: name.prefix { $0 != 10 }, as: UTF8.self)
    }
}

// MARK: Threads

extension DirectoryUsers {
    /// Looks at what threads have of their own, by unshare(2): `/proc/PID` shows what the first one has, and nothing
    /// once that has ended.
    ///
    /// Costs a stat for each process, and for each thread but the first of several two calls that compare. Where those
    /// fail, as some containers forbid them, everything counts as a thread's own.
    private mutating func examineThreads(_ directory: borrowing Descriptor, _ process: Int32) {
        // Two links are those of every directory.
        guard let count = try? directory.status(of: "task").linkCount, count > 3,
            let tasks = try? directory.openDirectory("task"), let threads = try? tasks.entries()
        else { return }
        var last: (places: Int32, descriptors: Int32) = (process, process)
        for entry in threads {
            guard let thread = Int32(entry.name.display), thread != process else { continue }
            // Threads are made alike in a row, if not like the first. Those that share directories share the mounts.
            let hasPlaces = !Set([process, last.places]).contains {
                canCompare && moss_share_places(thread, $0) == 1
            }
            let hasDescriptors = !Set([process, last.descriptors]).contains {
                canCompare && moss_share_descriptors(thread, $0) == 1
            }
            guard hasPlaces || hasDescriptors, let place = try? tasks.openDirectory(entry.name) else { continue }
            let holder = Holder(process, at: BytePath("\(process)/task/\(thread)"))
            if hasPlaces {
                last.places = thread
                guard examinePlaces(place, holder) else { continue }
            }
            if hasDescriptors {
                last.descriptors = thread
                examineDescriptors(place, holder)
            }
        }
    }

    /// Whether the calls of this process number others as `/proc` does, which may be of a namespace around its own.
    private static func numbersAreOurs(_ proc: borrowing Descriptor) -> Bool {
        guard let own = try? proc.readLink("self"), let status = try? proc.readFile(own.appending("status")) else {
            return false
        }
        let line = status.split(separator: 10).first { $0.starts(with: "NSpid:".utf8) }
        return line?.split { $0 == 9 || $0 == 32 }.count == 2
    }
}

// MARK: Mounts that were taken away

extension DirectoryUsers {
    /// A directory by the mount it is held in.
    private struct HeldDirectory: Hashable {
        let mount: Int64
        let inode: UInt64
    }

    private struct Holder {
        let process: Int32
        /// Where its links are, below `/proc`.
        let place: BytePath

        init(_ process: Int32, at place: BytePath) {
            self.process = process
            self.place = place
        }
    }

    /// Takes note of a directory in a mount that no table of mounts has shown so far, as after a lazy umount(8), or of
    /// a tree of mounts that was never attached: its text is a path from the root of that mount.
    ///
    /// Costs one call for each link to a file, which asks no file system. Linux before 5.8 does not tell mounts.
    private mutating func noteUnplaced(_ link: BytePath, _ directory: borrowing Descriptor, _ holder: Holder) {
        var held = moss_held()
        guard link.withCString({ moss_held_by(directory.raw, $0, &held) }) == 0, held.device == device,
            FileKind(mode: held.mode) == .directory, held.links > 0, held.mount >= 0, !seenMounts.contains(held.mount)
        else { return }
        let found = HeldDirectory(mount: held.mount, inode: held.inode)
        unplaced[found, default: []].append(Holder(holder.process, at: holder.place.appending(link)))
    }

    /// Finds the directories, once all mounts are known, by another way to the same inode. Where there is none, their
    /// holders have all trees that were live while they lived.
    private mutating func placeDirectories(
        beside root: borrowing Descriptor, _ lifetime: (Int) -> ClosedRange<Int64>
    ) {
        var holders: [Int32] = []
        for (directory, found) in unplaced where !seenMounts.contains(directory.mount) {
            if let path = path(to: found, beside: root) {
                match(path.bytes, found[0].process)
            } else {
                holders += found.map(\.process)
            }
        }
        guard !holders.isEmpty, users.contains(nil), let boot = bootTime() else { return }
        let starts = Set(holders).compactMap { process in
            startTime(process, boot).map { (process: process, time: $0) }
        }
        guard let first = starts.min(by: { $0.time < $1.time }) else { return }
        for index in users.indices where users[index] == nil {
            if first.time <= lifetime(index).upperBound + Self.slackOfStarts {
                users[index] = .process(first.process, command: command(first.process))
            }
        }
    }

    private func path(to directory: [Holder], beside root: borrowing Descriptor) -> BytePath? {
        for holder in directory {
            let raw = holder.place.withCString { moss_open_beside(root.raw, proc.raw, $0) }
            guard raw >= 0 else { continue }
            let place = Descriptor(taking: raw)
            if let path = try? proc.readLink(BytePath("self/fd/\(place.raw)")) { return path }
        }
        return nil
    }
}

// MARK: What cannot be seen

extension DirectoryUsers {
    /// `/proc`, or where that is not mounted one that is attached nowhere, which takes root.
    private static func openProc(isPrivate: Bool) -> Descriptor? {
        guard isPrivate else { return try? Descriptor.openDirectory("/proc") }
        let raw = moss_make_proc()
        return raw < 0 ? nil : try? Descriptor(taking: raw).openDirectory(".")
    }

    /// Whether `/proc` is of a namespace that this process is in, and nobody beside that sees the same files. A
    /// container sees other files than the processes outside; a namespace made with `unshare --pid --mount-proc` has its
    /// `/proc` over the one of those it hides.
    private static func showsAllProcesses(_ proc: borrowing Descriptor, isPrivate: Bool) -> Bool {
        guard let thread = try? proc.readLink("thread-self"),
            let own = try? proc.openDirectory(thread.appending("ns"))
        else {
            return false
        }
        // PROC_PID_INIT_INO: the first namespace, which sees everybody.
        if (try? own.readLink("pid")) == "pid:[4026531836]" { return true }
        // Of a namespace without `/proc` nobody knows whom it hides.
        guard !isPrivate, let mounts = try? MountTable.read() else { return false }
        return mounts.filter { $0.path == "/proc" }.count < 2
    }

    /// Takes processes that may not be looked into for users of the trees that were live when they started. Others run
    /// all the time, in places of their own.
    private mutating func suspectClosedProcesses(_ lifetime: (Int) -> ClosedRange<Int64>) {
        guard !closed.isEmpty, users.contains(nil), let boot = bootTime() else { return }
        let starts = closed.compactMap { startTime($0, boot) }
        for index in users.indices where users[index] == nil {
            let range = lifetime(index)
            let slack = Self.slackOfStarts
            if starts.contains(where: { $0 >= range.lowerBound - slack && $0 <= range.upperBound + slack }) {
                users[index] = .unseen(.closedProcess)
            }
        }
    }

    /// The clock of starts is a coarse one.
    private static var slackOfStarts: Int64 { 2_000_000_000 }

    /// Seconds since 1970.
    private func bootTime() -> Int64? {
        guard let text = try? proc.readFile("stat", limit: 16 << 20) else { return nil }
        let line = text.split(separator: 10).first { $0.starts(with: "btime ".utf8) }
        return line.flatMap { Int64(String(decoding: $0.dropFirst(6), as: UTF8.self)) }
    }

    /// When a process started, in nanoseconds since 1970; nil for the kernel's own, which hold nothing, and dead ones.
    private func startTime(_ process: Int32, _ boot: Int64) -> Int64? {
        guard let text = try? proc.readFile(BytePath("\(process)/stat"), limit: 4096),
            let end = text.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        // Fields from the third on: state, …, flags as the ninth, …, start as the 22nd.
        let fields = text[(end + 1)...].split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        let isKernelThread: UInt64 = 0x20_0000
        guard fields.count > 19, fields[0] != "Z", let flags = UInt64(fields[6]), flags & isKernelThread == 0,
            let ticks = Int64(fields[19])
        else { return nil }
        let perSecond = Int64(sysconf(Int32(_SC_CLK_TCK)))
        return boot * 1_000_000_000 + ticks * (1_000_000_000 / max(1, perSecond))
    }
}
