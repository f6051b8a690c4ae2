package import BytePath
internal import Digests
internal import Failures
internal import FileTree
package import LinuxSystem
package import PackageModel

extension Blitter {
    /// Whether nobody changed the tree on disk since it was written, by one status call per directory.
    ///
    /// The root directory is different, as switching trees touches it: its names, files and links are compared instead.
    /// So are those of a directory that was written in the very moment that `stamp` tells, as it would keep its time if
    /// it was changed in that moment as well; on a file system that counts whole seconds these may be many.
    ///
    /// - Parameters:
    ///   - fingerprint: as it was written.
    ///   - stamp: a change time, in nanoseconds, that the file system gave after the tree was complete.
    ///   - extraNames: files in the root directory that do not belong to the tree.
    ///   - mountPoints: places that were made in the tree for something to be mounted on.
    package func isUnchanged(
        _ root: borrowing Descriptor, _ tree: TreeID, _ fingerprint: UInt64, since stamp: Int64,
        extraNames: Set<String>, mountPoints: [BytePath] = []
    ) throws(BlitError) -> Bool {
        guard try hasNames(of: tree, root, extraNames, mountPoints) else { return false }
        let target = root.raw
        let found = TreeFingerprint()
        let made = Set(mountPoints)
        do throws(BlitError) {
            for path in mountPoints { try Self.check(mountPoint: path, of: made, below: target, stamp, found) }
            try work(on: [DirectoryQueue.Item(path: "", tree: tree)]) { (item, directory, _) throws(BlitError) in
                try Self.check(item, directory, below: target, stamp, made, found)
            }
            return found.value == fingerprint
        } catch {
            if error.marks.contains(.tampered) { return false }
            throw error
        }
    }

    private func hasNames(
        of tree: TreeID, _ root: borrowing Descriptor, _ extraNames: Set<String>, _ mountPoints: [BytePath]
    ) throws(BlitError) -> Bool {
        let expected = try readingTrees { lookup in try Directory(lookup(tree), id: tree).entries() }
        do throws(SystemError) {
            let found = try root.entries()
            let kinds = Dictionary(found.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first })
            let extra = extraNames.filter { [.regular, .unknown].contains(kinds[BytePath($0)]) }
            let made = mountPoints.filter { $0.parent.isEmpty }
            guard found.count == expected.count + extra.count + made.count else { return false }
            for entry in expected {
                guard let kind = kinds[entry.name], kind == entry.kind.fileKind || kind == .unknown,
                    try isEqual(entry, below: root)
                else { return false }
            }
            return true
        } catch {
            throw .system(error)
        }
    }

    /// Whether a file or link in the root directory, where no change time tells, is the tree's; directories are
    /// looked at by the time.
    private func isEqual(_ entry: TreeEntry, below root: borrowing Descriptor) throws(SystemError) -> Bool {
        switch entry.content {
        case .directory: return true
        case .symlink(let target):
            return try Self.unlessBlind { () throws(SystemError) in try root.readLink(entry.name) } == target
        case .regular(let digest, let size):
            let opened = try Self.unlessBlind { () throws(SystemError) in try root.openFile(entry.name) }
            guard let file = opened else { return false }
            let status = try file.status()
            guard status.size == size, status.permissions == entry.metadata.fileMode else { return false }
            let hasher = XXH3Hasher(.bits128)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 8)
            defer { buffer.deallocate() }
            var total: UInt64 = 0
            while total <= size {
                let count = try file.read(into: buffer)
                if count == 0 { break }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                total += UInt64(count)
            }
            return ObjectID(hasher.digest128) == digest
        }
    }

    /// The result of a look; nil where it shows that the tree was changed: what its owner may not look at was changed too.
    private static func unlessBlind<R: ~Copyable>(_ body: () throws(SystemError) -> R) throws(SystemError) -> R? {
        do throws(SystemError) {
            return try body()
        } catch {
            if error.saysNothing && error.number != .accessDenied && error.number != .notPermitted { throw error }
            return nil
        }
    }

    private static func status(_ root: Int32, _ path: BytePath) throws(BlitError) -> FileStatus? {
        do throws(SystemError) {
            return try unlessBlind { () throws(SystemError) in
                try path.withCString { (path) throws(SystemError) in try SystemCalls.status(root, path) }
            }
        } catch {
            throw .system(error)
        }
    }

    /// Looks at a place that was made to mount on: an empty file, or a directory of nothing but other such places.
    private static func check(
        mountPoint path: BytePath, of made: Set<BytePath>, below root: Int32, _ stamp: Int64, _ found: TreeFingerprint
    ) throws(BlitError) {
        guard let status = try status(root, path), status.changed <= stamp,
            status.kind == .directory || (status.kind == .regular && status.size == 0)
        else { throw .tampered(path) }
        found.add(path, status)
        guard status.kind == .directory else { return }
        let names: [BytePath]?
        do throws(SystemError) {
            names = try unlessBlind { () throws(SystemError) in
                try path.withCString { (path) throws(SystemError) in try SystemCalls.descend(root, path) }
                    .entries().map(\.name)
            }
        } catch {
            throw .system(error.below(path))
        }
        guard let names, names.allSatisfy({ made.contains(path.appending($0)) }) else { throw .tampered(path) }
    }

    /// Looks at each subdirectory and each empty file of `item`, and returns the subdirectories.
    private static func check(
        _ item: DirectoryQueue.Item, _ directory: Directory, below root: Int32, _ stamp: Int64, _ made: Set<BytePath>,
        _ found: TreeFingerprint
    ) throws(BlitError) -> [DirectoryQueue.Item] {
        if item.isRecent { try compare(item, directory, below: root, made) }
        var subdirectories: [DirectoryQueue.Item] = []
        var cursor = directory.cursor
        while let record = try cursor.nextRecord() {
            // An empty file is an inode of its own, which can be written to without any directory changing.
            guard record.isDirectory || (record.kind == .regular && record.size == 0) else { continue }
            let path = item.path.appending(BytePath(bytes: Array(record.name)))
            let status = try status(root, path)
            guard let status, status.kind == record.kind.fileKind, status.changed <= stamp,
                record.isDirectory || status.size == 0
            else { throw .tampered(path) }
            found.add(path, status)
            guard record.isDirectory else { continue }
            subdirectories.append(
                DirectoryQueue.Item(path: path, tree: record.tree, isRecent: status.changed == stamp))
        }
        return subdirectories
    }

    /// Holds the names, kinds, links and files of a directory against what it should hold, without reading files.
    private static func compare(
        _ item: DirectoryQueue.Item, _ directory: Directory, below root: Int32, _ made: Set<BytePath>
    ) throws(BlitError) {
        do throws(SystemError) {
            let opened = try item.path.withCString { (path) throws(SystemError) in
                try SystemCalls.descend(root, path)
            }
            let entries = try opened.entries()
            let expected = (try? directory.entries()) ?? []
            var names = Set(entries.map(\.name).filter { !made.contains(item.path.appending($0)) })
            for entry in expected {
                guard names.remove(entry.name) != nil, try entry.isOwn(in: opened) else {
                    throw SystemError(.noSuchFile, call: "stat", path: entry.name)
                }
            }
            guard names.isEmpty else { throw SystemError(.directoryNotEmpty, call: "stat") }
        } catch {
            throw .tampered(item.path)
        }
    }
}

extension EntryKind {
    package var fileKind: FileKind {
        switch self {
        case .regular: .regular
        case .symlink: .symlink
        case .directory: .directory
        }
    }
}
