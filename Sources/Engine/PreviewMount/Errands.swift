internal import LinuxSystem

/// What takes long enough that no thread which serves requests may do it: a few threads of their own, made as needed.
final class Errands: Sendable {
    private struct State: Sendable {
        var waiting: [@Sendable () -> Void] = []
        var threads = 0
    }

    private static let threadLimit = 16

    private let state = Guarded(State())
    /// Whether there is nobody to answer to any more; held while an answer is given.
    private let isOver = Guarded(false)

    /// Does `errand` soon, on another thread.
    func run(_ errand: @escaping @Sendable () -> Void) {
        let needsThread = state.withLock { state in
            state.waiting.append(errand)
            guard state.threads < Self.threadLimit else { return false }
            state.threads += 1
            return true
        }
        if needsThread, !withThreadBeside({ self.work() }) { work() }
    }

    private func work() {
        while true {
            let errand = state.withLock { state in
                if state.waiting.isEmpty { state.threads -= 1 }
                return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            }
            guard let errand else { return }
            errand()
        }
    }

    /// Runs `body`, which answers a request, unless the session is over.
    func answer(_ body: () -> Void) {
        isOver.withLock { if !$0 { body() } }
    }

    /// Called when the session ends: from now on nothing is answered.
    func end() { isOver.withLock { $0 = true } }
}
