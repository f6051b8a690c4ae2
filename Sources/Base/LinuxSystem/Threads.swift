import Glibc

/// Runs `body` with 0, 1, … `count - 1` on that many threads, one of them the caller's, and waits for all.
///
/// Shares for which no thread can be made run on the caller's, so they must not wait for each other. Blocking work gets
/// its own threads: the concurrency runtime's pool is as wide as the machine has cores.
package func withThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
    var threads: [pthread_t] = []
    for index in 1..<max(1, count) {
        if let thread = startThread({ body(index) }) {
            threads.append(thread)
        } else {
            body(index)
        }
    }
    body(0)
    for thread in threads { pthread_join(thread, nil) }
}

/// Runs `second` on a thread of its own and `first` on the caller's, and waits for both; they may wait for each other.
/// - Returns: false when no thread can be made; then neither was run.
package func withSecondThread(_ second: @escaping @Sendable () -> Void, _ first: () -> Void) -> Bool {
    guard let thread = startThread(second) else { return false }
    first()
    pthread_join(thread, nil)
    return true
}

/// Runs `body` on a thread of its own that nobody waits for and that takes no signals.
/// - Returns: false when no thread can be made.
package func withThreadBeside(_ body: @escaping @Sendable () -> Void) -> Bool {
    let thread = startThread {
        CurrentThread.blockSignals()
        body()
    }
    guard let thread else { return false }
    pthread_detach(thread)
    return true
}

/// Starts a thread that must be joined or detached; nil when the system has no more of them.
private func startThread(_ body: @escaping @Sendable () -> Void) -> pthread_t? {
    final class Start {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(body))
    let failed = pthread_create(
        &thread, nil,
        { argument in
            // Balances passRetained: the thread owns its start value.
            guard let argument else { return nil }
            Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, start.toOpaque())
    guard failed == 0 else {
        start.release()
        return nil
    }
    return thread
}

/// The calling thread.
package enum CurrentThread {
    /// Leaves every signal to the other threads.
    package static func blockSignals() {
        var all = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_BLOCK, &all, nil)
    }
}

/// Processors this process may run on, and so how many threads work well; fewer where threads would take the few files
/// from each other that may be open.
package func processorCount() -> Int {
    max(1, min(Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))), CurrentProcess.openFileLimit / 32))
}

/// The first error of several threads; the others' are dropped, as they usually follow from it.
package final class FirstError<Failure: Error>: Sendable {
    private let error = Guarded<Failure?>(nil)

    package init() {}

    package func record(_ failure: Failure) {
        error.withLock { if $0 == nil { $0 = failure } }
    }

    package var occurred: Bool { error.withLock { $0 != nil } }

    package func throwIfAny() throws(Failure) {
        if let failure = error.withLock({ $0 }) { throw failure }
    }
}

/// A bounded hand-over between threads: `push` waits while full, `pop` while empty.
///
/// Raw pthread primitives, because the standard library's mutex has no condition variable.
package final class BlockingQueue<Element>: @unchecked Sendable {
    // Every stored property below is guarded by `mutex`; the pointers themselves never change.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var elements: [Element] = []
    private var head = 0
    private var closed = false
    private let capacity: Int

    package init(capacity: Int) {
        self.capacity = max(1, capacity)
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// Adds `element`; false when the queue was closed and the element is dropped.
    package func push(_ element: sending Element) -> Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while elements.count - head >= capacity && !closed { pthread_cond_wait(changed, mutex) }
        guard !closed else { return false }
        elements.append(element)
        pthread_cond_broadcast(changed)
        return true
    }

    /// The oldest element; nil once the queue is closed and empty.
    package func pop() -> sending Element? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while head == elements.count {
            if closed { return nil }
            pthread_cond_wait(changed, mutex)
        }
        nonisolated(unsafe) let element = elements[head]  // handed over: the queue forgets it below
        head += 1
        if head >= 64 || head == elements.count {
            elements.removeFirst(head)
            head = 0
        }
        pthread_cond_broadcast(changed)
        return element
    }

    /// No more elements: waiting `pop`s end once the queue is empty, waiting `push`es at once.
    package func close() {
        pthread_mutex_lock(mutex)
        closed = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }
}
