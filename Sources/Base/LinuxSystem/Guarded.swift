import Glibc

/// A value that one thread at a time may use, for tables that many threads want at once.
///
/// Like the standard library's mutex, but made of a lock that the thread sanitizer knows: it does not see the other's
/// waiting, and takes what comes after it for a race.
package final class Guarded<Value: ~Copyable>: @unchecked Sendable {
    // `value` is touched only with `mutex` held; the pointer itself never changes.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var value: Value

    package init(_ value: consuming sending Value) {
        self.value = value
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return try body(&value)
    }
}
