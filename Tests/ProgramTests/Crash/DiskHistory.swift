import BytePath
import Digests
import LinuxSystem

/// What happened to the files of a directory: where it began, every change, and every call that made changes durable.
///
/// Files are numbered; a file keeps its number whatever names it has. Number 0 is the directory itself.
final class DiskHistory {
    struct File {
        enum Kind { case regular, directory, symlink }
        let kind: Kind
        var attributes: FileAttributes
        var target = ""
        /// The bytes it began with.
        var bytes: [UInt8] = []
        /// The name it was first seen under, for messages.
        var path = ""
    }

    /// A name in a directory set to a file, or to none.
    struct Entry {
        let directory: Int
        let name: Int
        let file: Int?
    }

    enum Change {
        /// Happens as one.
        case entries([Entry])
        case attributes(Int, FileAttributes)
        case write(Int, offset: Int, Range<Int>)
        case truncate(Int, size: Int)
    }

    struct Step {
        /// Its place in the order of all events.
        let event: Int
        let change: Change
        /// Files and directories whose inodes change with it.
        let touched: [Int]
        var isData: Bool {
            switch change {
            case .write, .truncate: true
            case .entries, .attributes: false
            }
        }
    }

    struct Sync {
        enum Scope {
            /// `fsync`
            case file(Int)
            /// `fdatasync`
            case data(Int)
            /// `syncfs`
            case everything
            /// a write with O_DSYNC: covers that step only
            case step(Int)
        }
        let event: Int
        let scope: Scope
        /// The call and the file's path.
        let name: String
        /// Which command made it, from 0.
        let command: Int
    }

    private(set) var files: [File] = []
    private(set) var names: [String] = []
    /// By directory: the entries it began with.
    private(set) var entries: [[Int: Int]] = []
    private(set) var steps: [Step] = []
    private(set) var syncs: [Sync] = []
    /// The number of events; a cut at `n` is before event `n`.
    private(set) var eventCount = 0
    /// The event before which each command had ended.
    private(set) var commandEnds: [Int] = []
    /// What the simulation does not know how to model; must stay empty.
    private(set) var surprises: [String] = []
    private(set) var data: [UInt8] = []

    private var nameNumbers: [String: Int] = [:]
    private var filesByInode: [UInt64: Int] = [:]
    private var current: [[Int: Int]] = []
    private var currentAttributes: [FileAttributes] = []

    /// Takes in `directory` as it is; that much is on disk.
    init(startingFrom directory: BytePath) throws {
        let top = try Descriptor.openDirectory(directory)
        try take(top.status(), path: "", bytes: [], target: "")
        try takeEntries(of: top, 0, path: "")
        entries = current
    }

    private func takeEntries(of directory: borrowing Descriptor, _ number: Int, path: String) throws {
        for entry in try directory.entries() {
            let status = try directory.status(of: entry.name)
            let path = path.isEmpty ? entry.name.display : "\(path)/\(entry.name.display)"
            let known = filesByInode[status.inode]
            let bytes =
                known == nil && status.kind == .regular ? try directory.open(entry.name, .noFollow).readAll() : []
            let target = status.kind == .symlink ? try directory.readLink(entry.name).display : ""
            let child = try known ?? take(status, path: path, bytes: bytes, target: target)
            current[number][self.name(entry.name.display)] = child
            if status.kind == .directory { try takeEntries(of: directory.openDirectory(entry.name), child, path: path) }
        }
    }

    @discardableResult
    private func take(_ status: FileStatus, path: String, bytes: [UInt8], target: String) throws -> Int {
        let kind: File.Kind =
            switch status.kind {
            case .directory: .directory
            case .symlink: .symlink
            default: .regular
            }
        let attributes = FileAttributes(mode: status.permissions, uid: status.uid, gid: status.gid)
        return add(
            File(kind: kind, attributes: attributes, target: target, bytes: bytes, path: path), inode: status.inode)
    }

    private func add(_ file: File, inode: UInt64) -> Int {
        files.append(file)
        current.append([:])
        entries.append([:])
        currentAttributes.append(file.attributes)
        filesByInode[inode] = files.count - 1
        return files.count - 1
    }

    private func name(_ text: String) -> Int {
        if let number = nameNumbers[text] { return number }
        nameNumbers[text] = names.count
        names.append(text)
        return names.count - 1
    }

    // MARK: Taking in what commands did

    /// Appends what the next command did.
    func append(_ log: CallLog) {
        let shift = data.count
        data += log.data
        for call in log.calls {
            append(call, dataShift: shift)
        }
        commandEnds.append(eventCount)
    }

    private func append(_ call: RecordedCall, dataShift: Int) {
        switch call {
        case .create(let path, let inode, let attributes):
            appear(path, inode, File(kind: .regular, attributes: attributes, path: path))
        case .makeDirectory(let path, let inode, let attributes):
            appear(path, inode, File(kind: .directory, attributes: attributes, path: path))
        case .makeSymlink(let path, let inode, let attributes, let target):
            appear(path, inode, File(kind: .symlink, attributes: attributes, target: target, path: path))
        case .link(let path, let other):
            if let file = file(at: path) { set([(other, file)], also: [file]) }
        case .rename(let path, let other):
            if let file = file(at: path) { set([(path, nil), (other, file)], also: [file]) }
        case .exchange(let path, let other):
            if let one = file(at: path), let two = file(at: other) {
                set([(path, two), (other, one)], also: [one, two])
            }
        case .remove(let path):
            if let file = file(at: path) { set([(path, nil)], also: [file]) }
        case .setAttributes(let inode, let attributes):
            if let file = known(inode), currentAttributes[file] != attributes {
                currentAttributes[file] = attributes
                add(.attributes(file, attributes), touching: [file])
            }
        case .write(let inode, let offset, let range, let isSynced, let path):
            guard let file = known(inode) else { return }
            let shifted = (range.lowerBound + dataShift)..<(range.upperBound + dataShift)
            add(.write(file, offset: offset, shifted), touching: [file])
            if isSynced { add(.step(steps.count - 1), "O_DSYNC write \(path)") }
        case .truncate(let inode, let size):
            if let file = known(inode) { add(.truncate(file, size: size), touching: [file]) }
        case .syncFile(let inode, let path):
            if let file = known(inode) { add(.file(file), "fsync \(path)") }
        case .syncData(let inode, let path):
            if let file = known(inode) { add(.data(file), "fdatasync \(path)") }
        case .syncFileSystem: add(.everything, "syncfs")
        case .map(let path): surprises.append("mapped: \(path)")
        case .startWriteBack: break
        case .unsupported(let what): surprises.append("unsupported: \(what)")
        }
    }

    private func known(_ inode: UInt64) -> Int? {
        if filesByInode[inode] == nil { surprises.append("inode \(inode) came from nowhere") }
        return filesByInode[inode]
    }

    private func appear(_ path: String, _ inode: UInt64, _ file: File) {
        let number = add(file, inode: inode)
        set([(path, number)], also: [number])
    }

    /// Directory and name of a path; links in the way are followed only where they are the root's own.
    private func place(_ path: String) -> (directory: Int, name: Int)? {
        var directory = 0
        var components = path.split(separator: "/").map(String.init)
        guard let last = components.popLast() else { return nil }
        for component in components {
            guard let next = current[directory][name(component)], files[next].kind == .directory else {
                surprises.append("no directory: \(path)")
                return nil
            }
            directory = next
        }
        return (directory, name(last))
    }

    private func file(at path: String) -> Int? {
        guard let place = place(path), let file = current[place.directory][place.name] else {
            surprises.append("no file: \(path)")
            return nil
        }
        return file
    }

    private func set(_ changes: [(path: String, file: Int?)], also touched: [Int]) {
        var entries: [Entry] = []
        for change in changes {
            guard let place = place(change.path) else { return }
            current[place.directory][place.name] = change.file
            entries.append(Entry(directory: place.directory, name: place.name, file: change.file))
        }
        add(.entries(entries), touching: entries.map(\.directory) + touched)
    }

    private func add(_ change: Change, touching touched: [Int]) {
        steps.append(Step(event: eventCount, change: change, touched: touched))
        eventCount += 1
    }

    private func add(_ scope: Sync.Scope, _ name: String) {
        syncs.append(Sync(event: eventCount, scope: scope, name: name, command: commandEnds.count))
        eventCount += 1
    }
}
