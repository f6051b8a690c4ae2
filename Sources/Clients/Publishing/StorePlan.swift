internal import BytePath
internal import Downloads
internal import ObjectStores
internal import Trust

/// What has to be done to a store so that it has what a directory has.
struct StorePlan: Sendable {
    /// By path.
    private(set) var files: [FileToSend] = []
    private(set) var pointers: [FileToSend] = []
    private(set) var removed: [BytePath] = []
    private(set) var retired = RetiredObjects()
    private var presentCount = 0

    /// - Throws: `invalidLocation` where a name already stands for another stone that readers need, or they would wait for
    ///   a manifest in vain; `rollBack` where they have seen a later one.
    init(
        _ local: LocalPublication, _ remote: StoredCollection, now: Int64, graceSeconds: Int64
    ) throws(RepositoryError) {
        if let serial = remote.serial {
            guard let own = local.serial else {
                throw RepositoryError(
                    .invalidLocation, CollectionManifest.fileName,
                    "the collection in the store is signed, and this one is not; sign it, or publish into another prefix"
                )
            }
            guard own > serial else {
                throw RepositoryError(
                    .rollBack, CollectionManifest.fileName,
                    "the store has serial \(serial), which readers may have seen, and this is \(own); publish from the "
                        + "directory that it came from, or into another prefix")
            }
        }
        for file in local.files.values.sorted(by: { $0.path < $1.path }) {
            if let other = remote.named[file.path], other.digest != file.digest {
                throw RepositoryError(
                    .invalidLocation, file.path.display,
                    "the collection in the store has another stone of this name, which its readers need; it was "
                        + "published from another directory: publish from that one, or into another prefix")
            }
            if remote.holds(file) { presentCount += 1 } else { files.append(file) }
        }
        pointers = local.pointers.filter { !remote.holds($0) }
        for key in remote.sizes.keys.sorted() {
            guard key.isAtOrBelow(PublishedFiles.pool) || key.isAtOrBelow(PublishedFiles.byHash),
                local.files[key] == nil, let text = String(validating: key.bytes, as: UTF8.self)
            else { continue }
            // A clock that was wrong does not keep anything for ever.
            let since = min(now, remote.retired.since[text] ?? now)
            if now - since >= graceSeconds { removed.append(key) } else { retired.since[text] = since }
        }
    }

    /// Of all that is to be sent.
    var byteCount: UInt64 { (files + pointers).reduce(0) { $0 + $1.size } }

    var sent: StorePublisher.Sent {
        var sent = StorePublisher.Sent()
        sent.sentCount = files.count
        sent.sentByteCount = files.reduce(0) { $0 + $1.size }
        sent.presentCount = presentCount
        sent.pointerCount = pointers.count
        sent.removedCount = removed.count
        sent.retiredCount = retired.since.count
        return sent
    }
}
