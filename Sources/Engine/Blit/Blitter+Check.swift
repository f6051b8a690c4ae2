internal import BytePath
internal import ContentStore
internal import Digests
package import FileTree
package import LinuxSystem

extension Blitter {
    /// Whether nobody changed the tree on disk since it was written.
    ///
    /// Every way to add, remove, rename or replace an entry, and every change of a directory's mode or owner, sets the
    /// change time of a directory, so one status call per directory is enough: none may be younger than `stamp`.
    /// The root directory is different, as switching trees touches it: its names, files and links are compared instead.
    ///
    /// - Parameters:
    ///   - stamp: a change time, in nanoseconds, that the file system gave after the tree was complete.
    ///   - extraNames: files in the root directory that do not belong to the tree.
    package func isUnchanged(
        _ root: borrowing Descriptor, _ tree: TreeID, since stamp: Int64, extraNames: Set<String>
    ) throws(BlitError) -> Bool {
        guard try hasNames(of: tree, root, extraNames) else { return false }
        let target = root.raw
        do throws(BlitError) {
            try work(on: [DirectoryQueue.Item(path: "", tree: tree)]) { (item, directory, _) throws(BlitError) in
                try Self.check(item, directory, below: target, stamp)
            }
            return true
        } catch {
            if error.isTampering { return false }
            throw error
        }
    }

    private func hasNames(
        of tree: TreeID, _ root: borrowing Descriptor, _ extraNames: Set<String>
    ) throws(BlitError) -> Bool {
        let expected = try readingTrees { lookup in try Directory(lookup(tree), id: tree).entries() }
        do throws(SystemError) {
            let found = try root.entries()
            let kinds = Dictionary(found.map { ($0.name, $0.kind) }, uniquingKeysWith: { first, _ in first })
            let extra = extraNames.filter { [.regular, .unknown].contains(kinds[BytePath($0)]) }
            guard found.count == expected.count + extra.count else { return false }
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
        case .symlink(let target): return (try? root.readLink(entry.name)) == target
        case .regular(let digest, let size):
            guard let file = try? root.open(entry.name, [.noFollow, .nonBlocking]) else { return false }
            let status = try file.status()
            guard status.size == size, status.permissions == entry.metadata.fileMode else { return false }
            let hasher = XXH3Hasher(.bits128)
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 8)
            defer { buffer.deallocate() }
            while true {
                let count = try file.read(into: buffer)
                if count == 0 { return hasher.digest128 == digest }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        }
    }

    /// An empty file is an inode of its own, which can be written to without any directory changing.
    private static func check(
        emptyFile record: EntryRecord, in path: BytePath, below root: Int32, _ stamp: Int64
    ) throws(BlitError) {
        let path = path.appending(BytePath(bytes: Array(record.name)))
        let status = path.withCString { path in try? SystemCalls.status(root, path) }
        guard let status, status.kind == .regular, status.size == 0, status.changed <= stamp else {
            throw .tampered(path)
        }
    }

    /// Looks at each subdirectory and each empty file of `item`, and returns the subdirectories.
    private static func check(
        _ item: DirectoryQueue.Item, _ directory: Directory, below root: Int32, _ stamp: Int64
    ) throws(BlitError) -> [DirectoryQueue.Item] {
        var subdirectories: [DirectoryQueue.Item] = []
        var cursor = directory.cursor
        while let record = try cursor.nextRecord() {
            if record.kind == .regular && record.size == 0 {
                try check(emptyFile: record, in: item.path, below: root, stamp)
            }
            guard record.isDirectory else { continue }
            let path = item.path.appending(BytePath(bytes: Array(record.name)))
            // A directory that cannot even be looked at is not as it was.
            let status = path.withCString { path in try? SystemCalls.status(root, path) }
            guard let status, status.kind == .directory, status.changed <= stamp else { throw .tampered(path) }
            subdirectories.append(DirectoryQueue.Item(path: path, tree: record.identifier))
        }
        return subdirectories
    }
}

extension EntryKind {
    var fileKind: FileKind {
        switch self {
        case .regular: .regular
        case .symlink: .symlink
        case .directory: .directory
        }
    }
}
