package import BytePath
internal import FileTree
import Glibc
package import PackageModel

/// Directories waiting for a thread, last in first out, until none waits and no thread can add more.
///
/// Raw pthread primitives, because the standard library's mutex has no condition variable.
package final class DirectoryQueue: @unchecked Sendable {
    package struct Item {
        /// Relative to the tree's root; empty for the root itself.
        package let path: BytePath
        package let tree: TreeID
        /// Whether what is made in it may get its group, and directories its set-group-id bit.
        package var givesGroup = false
        /// Whether its times do not tell what was changed in it.
        package var isRecent = false

        package init(path: BytePath, tree: TreeID, givesGroup: Bool = false, isRecent: Bool = false) {
            self.path = path
            self.tree = tree
            self.givesGroup = givesGroup
            self.isRecent = isRecent
        }
    }

    // Everything below is guarded by `mutex`; the pointers themselves never change.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var items: [Item]
    private var working = 0
    private var stopped = false

    package init(_ items: [Item]) {
        self.items = items
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// Takes a directory to work on; `done` must follow. Nil when all work is finished or was stopped.
    package func take() -> Item? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while items.isEmpty && working > 0 && !stopped { pthread_cond_wait(changed, mutex) }
        guard !stopped, let item = items.popLast() else { return nil }
        working += 1
        return item
    }

    /// Ends the work on a directory, which turned up `more`.
    package func done(adding more: [Item]) {
        pthread_mutex_lock(mutex)
        working -= 1
        items.append(contentsOf: more)
        if !more.isEmpty || working == 0 { pthread_cond_broadcast(changed) }
        pthread_mutex_unlock(mutex)
    }

    /// Makes every `take` return nil.
    package func stop() {
        pthread_mutex_lock(mutex)
        stopped = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }
}
