internal import BytePath
internal import Downloads
internal import LinuxSystem
internal import Transfer

/// Requests to one store, by the process that speaks to servers: many at a time, each asked again while the store is away
/// or has too much to do. The process starts with the first request and ends with this value.
final class StoreConnection: Sendable {
    private let directory: Descriptor
    private let settings: DownloadSettings
    private let state = Watched(State())

    /// A request that is on its way.
    private struct Job: Sendable {
        var exchange: TransferExchange
        var tries = 0
        var told: UInt64 = 0
        var result: Result<TransferAnswer, RepositoryError>?
    }

    private struct State: Sendable {
        var process: TransferProcess?
        var isClosed = false
        var lastNumber: UInt32 = 0
        var jobs: [UInt32: Job] = [:]
        /// Requests that wait for their time.
        var waiting: [(time: UInt64, number: UInt32)] = []
        var counts = StoreTraffic()
        var onProgress: (@Sendable (UInt64) -> Void)?
    }

    /// - Parameter directory: what files are sent from.
    init(sendingFrom directory: consuming Descriptor, _ settings: DownloadSettings) {
        self.directory = directory
        self.settings = settings
    }

    deinit {
        state.withLock { $0.isClosed = true }
    }

    /// Opens a file that is to be sent.
    func open(_ path: BytePath) throws(SystemError) -> Descriptor { try directory.openFile(path) }

    var traffic: StoreTraffic { state.withLock { $0.counts } }

    /// Called with the number of bytes that went out since the last call, on a thread that must not wait.
    func tell(_ progress: (@Sendable (UInt64) -> Void)?) { state.withLock { $0.onProgress = progress } }

    /// Asks, and waits for the answer.
    ///
    /// - Parameter subject: what errors are about.
    /// - Returns: the answer, and whether it was asked for more than once.
    func perform(
        _ exchange: TransferExchange, about subject: String
    ) throws(RepositoryError) -> (answer: TransferAnswer, isRepeated: Bool) {
        guard !settings.isOffline else {
            throw RepositoryError(.offline, subject, "the store cannot be asked while offline")
        }
        let process = try running()
        let number = state.withLock { state in
            state.lastNumber &+= 1
            var job = Job(exchange: exchange)
            job.exchange.number = state.lastNumber
            state.jobs[state.lastNumber] = job
            return state.lastNumber
        }
        try ask(number, process)
        let job = state.wait { state in
            state.jobs[number].flatMap { $0.result == nil ? nil : $0 }
        }
        state.withLock { $0.jobs[number] = nil }
        switch job.result {
        case .success(let answer): return (answer, job.tries > 0)
        case .failure(let error): throw RepositoryError(error.code, subject, error.message)
        case nil: throw Self.ended
        }
    }

    private static let ended = RepositoryError(
        .system, "moss-fetch", "the process that speaks to servers ended; try again")

    private func ask(_ number: UInt32, _ process: TransferProcess) throws(RepositoryError) {
        let exchange = state.withLock { state in
            state.counts.requestCount += 1
            return state.jobs[number]?.exchange
        }
        if let exchange { try process.send(.exchange(exchange)) }
    }

    private func running() throws(RepositoryError) -> TransferProcess {
        try state.withLock { (state) throws(RepositoryError) in
            if let process = state.process { return process }
            let process = try TransferProcess(into: directory, settings.transfer)
            // The thread must not keep this value: its end is what ends the thread.
            guard withThreadBeside({ [weak self] in Self.listen(to: process) { self } }) else {
                throw RepositoryError(SystemError(.wouldBlock, call: "pthread_create"))
            }
            state.process = process
            return process
        }
    }

    // MARK: Answers

    /// Milliseconds between two looks at what else there is to do.
    private static let listenInterval: Int32 = 50

    private static func listen(to process: TransferProcess, _ owner: () -> StoreConnection?) {
        var events = TransferStream<TransferEvent>()
        do {
            while let connection = owner(), !connection.state.withLock({ $0.isClosed }) {
                try connection.askThoseDue(process)
                guard try process.hasNews(within: listenInterval) else { continue }
                guard try process.read(into: &events) else { break }
                while let event = try events.next() { connection.take(event) }
            }
        } catch {
            // Told below, as what it comes to: nobody can be asked any more.
        }
        owner()?.failAll()
    }

    private func failAll() {
        state.withLock { state in
            state.process = nil
            for number in state.jobs.keys where state.jobs[number]?.result == nil {
                state.jobs[number]?.result = .failure(Self.ended)
            }
        }
    }

    private func askThoseDue(_ process: TransferProcess) throws(RepositoryError) {
        let now = monotonicNanoseconds()
        let due = state.withLock { state in
            defer { state.waiting.removeAll { $0.time <= now } }
            return state.waiting.filter { $0.time <= now }.map(\.number)
        }
        for number in due { try ask(number, process) }
    }

    private func take(_ event: TransferEvent) {
        switch event {
        case .progress(let number, let sent): advance(number, to: sent)
        case .answered(let number, let answer):
            advance(number, to: answer.sent)
            let isBusy = [408, 429, 500, 502, 503, 504].contains(answer.status)
            let wait = UInt64(answer["retry-after"].flatMap { UInt32($0) } ?? 0) * 1000
            if isBusy, askAgain(number, wait: wait) { return }
            state.withLock { $0.jobs[number]?.result = .success(answer) }
        case .failed(let number, let failure):
            if failure.kind.isWorthRetrying, askAgain(number, wait: UInt64(failure.retryAfter) * 1000) { return }
            let code = failure.kind.code
            state.withLock {
                $0.jobs[number]?.result = .failure(RepositoryError(code, "", "the store: \(failure.message)"))
            }
        // Nobody here asks for files.
        case .finished: break
        }
    }

    private func advance(_ number: UInt32, to sent: UInt64) {
        let (progress, more) = state.withLock { state in
            let told = state.jobs[number]?.told ?? sent
            let more = sent > told ? sent - told : 0
            state.jobs[number]?.told = max(told, sent)
            state.counts.sentByteCount += more
            return (state.onProgress, more)
        }
        if more > 0 { progress?(more) }
    }

    /// - Returns: false where it has been asked often enough.
    private func askAgain(_ number: UInt32, wait wished: UInt64) -> Bool {
        state.withLock { state in
            guard var job = state.jobs[number], job.tries + 1 < settings.tries else { return false }
            let own = settings.waitMilliseconds << min(UInt64(job.tries), 10)
            let jitter = UInt64(Double(own) * Double.random(in: 0..<0.5))
            let wait = min(wished > 0 ? wished : own + jitter, settings.waitMillisecondsMax)
            job.tries += 1
            state.jobs[number] = job
            state.waiting.append((monotonicNanoseconds() + wait * 1_000_000, number))
            return true
        }
    }
}

/// What was said to a store.
package struct StoreTraffic: Hashable, Sendable {
    /// Those that were sent again count each time.
    package var requestCount = 0
    /// Of all bodies.
    package var sentByteCount: UInt64 = 0

    package init() {}
}
