internal import BytePath
internal import ContentStore
internal import Digests
internal import FileTree
internal import LinuxSystem

/// Makes single entries of a tree on disk.
struct EntryWriter {
    let store: ContentStore
    /// The descriptor of the tree's root directory, kept open by the caller.
    let root: Int32
    let restricted: RestrictedDirectories
    let substitute: LostObjects?

    /// Makes everything that `directory` holds in the directory at `item.path`, and returns its subdirectories, made
    /// but empty.
    func fill(
        _ item: DirectoryQueue.Item, _ directory: Directory, _ shards: inout ShardCache
    ) throws(BlitError) -> [DirectoryQueue.Item] {
        if item.path.isEmpty { return try fill(item, directory, in: root, &shards) }
        let opened = try open(item.path)
        return try fill(item, directory, in: opened.raw, &shards)
    }

    func open(_ path: BytePath) throws(BlitError) -> Descriptor {
        do throws(SystemError) {
            return try path.withCString { (path) throws(SystemError) in try SystemCalls.openDirectory(root, path) }
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
            try make(record, in: target, at: item.path, &shards)
            if record.isDirectory {
                let path = item.path.appending(BytePath(bytes: Array(record.name)))
                subdirectories.append(DirectoryQueue.Item(path: path, tree: record.identifier))
            }
        }
        return subdirectories
    }

    /// Makes one entry in the open directory `target`, which is at `path`; a directory is made empty.
    @inline(__always)
    func make(
        _ record: EntryRecord, in target: Int32, at path: BytePath, _ shards: inout ShardCache
    ) throws(BlitError) {
        switch record.kind {
        case .regular:
            if record.size == 0 {
                try check(createEmpty(record, in: target), path)
                return
            }
            do throws(StoreError) {
                try store.link(record.identifier, record.metadata, target, record.cName, &shards)
            } catch {
                if case .missingObject(let digest) = error, let substitute {
                    try check(substitute.link(digest, store.effective(record.metadata), target, record.cName), path)
                    return
                }
                throw .locating(error, below: path)
            }
        case .symlink:
            try check(SystemCalls.symlink(record.cTarget, target, record.cName), path)
            try applyOwner(of: record, in: target, path)
        case .directory:
            let mode = restricted.initialMode(record, at: path)
            try check(SystemCalls.makeDirectory(target, record.cName, mode: mode), path)
            try applyOwner(of: record, in: target, path)
        }
    }

    private func createEmpty(_ record: EntryRecord, in target: Int32) -> SystemError? {
        let metadata = store.effective(record.metadata)
        let owner: (uid: UInt32, gid: UInt32)? =
            metadata.uid != 0 || metadata.gid != 0 ? (metadata.uid, metadata.gid) : nil
        return SystemCalls.createEmpty(
            target, record.cName, mode: metadata.fileMode, owner: owner, modified: ContentStore.objectTime)
    }

    private func applyOwner(of record: EntryRecord, in target: Int32, _ path: BytePath) throws(BlitError) {
        let metadata = store.effective(record.metadata)
        guard metadata.uid != 0 || metadata.gid != 0 else { return }
        try check(SystemCalls.setOwner(target, record.cName, uid: metadata.uid, gid: metadata.gid), path)
    }

    private func check(_ failure: SystemError?, _ path: BytePath) throws(BlitError) {
        if let failure { throw .system(failure.below(path)) }
    }
}

extension BlitError {
    /// Puts the directory before the name that a failed call on the store names.
    static func locating(_ error: StoreError, below path: BytePath) -> BlitError {
        if case .system(let error) = error { .system(error.below(path)) } else { .store(error) }
    }
}
