import Glibc

/// Counts the transactions of this process and keeps them out while the map moves.
///
/// LMDB may only change the map's size when no transaction of the process is active, and does not check. Every
/// transaction therefore enters the gate; moving the map waits until all have left and holds newcomers back. A thread
/// that is inside already may enter again at once, otherwise the two would wait for each other.
///
/// `@unchecked Sendable`: everything mutable is guarded by `mutex`; the handles in it are used by one thread at a time.
final class Gate: @unchecked Sendable {
    private struct Activity {
        let thread: pthread_t
        /// The read transaction; nil for a writer or a transaction that opens handles.
        let reader: TransactionContext?
    }

    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>
    private var active: [Activity] = []
    private var isMoving = false
    private var writer: pthread_t?
    private var idleReaders: [TransactionContext] = []
    private var handles = BucketHandles()
    private var failure: DatabaseError?

    init() {
        mutex = .allocate(capacity: 1)
        condition = .allocate(capacity: 1)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    private func locked<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body()
    }

    private func waitUntilStill(thread: pthread_t) throws(DatabaseError) {
        while isMoving && !active.contains(where: { $0.thread == thread }) { pthread_cond_wait(condition, mutex) }
        if let failure { throw failure }
    }

    // MARK: Readers

    enum ReaderEntry {
        /// A view inside a view of the same thread: it shares the outer one's snapshot.
        case shared(TransactionContext)
        /// A context to begin a read transaction with, and whether the thread is inside its own update.
        case fresh(TransactionContext, insideUpdate: Bool)
    }

    func enterReader(make: () -> TransactionContext) throws(DatabaseError) -> ReaderEntry {
        let thread = pthread_self()
        return try locked { () throws(DatabaseError) in
            if let outer = active.first(where: { $0.thread == thread && $0.reader != nil })?.reader {
                outer.depth += 1
                return .shared(outer)
            }
            try waitUntilStill(thread: thread)
            let context = idleReaders.popLast() ?? make()
            context.handles = handles
            context.depth = 1
            active.append(Activity(thread: thread, reader: context))
            return .fresh(context, insideUpdate: writer == thread)
        }
    }

    /// - Returns: whether the context belongs to an outer view, which goes on.
    func leaveReader(_ context: TransactionContext) -> Bool {
        locked {
            context.depth -= 1
            return context.depth > 0
        }
    }

    /// Ends the activity of a reader whose LMDB transaction has been reset or freed.
    func retire(_ context: TransactionContext) {
        locked {
            active.removeAll { $0.reader === context }
            idleReaders.append(context)
            if active.isEmpty { pthread_cond_broadcast(condition) }
        }
    }

    /// Gives up all idle readers, for closing.
    func takeIdleReaders() -> [TransactionContext] {
        locked {
            let readers = idleReaders
            idleReaders = []
            return readers
        }
    }

    // MARK: Writers

    /// Makes this thread the process's writer; waits for another thread's update.
    func becomeWriter() {
        let thread = pthread_self()
        locked {
            precondition(
                writer != thread,
                "update inside an update of the same environment: pass the outer transaction on instead")
            precondition(
                !active.contains { $0.thread == thread },
                "update inside a view of the same environment: end the view before writing, "
                    + "or the map could never grow")
            while writer != nil { pthread_cond_wait(condition, mutex) }
            writer = thread
        }
    }

    func resignWriter() {
        locked {
            writer = nil
            pthread_cond_broadcast(condition)
        }
    }

    /// Counts a transaction of the writing thread.
    func enter() throws(DatabaseError) -> BucketHandles {
        let thread = pthread_self()
        return try locked { () throws(DatabaseError) in
            try waitUntilStill(thread: thread)
            active.append(Activity(thread: thread, reader: nil))
            return handles
        }
    }

    func leave() {
        let thread = pthread_self()
        locked {
            if let place = active.lastIndex(where: { $0.thread == thread && $0.reader == nil }) {
                active.remove(at: place)
            }
            if active.isEmpty { pthread_cond_broadcast(condition) }
        }
    }

    func publish(_ handles: BucketHandles) {
        locked { self.handles = handles }
    }

    // MARK: Moving the map

    /// Runs `body` while no transaction of this process is active. Must not be called from inside one.
    /// - Parameter body: returns an error that makes the environment unusable, or nil.
    func whileStill(_ body: () throws(DatabaseError) -> DatabaseError?) throws(DatabaseError) {
        try locked { () throws(DatabaseError) in
            while isMoving { pthread_cond_wait(condition, mutex) }
            isMoving = true
            defer {
                isMoving = false
                pthread_cond_broadcast(condition)
            }
            while !active.isEmpty { pthread_cond_wait(condition, mutex) }
            if let failure { throw failure }
            failure = try body()
            if let failure { throw failure }
        }
    }
}

/// LMDB's handles of the buckets that exist, by the bucket's index in `BucketNames`.
struct BucketHandles {
    /// 0 where the bucket does not exist: LMDB keeps 0 and 1 for itself.
    private(set) var handles: [UInt32] = []
    /// How many there are; equal to the number of records in the main database.
    private(set) var count = 0

    subscript(index: Int) -> UInt32 {
        index < handles.count ? handles[index] : 0
    }

    mutating func add(_ handle: UInt32, at index: Int) {
        if index >= handles.count {
            handles.append(contentsOf: repeatElement(0, count: index + 1 - handles.count))
        }
        if handles[index] == 0 { count += 1 }
        handles[index] = handle
    }
}
