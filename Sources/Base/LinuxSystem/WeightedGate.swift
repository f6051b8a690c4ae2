import Glibc

/// Lets threads in as long as what they weigh together stays below a limit; one that is too heavy goes in alone.
package final class WeightedGate: @unchecked Sendable {
    // The stored properties below are guarded by `mutex`; the pointers themselves never change.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let capacity: UInt64
    private var inside: UInt64 = 0
    private var count = 0

    package init(capacity: UInt64) {
        self.capacity = capacity
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        pthread_cond_destroy(changed)
        mutex.deallocate()
        changed.deallocate()
    }

    /// Waits for room. Whoever is inside must not come a second time: it might wait for itself.
    package func enter(_ weight: UInt64) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while count > 0, weight > capacity - min(inside, capacity) { pthread_cond_wait(changed, mutex) }
        // Saturates only where somebody heavier than all is inside, who is alone.
        inside = weight > UInt64.max - inside ? .max : inside + weight
        count += 1
    }

    package func leave(_ weight: UInt64) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        inside -= min(weight, inside)
        count -= 1
        pthread_cond_broadcast(changed)
    }
}
