import Glibc
internal import LinuxSystem

/// The threads of one test server and the connections they serve, so that all of them can be ended together.
final class ServerThreads: Sendable {
    private struct State: Sendable {
        var running = 0
        /// How often each socket is served: both directions of one may have threads.
        var open: [Int32: Int] = [:]
        var isEnding = false
    }

    private let state = Guarded(State())

    /// Runs `body` on a thread of its own.
    func start(_ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.running += 1 }
        let started = startDetachedThread { [state] in
            body()
            state.withLock { $0.running -= 1 }
        }
        if !started { state.withLock { $0.running -= 1 } }
    }

    /// Calls `body` with a socket that ``end()`` shuts down; not at all once that was called.
    func serving(_ socket: borrowing Descriptor, _ body: () -> Void) {
        let number = socket.raw
        let isEnding = state.withLock { state in
            state.open[number, default: 0] += 1
            return state.isEnding
        }
        if !isEnding { body() }
        state.withLock { state in
            let left = state.open[number, default: 1] - 1
            state.open[number] = left > 0 ? left : nil
        }
    }

    var isEnding: Bool { state.withLock { $0.isEnding } }

    /// Shuts down every socket and waits for every thread.
    func end() {
        state.withLock { state in
            state.isEnding = true
            for number in state.open.keys { LoopbackSocket.shutDown(number) }
        }
        while state.withLock({ $0.running }) > 0 { usleep(200) }
    }
}

/// - Returns: false when the system has no more threads.
@discardableResult
func startDetachedThread(_ body: @escaping @Sendable () -> Void) -> Bool {
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
        return false
    }
    pthread_detach(thread)
    return true
}

/// Asks `condition` again and again until it holds.
///
/// - Returns: false when it does not within `seconds`.
package func waitUntil(seconds: Double = 30, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
    while try !condition() {
        if monotonicNanoseconds() > deadline { return false }
        usleep(2000)
    }
    return true
}
