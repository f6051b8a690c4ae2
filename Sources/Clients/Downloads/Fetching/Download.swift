internal import LinuxSystem

/// A file that is on its way, or here.
package final class Download: Sendable {
    package let item: DownloadItem

    struct State: Sendable {
        var byteCount: UInt64 = 0
        var outcome: Result<DownloadOutcome, RepositoryError>?
        var waiting: [@Sendable () -> Void] = []
    }

    let state = Watched(State())

    init(_ item: DownloadItem) { self.item = item }

    /// Waits for the end.
    package func wait() throws(RepositoryError) -> DownloadOutcome { try state.wait { $0.outcome }.get() }

    /// Runs `body` after the end: now where that has come, else on the thread that sees it, which must not wait.
    package func whenEnded(_ body: @escaping @Sendable () -> Void) {
        let hasEnded = state.withLock { state in
            if state.outcome == nil { state.waiting.append(body) }
            return state.outcome != nil
        }
        if hasEnded { body() }
    }

    func end(_ outcome: Result<DownloadOutcome, RepositoryError>) {
        let waiting = state.withLock { state in
            guard state.outcome == nil else { return [@Sendable () -> Void]() }
            state.outcome = outcome
            defer { state.waiting = [] }
            return state.waiting
        }
        for body in waiting { body() }
    }
}
