internal import BytePath
internal import ContentStore
package import FileTree
package import LinuxSystem

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
    /// - Throws: ``BlitError/tampered(_:)`` when an entry that must be there is not, or one that must not be there is.
    ///   The tree is then neither of the two, as after any error.
    package func patch(
        _ directory: borrowing Descriptor, from old: TreeID, to new: TreeID
    ) throws(BlitError) {
        let patches = try differences(from: old, to: new)
        let restricted = RestrictedDirectories()
        let writer = EntryWriter(
            store: store, root: directory.raw, restricted: restricted, substitute: substitute)
        for patch in patches { try remove(patch, below: directory, writer) }
        var fresh: [DirectoryQueue.Item] = []
        var shards = ShardCache()
        for patch in patches { fresh += try add(patch, below: directory, writer, &shards) }
        try write(fresh, below: directory)
        for patch in patches.reversed() {
            for entry in patch.changedMetadata { try apply(entry, in: patch.path, below: directory) }
        }
        try restricted.apply(below: directory)
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
            return try store.readingTrees(body)
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
                if let tree = entry.tree {
                    try removeTree(tree, entry.name, in: directory)
                } else {
                    try directory.unlink(entry.name)
                }
            } catch {
                throw .whilePatching(error.below(patch.path))
            }
        }
    }

    /// Removes a directory that holds exactly `tree`. Something unknown in it makes removing it fail.
    private func removeTree(
        _ tree: TreeID, _ name: BytePath, in parent: borrowing Descriptor
    ) throws(SystemError) {
        let directory = try parent.openDirectory(name)
        let entries = try? readingTrees { lookup in try Directory(lookup(tree), id: tree).entries() }
        for entry in entries ?? [] {
            if let subtree = entry.tree {
                try removeTree(subtree, entry.name, in: directory)
            } else {
                try directory.unlink(entry.name)
            }
        }
        try parent.removeDirectory(name)
    }

    /// Makes the added entries and returns the directories among them, still empty.
    private func add(
        _ patch: DirectoryPatch, below root: borrowing Descriptor, _ writer: EntryWriter, _ shards: inout ShardCache
    ) throws(BlitError) -> [DirectoryQueue.Item] {
        if patch.added.isEmpty { return [] }
        let directory = try open(patch.path, below: root, writer)
        var fresh: [DirectoryQueue.Item] = []
        for entry in patch.added {
            do throws(BlitError) {
                try entry.withRecord { (record) throws(BlitError) in
                    try writer.make(record, in: directory.raw, at: patch.path, &shards)
                }
            } catch {
                if case .system(let error) = error { throw .whilePatching(error) }
                throw error
            }
            if let tree = entry.tree {
                fresh.append(DirectoryQueue.Item(path: patch.path.appending(entry.name), tree: tree))
            }
        }
        return fresh
    }

    private func open(
        _ path: BytePath, below root: borrowing Descriptor, _ writer: EntryWriter
    ) throws(BlitError) -> Descriptor {
        do throws(SystemError) {
            return path.isEmpty ? try root.duplicate() : try root.openDirectory(path)
        } catch {
            throw .whilePatching(error)
        }
    }

    private func apply(
        _ entry: TreeEntry, in path: BytePath, below root: borrowing Descriptor
    ) throws(BlitError) {
        let whole = path.appending(entry.name)
        let metadata = store.effective(entry.metadata)
        do throws(SystemError) {
            if store.ownership == .applied { try root.setOwner(uid: metadata.uid, gid: metadata.gid, of: whole) }
            try root.setMode(entry.metadata.mode, of: whole)
        } catch {
            throw .whilePatching(error)
        }
    }
}

extension BlitError {
    /// Failures that the recorded tree cannot have mean that the tree on disk is another one.
    fileprivate static func whilePatching(_ error: SystemError) -> BlitError {
        switch error.number {
        case .noSuchFile, .alreadyExists, .directoryNotEmpty, .notDirectory, .isDirectory, .loop, .accessDenied:
            .tampered(error.path)
        default: .system(error)
        }
    }
}
