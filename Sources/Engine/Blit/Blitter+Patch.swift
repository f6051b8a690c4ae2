internal import BytePath
internal import FileTree
package import LinuxSystem
internal import ObjectStore
package import PackageModel

/// What a patch has to do, per directory that changes.
private struct DirectoryPatch {
    let path: BytePath
    var removed: [TreeEntry] = []
    var added: [TreeEntry] = []
    var changedMetadata: [TreeEntry] = []
}

extension Blitter {
    /// Turns the tree in `directory`, which is `old`, into `new`; the cost follows the difference.
    ///
    /// - Parameter fingerprint: of the old tree.
    /// - Returns: that of the new one.
    /// - Throws: ``BlitError/tampered(_:)`` when an entry that must be there is not, or one that must not be there is.
    ///   The tree is then neither of the two, as after any error.
    @discardableResult
    package func patch(
        _ directory: borrowing Descriptor, from old: TreeID, to new: TreeID, fingerprint: UInt64
    ) throws(BlitError) -> UInt64 {
        let patches = try differences(from: old, to: new)
        let restricted = RestrictedDirectories()
        let change = TreeFingerprint()
        let writer = EntryWriter(
            objects: objects, root: directory.raw, restricted: restricted, substitute: substitute, fingerprint: change)
        let touched = Self.touched(by: patches)
        try forEach(touched, below: directory, change.subtract)
        for patch in patches { try remove(patch, below: directory, writer) }
        var fresh: [DirectoryQueue.Item] = []
        var shards = ShardCache()
        for patch in patches { fresh += try add(patch, below: directory, writer, &shards) }
        try write(fresh, below: directory, change)
        for patch in patches.reversed() {
            for entry in patch.changedMetadata { try apply(entry, in: patch.path, below: directory) }
        }
        try restricted.apply(below: directory, change)
        try forEach(touched, below: directory, change.add)
        return fingerprint &+ change.value
    }

    /// Directories, in both trees, whose change time a patch sets. That of the root is nobody's business.
    private static func touched(by patches: [DirectoryPatch]) -> Set<BytePath> {
        var paths: Set<BytePath> = []
        for patch in patches {
            if !patch.removed.isEmpty || !patch.added.isEmpty { paths.insert(patch.path) }
            for entry in patch.changedMetadata { paths.insert(patch.path.appending(entry.name)) }
        }
        paths.remove("")
        return paths
    }

    private func forEach(
        _ paths: Set<BytePath>, below root: borrowing Descriptor, _ body: (BytePath, FileStatus) -> Void
    ) throws(BlitError) {
        for path in paths {
            do throws(SystemError) {
                body(path, try root.status(of: path))
            } catch {
                throw .whilePatching(error)
            }
        }
    }

    private func differences(from old: TreeID, to new: TreeID) throws(BlitError) -> [DirectoryPatch] {
        try readingTrees { (lookup) throws in
            var patches: [DirectoryPatch] = []
            try TreeDifference.walk(from: old, to: new, lookup) { path, change in
                if patches.last?.path != path { patches.append(DirectoryPatch(path: path)) }
                let last = patches.count - 1
                switch change {
                case .added(let entry): patches[last].added.append(entry)
                case .removed(let entry): patches[last].removed.append(entry)
                case .changed(let from, let to):
                    if from.kind == .directory && to.kind == .directory {
                        patches[last].changedMetadata.append(to)
                    } else {
                        patches[last].removed.append(from)
                        patches[last].added.append(to)
                    }
                }
            }
            return patches
        }
    }

    func readingTrees<R>(_ body: (TreeLookup) throws -> R) throws(BlitError) -> R {
        do throws(StoreError) {
            return try objects.readingTrees(body)
        } catch {
            throw .store(error)
        }
    }

    private func remove(
        _ patch: DirectoryPatch, below root: borrowing Descriptor, _ writer: EntryWriter
    ) throws(BlitError) {
        if patch.removed.isEmpty { return }
        let directory = try open(patch.path, below: root, writer)
        for entry in patch.removed {
            do throws(SystemError) {
                try remove(entry, in: directory, at: patch.path, writer.fingerprint)
            } catch {
                throw .whilePatching(error.below(patch.path))
            }
        }
    }

    /// Removes an entry; a directory must hold exactly its tree. Something unknown in it makes removing it fail.
    private func remove(
        _ entry: TreeEntry, in parent: borrowing Descriptor, at path: BytePath, _ fingerprint: TreeFingerprint
    ) throws(SystemError) {
        guard let tree = entry.tree else {
            if case .regular(_, size: 0) = entry.content {
                fingerprint.subtract(path.appending(entry.name), try parent.status(of: entry.name))
            }
            return try parent.unlink(entry.name)
        }
        let directory = try parent.descend(into: entry.name)
        let whole = path.appending(entry.name)
        fingerprint.subtract(whole, try directory.status())
        let entries = try? readingTrees { lookup in try Directory(lookup(tree), id: tree).entries() }
        for entry in entries ?? [] { try remove(entry, in: directory, at: whole, fingerprint) }
        try parent.removeDirectory(entry.name)
    }

    /// Makes the added entries and returns the directories among them, still empty.
    private func add(
        _ patch: DirectoryPatch, below root: borrowing Descriptor, _ writer: EntryWriter, _ shards: inout ShardCache
    ) throws(BlitError) -> [DirectoryQueue.Item] {
        if patch.added.isEmpty { return [] }
        let directory = try open(patch.path, below: root, writer)
        let givesGroup: Bool
        do throws(SystemError) {
            givesGroup = try objects.givesGroup(directory.status())
        } catch {
            throw .system(error.below(patch.path))
        }
        var fresh: [DirectoryQueue.Item] = []
        for entry in patch.added {
            do throws(BlitError) {
                try entry.withRecord { (record) throws(BlitError) in
                    try writer.make(record, in: directory.raw, at: patch.path, inheriting: givesGroup, &shards)
                }
            } catch {
                if case .system(let error) = error { throw .whilePatching(error) }
                throw error
            }
            if let tree = entry.tree {
                let path = patch.path.appending(entry.name)
                fresh.append(DirectoryQueue.Item(path: path, tree: tree, givesGroup: entry.metadata.gid != 0))
            }
        }
        return fresh
    }

    private func open(
        _ path: BytePath, below root: borrowing Descriptor, _ writer: EntryWriter
    ) throws(BlitError) -> Descriptor {
        do throws(SystemError) {
            return path.isEmpty ? try root.duplicate() : try root.descend(into: path)
        } catch {
            throw .whilePatching(error)
        }
    }

    private func apply(
        _ entry: TreeEntry, in path: BytePath, below root: borrowing Descriptor
    ) throws(BlitError) {
        let whole = path.appending(entry.name)
        let metadata = objects.effective(entry.metadata)
        do throws(SystemError) {
            if objects.ownership == .applied { try root.setOwner(uid: metadata.uid, gid: metadata.gid, within: whole) }
            try root.setMode(entry.metadata.mode, within: whole)
        } catch {
            throw .whilePatching(error)
        }
    }
}

extension BlitError {
    /// Failures that the recorded tree cannot have mean that the tree on disk is another one, or that something is in the
    /// way there.
    fileprivate static func whilePatching(_ error: SystemError) -> BlitError {
        switch error.number {
        case .noSuchFile, .alreadyExists, .directoryNotEmpty, .notDirectory, .isDirectory, .loop, .accessDenied:
            .tampered(error.path)
        // Something in it is immutable, or another file system is mounted there: another tree will do.
        default: error.isWall ? .tampered(error.path) : .system(error)
        }
    }
}
