internal import BytePath
internal import FileTree
package import LinuxSystem
package import ObjectStore
package import PackageModel
internal import Storage

/// Trees to disk: a full tree, a patched spare, and the check that nobody tampered with it.
///
/// Regular files become hard links to objects; directories and links are made; empty files are made, because the
/// many empty files of a system would use up the links of one inode. One system call per file, and one open per
/// directory.
package struct Blitter: Sendable {
    let objects: ObjectStore
    let threadCount: Int
    /// Called with the number of entries written since the last call, from any thread.
    let progress: @Sendable (Int) -> Void
    /// Asked for a file whose object is lost; nil where that is an error.
    let substitute: LostObjects?

    package init(
        _ objects: ObjectStore, threadCount: Int = processorCount(), substitute: LostObjects? = nil,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.objects = objects
        self.threadCount = threadCount
        self.substitute = substitute
        self.progress = progress
    }

    /// Writes `tree` into `directory`, which must be empty.
    ///
    /// - Returns: the tree's fingerprint, for ``isUnchanged(_:_:_:since:extraNames:mountPoints:)``.
    @discardableResult
    package func blit(_ tree: TreeID, into directory: borrowing Descriptor) throws(BlitError) -> UInt64 {
        let fingerprint = TreeFingerprint()
        try write([DirectoryQueue.Item(path: "", tree: tree)], below: directory, fingerprint)
        return fingerprint.value
    }

    /// Writes the contents of directories that exist and are empty.
    func write(
        _ items: [DirectoryQueue.Item], below root: borrowing Descriptor, _ fingerprint: TreeFingerprint
    ) throws(BlitError) {
        if items.isEmpty { return }
        let restricted = RestrictedDirectories()
        let target = root.raw
        try work(on: items) { (item, directory, shards) throws(BlitError) in
            let writer = EntryWriter(
                objects: objects, root: target, restricted: restricted, substitute: substitute, fingerprint: fingerprint
            )
            return try writer.fill(item, directory, &shards)
        }
        try restricted.apply(below: root, fingerprint)
    }

    /// Runs `body` for every directory of `items` and every one that it returns, on all threads.
    ///
    /// Each thread has its own read transaction, and trees never change, so all see the same.
    func work(
        on items: [DirectoryQueue.Item],
        _ body:
            @escaping @Sendable (DirectoryQueue.Item, Directory, inout ShardCache) throws(BlitError)
            -> [DirectoryQueue.Item]
    ) throws(BlitError) {
        let queue = DirectoryQueue(items)
        let failure = FirstError<BlitError>()
        withThreads(threadCount) { _ in
            do throws(StoreError) {
                try objects.reading { (transaction) throws(StoreError) in
                    var shards = ShardCache()
                    while let item = queue.take() {
                        do throws(BlitError) {
                            let directory = try Self.directory(item.tree, in: transaction)
                            queue.done(adding: try body(item, directory, &shards))
                            progress(directory.count)
                        } catch {
                            failure.record(error)
                            queue.stop()
                        }
                    }
                }
            } catch {
                failure.record(.store(error))
                queue.stop()
            }
        }
        try failure.throwIfAny()
    }

    static func directory(
        _ tree: TreeID, in transaction: borrowing ReadTransaction
    ) throws(BlitError) -> Directory {
        do throws(TreeError) {
            return try Directory(ObjectStore.directory(tree, in: transaction), id: tree)
        } catch {
            throw .tree(error)
        }
    }
}
