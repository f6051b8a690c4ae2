internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import ObjectStores
internal import Trust
internal import WebAddress

/// What a store has of a collection.
struct StoredCollection: Sendable {
    /// Sizes by key; keys of others may be among them.
    let sizes: [BytePath: UInt64]
    /// Stones that the index there names: all of them were sent before it was.
    let named: [BytePath: FileToSend]
    /// What objects say of themselves that nothing there names.
    let digests: [BytePath: SHA256Digest]
    let retired: RetiredObjects
    /// Of the manifest there, where it is another one; 0 for one that makes no sense.
    let serial: UInt64?

    /// - Parameter local: what is to be compared with it.
    init(
        _ store: ObjectStore, reader: Reader, _ local: LocalPublication, threadCount: Int
    ) throws(RepositoryError) {
        var sizes: [BytePath: UInt64] = [:]
        for object in try store.list() { sizes[BytePath(bytes: object.key)] = object.size }
        self.sizes = sizes
        let pointers = try Self.look(at: local.pointers.filter { sizes[$0.path] == $0.size }, store, threadCount)
        let name = StoneDirectory.indexName
        if sizes[name] == nil {
            named = [:]
        } else if pointers[name] == local.index {
            named = local.files.filter { $0.key.isAtOrBelow(PublishedFiles.pool) }
        } else {
            named =
                try reader.read(name, sizeMax: StoneDirectory.indexSizeMax).map { (bytes) throws(RepositoryError) in
                    try LocalPublication.stones(of: bytes, store.location.text + "/\(name)")
                } ?? [:]
        }
        let known = named
        let unknown = local.files.values.filter { file in
            sizes[file.path] == file.size && known[file.path] == nil && !file.isNamedByContent
        }
        digests = try Self.look(at: unknown, store, threadCount).merging(pointers) { $1 }
        let manifest = BytePath(CollectionManifest.fileName)
        let own = local.pointers.first { $0.path == manifest }
        if sizes[manifest] == nil || (own != nil && digests[manifest] == own?.digest) {
            serial = nil
        } else {
            let bytes = try reader.read(manifest, sizeMax: UInt64(TrustLimits.standard.envelopeByteCountMax)) ?? []
            serial = (try? CollectionManifest.own(bytes, for: store.location.text))?.manifest.serial ?? 0
        }
        let record = BytePath(RetiredObjects.name)
        retired =
            sizes[record] == nil
            ? RetiredObjects() : RetiredObjects(try reader.read(record, sizeMax: RetiredObjects.sizeMax) ?? [])
    }

    private static func look(
        at files: [FileToSend], _ store: ObjectStore, _ threadCount: Int
    ) throws(RepositoryError) -> [BytePath: SHA256Digest] {
        let found = try inParallel(files, threadCount: threadCount) { (file) throws(RepositoryError) in
            try store.look(file.path)
        }
        var digests: [BytePath: SHA256Digest] = [:]
        for (file, known) in zip(files, found) where known?.size == file.size { digests[file.path] = known?.digest }
        return digests
    }

    /// Whether the store has these very bytes under this name.
    func holds(_ file: FileToSend) -> Bool {
        guard sizes[file.path] == file.size else { return false }
        if file.isNamedByContent { return true }
        return (named[file.path]?.digest ?? digests[file.path]) == file.digest
    }
}

extension StoredCollection {
    /// Whole objects, which may be large, from the store into memory.
    struct Reader {
        private let location: StoreLocation
        private let downloads: Downloader

        init(
            _ location: StoreLocation, _ credentials: StoreCredentials?, _ settings: DownloadSettings
        ) throws(RepositoryError) {
            self.location = location
            downloads = Downloader(into: DownloadDirectory { () throws(SystemError) in nil }, settings)
            try downloads.access(below: location.directory.text) { () throws(RepositoryError) in
                location.access(with: credentials)
            }
        }

        /// Nil where there is no such object.
        func read(_ key: BytePath, sizeMax: UInt64) throws(RepositoryError) -> [UInt8]? {
            let item = DownloadItem(
                name: key, label: "\(location.text)/\(key)",
                addresses: [location.directory.appending(key.display).text], sizeMax: sizeMax)
            do throws(RepositoryError) {
                _ = try downloads.begin(item).wait()
            } catch {
                guard error.code == .notFound else { throw error }
                return nil
            }
            let file = try downloads.open(item)
            let bytes = try reporting { () throws(SystemError) in try file.readAll(limit: Int(clamping: sizeMax)) }
            try downloads.remove(item)
            return bytes
        }
    }
}

extension FileToSend {
    /// Whether its name says what its bytes are.
    var isNamedByContent: Bool {
        path.parent == PublishedFiles.byHash && path.lastComponent.display.hasPrefix("\(digest).")
    }
}
