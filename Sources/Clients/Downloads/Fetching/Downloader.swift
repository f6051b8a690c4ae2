internal import BytePath
internal import Digests
package import LinuxSystem
internal import Transfer

/// Files fetched into one directory: several at a time, begun again where they stopped, from several servers, and
/// called by their names only once they are what was promised.
///
/// The process that does it starts with the first file that is not here, and ends with this value. One downloader at a
/// time works in a directory.
package final class Downloader: Sendable {
    private let directory: DownloadDirectory
    private let settings: DownloadSettings
    private let state = Watched(State())

    /// A file being fetched.
    private struct Job: Sendable {
        let download: Download
        var attempts: DownloadAttempts
        /// Only so much is wanted now.
        var end: UInt64?
        var offset: UInt64 = 0
        var transferred: UInt64 = 0
        var address: String
    }

    private struct State: Sendable {
        var process: TransferProcess?
        var isClosed = false
        var lastNumber: UInt32 = 0
        var jobs: [UInt32: Job] = [:]
        /// Files that become jobs in a moment.
        var starting: [BytePath: (download: Download, end: UInt64?)] = [:]
        /// Requests that wait for their time.
        var waiting: [(time: UInt64, number: UInt32)] = []
        var onProgress: (@Sendable (UInt64) -> Void)?
        var stores: [StoreAccess] = []
    }

    package init(into directory: DownloadDirectory, _ settings: DownloadSettings = DownloadSettings()) {
        self.directory = directory
        self.settings = settings
    }

    /// Nothing is fetched.
    package var isOffline: Bool { settings.isOffline }
    /// Bytes in a second; 0 for no limit.
    package var bandwidth: UInt64 { settings.transfer.bandwidth }

    deinit {
        state.withLock { $0.isClosed = true }
    }

    /// Called with the number of bytes that came since the last call, on a thread that must not wait.
    package func tell(_ progress: (@Sendable (UInt64) -> Void)?) { state.withLock { $0.onProgress = progress } }

    /// From now on what lies below `prefix` is asked for as in a store of objects; how, `make` says the first time.
    package func access(
        below prefix: String, _ make: () throws(RepositoryError) -> StoreAccess
    ) throws(RepositoryError) {
        guard !state.withLock({ state in state.stores.contains { $0.prefix == prefix } }) else { return }
        let store = try make()
        state.withLock { $0.stores.append(store) }
    }

    /// Whether a file is asked for with a secret, which no other process is told.
    package func needsSecret(_ item: DownloadItem) -> Bool {
        item.addresses.contains { store(of: $0)?.signing != nil }
    }

    private func store(of address: String) -> StoreAccess? {
        state.withLock { $0.stores.last { address.hasPrefix($0.prefix) } }
    }

    /// Fetches a file, or goes on with it; at once where it is here and has the promised size.
    ///
    /// - Parameter end: so many bytes are enough; they are in the file's `.part` then, and not proven to be right.
    package func begin(_ item: DownloadItem, upTo end: UInt64? = nil) -> Download {
        let download = Download(item)
        let atWork = state.withLock { state -> (download: Download, end: UInt64?)? in
            if let job = state.jobs.values.first(where: { $0.download.item.name == item.name }) {
                return (job.download, job.end)
            }
            if let starting = state.starting[item.name] { return starting }
            state.starting[item.name] = (download, end)
            return nil
        }
        guard let atWork else {
            start(download, upTo: end)
            return download
        }
        if atWork.end.map({ $0 >= end ?? .max }) ?? true { return atWork.download }
        // What is wanted goes on where the other one stops.
        atWork.download.whenEnded { [weak self] in
            guard let self else { return download.end(.failure(.ended(item))) }
            state.withLock { $0.starting[item.name] = (download, end) }
            start(download, upTo: end)
        }
        return download
    }

    private func start(_ download: Download, upTo end: UInt64?) {
        do throws(RepositoryError) {
            try tryToStart(download, upTo: end)
            state.withLock { $0.starting[download.item.name] = nil }
        } catch {
            state.withLock { $0.starting[download.item.name] = nil }
            download.end(.failure(error))
        }
    }

    /// Opens a file that is here, or as much of it as is.
    package func open(_ item: DownloadItem) throws(RepositoryError) -> Descriptor {
        try inDirectory { (place) throws(SystemError) in
            do throws(SystemError) {
                return try place.openFile(item.name)
            } catch {
                guard error.number == .noSuchFile else { throw error }
                return try place.openFile(item.partName)
            }
        }
    }

    /// Forgets a file that is not needed any more, or turned out to be wrong.
    package func remove(_ item: DownloadItem) throws(RepositoryError) {
        try inDirectory { (place) throws(SystemError) in
            for name in [item.name, item.partName] where try place.statusIfPresent(of: name) != nil {
                try place.unlink(name)
            }
        }
    }

    private func inDirectory<R: ~Copyable>(
        _ body: (borrowing Descriptor) throws(SystemError) -> R
    ) throws(RepositoryError) -> R {
        try reporting { () throws(SystemError) in try body(try directory.open()) }
    }

    // MARK: Beginning

    private func tryToStart(_ download: Download, upTo end: UInt64?) throws(RepositoryError) {
        let item = download.item
        let (here, part) = try inDirectory { (place) throws(SystemError) in
            (try place.statusIfPresent(of: item.name)?.size, try place.statusIfPresent(of: item.partName)?.size ?? 0)
        }
        if let here, here == item.expectedSize {
            var outcome = DownloadOutcome()
            outcome.byteCount = here
            return download.end(.success(outcome))
        }
        if let end, part >= end {
            var outcome = DownloadOutcome()
            outcome.byteCount = part
            return download.end(.success(outcome))
        }
        guard !settings.isOffline else {
            throw RepositoryError(.offline, item.label, "it is not here, and nothing is fetched while offline")
        }
        let attempts = DownloadAttempts(item, settings)
        var job = Job(download: download, attempts: attempts, end: end, address: attempts.address)
        // A part goes on where it stopped. One that is as long as the whole proves itself by its last byte coming again.
        if let size = item.expectedSize, part <= size { job.offset = min(part, size - min(size, 1)) }
        let number = try state.withLock { (state) throws(RepositoryError) in
            state.lastNumber &+= 1
            state.jobs[state.lastNumber] = job
            return state.lastNumber
        }
        try ask(number)
    }

    /// Sends the request of a job, from wherever it is.
    private func ask(_ number: UInt32) throws(RepositoryError) {
        let process = try running()
        guard let job = state.withLock({ $0.jobs[number] }) else { return }
        let item = job.download.item
        var request = TransferRequest(
            number: number, address: job.address, file: item.partName, sizeMax: item.size ?? item.sizeMax)
        if let store = store(of: job.address) {
            request.address = StoreAccess.signable(job.address)
            request.signing = store.signing
        }
        request.offset = job.offset
        request.end = job.end
        request.part = item.part
        request.size = item.size
        request.hashes = job.end == nil && item.digest != nil
        if !item.validator.isEmpty, job.offset == 0 {
            request.validator = item.validator
            request.onlyIfChanged = true
        }
        try process.send(.start(request))
    }

    /// The process, started where there is none yet.
    private func running() throws(RepositoryError) -> TransferProcess {
        try state.withLock { (state) throws(RepositoryError) in
            if let process = state.process { return process }
            let place = try reporting { () throws(SystemError) in try directory.open() }
            let process = try TransferProcess(into: place, settings.transfer)
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

    private static func listen(to process: TransferProcess, _ owner: () -> Downloader?) {
        var events = TransferStream<TransferEvent>()
        do {
            while let downloader = owner(), !downloader.state.withLock({ $0.isClosed }) {
                try downloader.askThoseDue()
                guard try process.hasNews(within: listenInterval) else { continue }
                guard try process.read(into: &events) else { break }
                while let event = try events.next() { try downloader.take(event) }
            }
        } catch {
            // Told below, as what it comes to: nothing can be fetched any more.
        }
        owner()?.failAll()
    }

    private func failAll() {
        let jobs = state.withLock { state in
            // The next file starts another one.
            defer { (state.jobs, state.process) = ([:], nil) }
            return state.jobs.values.map(\.download)
        }
        for download in jobs { download.end(.failure(.ended(download.item))) }
    }

    private func askThoseDue() throws(RepositoryError) {
        let due = state.withLock { state in
            guard !state.waiting.isEmpty else { return [UInt32]() }
            let now = monotonicNanoseconds()
            defer { state.waiting.removeAll { $0.time <= now } }
            return state.waiting.filter { $0.time <= now }.map(\.number)
        }
        for number in due { try ask(number) }
    }

    private func take(_ event: TransferEvent) throws(RepositoryError) {
        switch event {
        case .progress(let number, let count): advance(number, to: count)
        case .finished(let number, let result): try finish(number, result)
        case .failed(let number, let failure):
            advance(number, to: failure.byteCount)
            guard var job = state.withLock({ $0.jobs[number] }) else { return }
            job.transferred += failure.transferred
            let resumed = job.offset > 0
            job.offset = failure.byteCount
            let isInStore = store(of: job.address) != nil
            let step = job.attempts.after(
                failure, ofStore: isInStore, resumed: resumed, jitter: Double.random(in: 0..<1))
            try follow(step, number, job)
        // Nobody here asks for exchanges.
        case .answered: break
        }
    }

    private func advance(_ number: UInt32, to count: UInt64) {
        let (progress, more) = state.withLock { state in
            guard let job = state.jobs[number] else { return (state.onProgress, UInt64(0)) }
            let more = job.download.state.withLock { state in
                defer { state.byteCount = max(state.byteCount, count) }
                return count > state.byteCount ? count - state.byteCount : 0
            }
            return (state.onProgress, more)
        }
        if more > 0 { progress?(more) }
    }

    private func finish(_ number: UInt32, _ result: TransferResult) throws(RepositoryError) {
        if !result.isUnchanged { advance(number, to: result.byteCount) }
        guard var job = state.withLock({ $0.jobs[number] }) else { return }
        let item = job.download.item
        job.transferred += result.transferred
        if !result.isUnchanged, job.end == nil, let problem = item.problem(of: result) {
            let resumed = result.transferred < result.byteCount
            return try follow(job.attempts.afterWrongBytes(problem, resumed: resumed), number, job)
        }
        state.withLock { $0.jobs[number] = nil }
        var outcome = DownloadOutcome()
        outcome.isUnchanged = result.isUnchanged
        outcome.byteCount = result.byteCount
        outcome.transferred = job.transferred
        outcome.validator = result.validator
        outcome.address = job.address
        do throws(RepositoryError) {
            if !result.isUnchanged, job.end == nil {
                try inDirectory { (place) throws(SystemError) in try place.rename(item.partName, to: item.name) }
            }
            job.download.end(.success(outcome))
        } catch {
            job.download.end(.failure(error))
        }
    }

    private func follow(_ step: DownloadAttempts.Step, _ number: UInt32, _ job: Job) throws(RepositoryError) {
        var job = job
        switch step {
        case .giveUp(let error):
            state.withLock { $0.jobs[number] = nil }
            job.download.end(.failure(error))
        case .retry(let address, let wait, let fromStart):
            job.address = address
            if fromStart { job.offset = 0 }
            // A file nobody promised anything of may be another one by now.
            if job.download.item.expectedSize == nil { job.offset = 0 }
            let time = monotonicNanoseconds() + wait * 1_000_000
            state.withLock { state in
                state.jobs[number] = job
                if wait > 0 { state.waiting.append((time, number)) }
            }
            if wait == 0 { try ask(number) }
        }
    }
}

extension RepositoryError {
    fileprivate static func ended(_ item: DownloadItem) -> RepositoryError {
        RepositoryError(.system, item.label, "the process that fetches files ended; try again")
    }
}

extension DownloadItem {
    /// What is wrong with a file that came whole.
    fileprivate func problem(of result: TransferResult) -> String? {
        if let size = expectedSize, result.byteCount != size {
            return "its file has \(result.byteCount) bytes, not \(size)"
        }
        if let digest, result.digest != digest {
            return "its SHA-256 is \(result.digest?.hexadecimal ?? "unknown"), not \(digest.hexadecimal)"
        }
        return nil
    }
}
