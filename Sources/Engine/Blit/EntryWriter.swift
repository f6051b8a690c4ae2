internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
internal import ObjectStore

/// Makes single entries of a tree on disk.
struct EntryWriter {
    let objects: ObjectStore
    /// The descriptor of the tree's root directory, kept open by the caller.
    let root: Int32
    let restricted: RestrictedDirectories
    let substitute: LostObjects?
    let fingerprint: TreeFingerprint

    /// Makes everything that `directory` holds in the directory at `item.path`, and returns its subdirectories, made
    /// but empty.
    func fill(
        _ item: DirectoryQueue.Item, _ directory: Directory, _ shards: inout ShardCache
    ) throws(BlitError) -> [DirectoryQueue.Item] {
        if item.path.isEmpty { return try fill(item, directory, in: root, &shards) }
        let opened = try open(item.path)
        let subdirectories = try fill(item, directory, in: opened.raw, &shards)
        do throws(SystemError) {
            // Nothing in it changes any more; what is made in the subdirectories does not show here.
            fingerprint.add(item.path, try opened.status())
        } catch {
            throw .system(error.below(item.path))
        }
        return subdirectories
    }

    func open(_ path: BytePath) throws(BlitError) -> Descriptor {
        do throws(SystemError) {
            return try path.withCString { (path) throws(SystemError) in try SystemCalls.descend(root, path) }
        } catch {
            throw .system(error)
        }
    }

    private func fill(
        _ item: DirectoryQueue.Item, _ directory: Directory, in target: Int32, _ shards: inout ShardCache
    ) throws(BlitError) -> [DirectoryQueue.Item] {
        var subdirectories: [DirectoryQueue.Item] = []
        var cursor = directory.cursor
        while let record = try cursor.nextRecord() {
            try make(record, in: target, at: item.path, inheriting: item.givesGroup, &shards)
            if record.isDirectory {
                let path = item.path.appending(BytePath(bytes: Array(record.name)))
                // Some file systems are mounted so that the group alone is enough.
                subdirectories.append(
                    DirectoryQueue.Item(path: path, tree: record.tree, givesGroup: record.gid != 0))
            }
        }
        return subdirectories
    }

    /// Makes one entry in the open directory `target`, which is at `path`; a directory is made empty.
    ///
    /// - Parameter inheriting: whether the directory may give what is made in it its group.
    @inline(__always)
    func make(
        _ record: EntryRecord, in target: Int32, at path: BytePath, inheriting: Bool, _ shards: inout ShardCache
    ) throws(BlitError) {
        switch record.kind {
        case .regular:
            if record.size == 0 {
                try createEmpty(record, in: target, at: path, inheriting)
                return
            }
            do throws(StoreError) {
                try objects.link(record.object, record.metadata, target, record.cName, &shards)
            } catch {
                if case .missingObject(let digest) = error, let substitute {
                    try check(substitute.link(digest, objects.effective(record.metadata), target, record.cName), path)
                    return
                }
                throw .locating(error, below: path)
            }
        case .symlink:
            try check(SystemCalls.symlink(record.cTarget, target, record.cName), path)
            try applyOwner(of: record, in: target, path, inheriting)
        case .directory:
            let mode = restricted.initialMode(record, at: path)
            try check(SystemCalls.makeDirectory(target, record.cName, mode: mode), path)
            try applyOwner(of: record, in: target, path, inheriting)
            if inheriting { try check(SystemCalls.setMode(target, record.cName, mode), path) }
        }
    }

    private func createEmpty(
        _ record: EntryRecord, in target: Int32, at path: BytePath, _ inheriting: Bool
    ) throws(BlitError) {
        do throws(SystemError) {
            let status = try SystemCalls.createEmpty(
                target, record.cName, mode: objects.effective(record.metadata).fileMode,
                owner: owner(of: record, inheriting), modified: ObjectStore.objectTime)
            fingerprint.add(path.appending(BytePath(bytes: Array(record.name))), status)
        } catch {
            throw .system(error.below(path))
        }
    }

    /// The owner to give what is made; nil where it has that by itself.
    private func owner(of record: EntryRecord, _ inheriting: Bool) -> (uid: UInt32, gid: UInt32)? {
        if let owner = objects.ownerToApply(record.metadata) { return owner }
        return inheriting && objects.ownership == .applied ? (record.uid, record.gid) : nil
    }

    private func applyOwner(
        of record: EntryRecord, in target: Int32, _ path: BytePath, _ inheriting: Bool
    ) throws(BlitError) {
        guard let owner = owner(of: record, inheriting) else { return }
        try check(SystemCalls.setOwner(target, record.cName, uid: owner.uid, gid: owner.gid), path)
    }

    private func check(_ failure: SystemError?, _ path: BytePath) throws(BlitError) {
        if let failure { throw .system(failure.below(path)) }
    }
}

extension BlitError {
    /// Puts the directory before the name that a failed call on the store names; paths with more than a name are the
    /// store's own.
    static func locating(_ error: StoreError, below path: BytePath) -> BlitError {
        guard case .system(let cause) = error, cause.path.components.count < 2 else { return .store(error) }
        return .system(cause.below(path))
    }
}
