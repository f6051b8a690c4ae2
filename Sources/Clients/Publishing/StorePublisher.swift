package import BytePath
internal import CollectionIndex
internal import Digests
package import Downloads
internal import LinuxSystem
internal import ObjectStores
internal import WebAddress

/// A published collection sent into a store of objects.
///
/// What never changes is sent first, as far as it is not there; the pointers follow, the one that counts last; and what
/// nothing has named for the time of grace goes away at the end. Stopped anywhere, the old collection is there whole, or
/// the new one.
package struct StorePublisher: Sendable {
    package struct Options: Sendable {
        /// How long objects are kept that nothing names any more.
        package var graceSeconds: Int64 = 14 * 86400
        /// Nothing is changed.
        package var isDryRun = false

        package init() {}
    }

    /// What was sent, or would be.
    package struct Sent: Hashable, Sendable {
        /// Objects and their bytes, without pointers.
        package var sentCount = 0
        package var sentByteCount: UInt64 = 0
        /// Objects that were there already.
        package var presentCount = 0
        package var pointerCount = 0
        /// Objects whose time of grace was over.
        package var removedCount = 0
        /// Those whose time is not.
        package var retiredCount = 0
        /// Uploads that an earlier command had left unfinished.
        package var abortedCount = 0
        /// Requests to the store, repeated ones and all, and bytes that went out with them.
        package var requestCount = 0
        package var transferredByteCount: UInt64 = 0
        /// Where to.
        package var target = ""
        package var endpoint: String?
        /// What could not be looked at, and stands in nobody's way.
        package var notices: [String] = []

        /// Whether readers see another collection than before.
        package var isChanged: Bool { pointerCount > 0 }
    }

    /// Objects on their way at once.
    private static let sendsAtOnce = 8
    private static let looksAtOnce = 16

    package let directory: BytePath
    private let location: StoreLocation
    private let credentials: StoreCredentials?
    private let settings: DownloadSettings
    private let options: Options

    /// - Parameters:
    ///   - target: `s3://BUCKET/PREFIX`.
    ///   - endpoint: of the store; as for `region`, nil leaves it to the environment and the user's files, where keys are
    ///     from in any case.
    package init(
        directory: BytePath, into target: String, endpoint: String? = nil, region: String? = nil,
        _ settings: DownloadSettings = DownloadSettings(), options: Options = Options()
    ) throws(RepositoryError) {
        let found = try StoreSurroundings.find()
        self.directory = directory
        location = try StoreLocation(target, endpoint: endpoint ?? found.endpoint, region: region ?? found.region)
        credentials = found.credentials
        self.settings = settings
        self.options = options
    }

    /// Sends what is missing.
    ///
    /// - Parameters:
    ///   - now: the time by which grace is counted, in seconds since 1970.
    ///   - progress: told how many bytes of how many have gone out, on a thread that must not wait.
    package func publish(
        now: Int64? = nil, progress: @escaping @Sendable (_ done: UInt64, _ total: UInt64) -> Void = { _, _ in }
    ) throws(RepositoryError) -> Sent {
        // Looked at before, as it must not be made here.
        _ = try reporting { () throws(SystemError) in try Descriptor.openDirectory(directory) }
        let files = try PublishedFiles(at: directory)
        let local = try LocalPublication(files)
        let place = try reporting(below: directory) { () throws(SystemError) in try files.directory.duplicate() }
        let store = ObjectStore(location, credentials, sendingFrom: place, settings)
        let remote = try StoredCollection(
            store, reader: StoredCollection.Reader(location, credentials, settings), local,
            threadCount: Self.looksAtOnce)
        let plan = try StorePlan(
            local, remote, now: now ?? currentTimeSeconds(), graceSeconds: options.graceSeconds)
        var sent = plan.sent
        if !options.isDryRun {
            try carryOut(plan, remote, store, &sent, progress)
        }
        let traffic = store.traffic
        (sent.requestCount, sent.transferredByteCount) = (traffic.requestCount, traffic.sentByteCount)
        (sent.target, sent.endpoint) = (location.text, location.endpoint?.text)
        return sent
    }

    private func carryOut(
        _ plan: StorePlan, _ remote: StoredCollection, _ store: ObjectStore, _ sent: inout Sent,
        _ progress: @escaping @Sendable (UInt64, UInt64) -> Void
    ) throws(RepositoryError) {
        sent.abortedCount = abortUnfinished(store, &sent.notices)
        let total = plan.byteCount
        let done = Guarded<UInt64>(0)
        store.tell { count in
            let sum = done.withLock { done in
                done += count
                return done
            }
            // What was sent twice counts once.
            progress(min(sum, total), total)
        }
        defer { store.tell(nil) }
        _ = try inParallel(plan.files, threadCount: Self.sendsAtOnce) { (file) throws(RepositoryError) in
            try store.send(file)
        }
        for pointer in plan.pointers { try store.send(pointer) }
        if plan.retired != remote.retired {
            try store.send(plan.retired.encoded, to: BytePath(RetiredObjects.name))
        }
        _ = try inParallel(plan.removed, threadCount: Self.sendsAtOnce) { (key) throws(RepositoryError) in
            try store.remove(key)
        }
    }

    /// Not every store has such lists, or lets everybody see them.
    private func abortUnfinished(_ store: ObjectStore, _ notices: inout [String]) -> Int {
        do throws(RepositoryError) {
            let uploads = try store.unfinishedUploads()
            for upload in uploads { try store.abort(upload) }
            return uploads.count
        } catch {
            notices.append("what earlier uploads may have left was not looked at: \(error)")
            return 0
        }
    }
}
