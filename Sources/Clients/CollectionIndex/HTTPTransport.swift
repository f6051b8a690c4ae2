internal import BytePath
package import CollectionSettings
internal import Digests
package import Downloads
internal import LinuxSystem
internal import ObjectStores
package import PackageModel
internal import RootIndex
internal import StoneFormat
internal import WebAddress

/// Collections on servers and in stores of objects: an index by itself, the version of a channel that its root index
/// names, or one that keys vouch for.
package struct HTTPTransport: CollectionTransport {
    private static let rootIndexSizeMax: UInt64 = 16 << 20

    let downloads: Downloader
    let root: BytePath
    /// Told of what is worth knowing and no reason to stop, in one line.
    let notice: @Sendable (String) -> Void

    package func serves(scheme: String?) -> Bool { ["http", "https", StoreLocation.scheme].contains(scheme) }

    package func fetch(
        _ configuration: CollectionConfiguration, previous: PreviousFetch?
    ) throws(RepositoryError) -> FetchedIndex {
        try prepare(configuration)
        switch try configuration.trust {
        case .keys(let keys, let threshold):
            return try SignedCollection(self, configuration, keys, threshold).fetch(previous)
        case .unsigned, .local:
            let (indexes, history) = try indexes(of: configuration)
            return try fetchUnsigned(configuration, indexes, base: BytePath(history ?? ""), previous)
        }
    }

    package func location(
        of package: PackageMetadata, in collection: CollectionManager.Listed
    ) throws(RepositoryError) -> StoneLocation {
        let configuration = collection.configuration
        try prepare(configuration)
        guard let record = collection.record, let uri = package.uri, let hash = package.hash else {
            throw RepositoryError(.invalidLocation, package.name, "the index does not say where its stone is")
        }
        var addresses: [String] = []
        for index in Self.indexes(of: configuration, history: record.base.display) {
            addresses.append(try index.stone(at: uri).text)
        }
        return .remote(
            DownloadItem(
                name: BytePath("\(hash).stone"), label: "\(package.name) \(package.versionText)", addresses: addresses,
                size: package.downloadSize, digest: hash.digest, sizeMax: package.downloadSize ?? 1 << 40))
    }

    /// What lies in a store is asked for with the keys that there are for it, and unsigned where there are none.
    private func prepare(_ configuration: CollectionConfiguration) throws(RepositoryError) {
        guard case .store(let location) = configuration.source else { return }
        try downloads.access(below: location.directory.text) { () throws(RepositoryError) in
            let found = try StoreSurroundings.find(root: root, section: configuration.id.text)
            return location.access(with: found.credentials)
        }
    }

    // MARK: Where an index is

    /// The addresses of the index at each place that has it, and the history they are of where it is that of a channel.
    private func indexes(
        of configuration: CollectionConfiguration
    ) throws(RepositoryError) -> (indexes: [IndexAddress], history: String?) {
        switch configuration.source {
        case .store: return (Self.indexes(of: configuration, history: ""), nil)
        case .direct:
            let indexes = Self.indexes(of: configuration, history: "")
            guard let first = indexes.first?.address else {
                throw RepositoryError(
                    .invalidLocation, configuration.id.text, "\"\(configuration.uri)\" is no address of an index")
            }
            try refuseFormer(first, configuration)
            return (indexes, nil)
        case .versioned(let source):
            let history = try resolve(source, configuration).history.text
            return (Self.indexes(of: configuration, history: history), history)
        }
    }

    static func indexes(of configuration: CollectionConfiguration, history: String) -> [IndexAddress] {
        configuration.places.compactMap { place in
            switch place {
            case .store: return place.index
            case .direct:
                guard var index = place.index else { return nil }
                if index.address.lastComponent == "" {
                    index.address = index.address.appending(StoneDirectory.indexName.display)
                }
                return index
            case .versioned(let source): return IndexIdentifier(history).map(source.index)
            }
        }
    }

    private func resolve(
        _ source: VersionedSource, _ configuration: CollectionConfiguration
    ) throws(RepositoryError) -> RootIndex.Resolution {
        var addresses: [String] = []
        for place in configuration.places {
            if case .versioned(let source) = place { addresses.append(source.rootIndex.text) }
        }
        if addresses.isEmpty { addresses = [source.rootIndex.text] }
        let item = DownloadItem(
            name: BytePath("\(configuration.id).root-index"), label: "\(configuration.id): the root index",
            addresses: addresses, sizeMax: Self.rootIndexSizeMax)
        let (bytes, _) = try whole(item)
        do throws(RootIndexError) {
            return try RootIndex.read(bytes).resolveSupported(source.version)
        } catch {
            throw RepositoryError(
                error.code == .unsupportedFormat ? .unsupportedFormat : .invalidIndex, configuration.id.text,
                "\(source.rootIndex): \(error)")
        }
    }

    /// Refuses an address of the time before channels once what lay there has moved on; while nobody knows, it is asked.
    private func refuseFormer(
        _ address: WebAddress, _ configuration: CollectionConfiguration
    ) throws(RepositoryError) {
        guard let successor = VersionedSource.successor(of: address) else { return }
        guard let resolution = try? resolve(successor, configuration), resolution.format != .legacy else { return }
        throw RepositoryError(
            .unsupportedFormat, configuration.id.text,
            "\(address) is where this collection was; configure it anew with base-uri \(successor.base), channel"
                + " \(successor.channel) and version \(successor.version) in the place of the uri")
    }

    // MARK: Indexes

    private func fetchUnsigned(
        _ configuration: CollectionConfiguration, _ indexes: [IndexAddress], base: BytePath, _ previous: PreviousFetch?
    ) throws(RepositoryError) -> FetchedIndex {
        let known = previous?.record.base == base ? previous?.record : nil
        var refusal: RepositoryError?
        var left = indexes.map(\.address.text)
        while !left.isEmpty || refusal == nil {
            var item = DownloadItem(
                name: BytePath("\(configuration.id).index"), label: "\(configuration.id): the index", addresses: left,
                sizeMax: StoneDirectory.indexSizeMax)
            item.validator = known?.validator ?? ""
            do throws(RepositoryError) {
                let outcome = try downloads.begin(item).wait()
                if outcome.isUnchanged, let known { return .unchanged(known.stamp, validator: known.validator) }
                // Where it is no index, the next server may have one.
                left.removeFirst((left.firstIndex(of: outcome.address) ?? left.count - 1) + 1)
                let result = try packages(
                    from: try contents(item), configuration, indexes, base: base, validator: outcome.validator, known)
                takeFiles(configuration, indexes, result)
                return result
            } catch {
                if error.code != .invalidIndex { left = [] }
                refusal = refusal ?? error
            }
        }
        throw refusal ?? RepositoryError(.invalidLocation, configuration.id.text, "there is no address of it")
    }

    /// The index of files that may lie beside an index; searches in files can do without.
    private func takeFiles(
        _ configuration: CollectionConfiguration, _ indexes: [IndexAddress], _ result: FetchedIndex
    ) {
        guard case .packages(_, _, let stamp, _, _, _) = result else { return }
        let cached = FileIndexCache(root: root)
        let item = DownloadItem(
            name: BytePath("\(configuration.id).files"), label: "\(configuration.id): the index of files",
            addresses: indexes.compactMap {
                try? $0.address.resolving(StoneDirectory.filesName.display, below: $0.limit).text
            }, sizeMax: StoneDirectory.indexSizeMax)
        guard !cached.holds(configuration.id, for: stamp.digest) else { return }
        try? withFile(item) { (file) throws(RepositoryError) in
            try cached.update(configuration.id, from: file, digest: nil)
        }
    }

    /// What an index offers, each of whose packages can be found.
    func packages(
        from bytes: [UInt8], _ configuration: CollectionConfiguration, _ indexes: [IndexAddress], base: BytePath,
        validator: String, _ known: CollectionRecord?
    ) throws(RepositoryError) -> FetchedIndex {
        let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        let stamp = IndexStamp(size: UInt64(bytes.count), identity: 0, digest: digest)
        if let known, known.stamp.digest == digest, known.base == base {
            return .unchanged(stamp, validator: validator)
        }
        let place = indexes.first?.address.text ?? configuration.uri
        let listed: [PackageMetadata]
        do throws(StoneError) {
            listed = try StoneIndex.decode(bytes)
        } catch {
            throw RepositoryError(.invalidIndex, place, "\(error)")
        }
        let packages = try IndexRules.select(listed, index: place) { uri in
            indexes.allSatisfy { (try? $0.stone(at: uri)) != nil }
        }
        return .packages(packages, base: base, stamp: stamp, validator: validator, stones: [])
    }

    // MARK: Files

    /// Fetches a small file, and forgets it.
    func whole(_ item: DownloadItem) throws(RepositoryError) -> (bytes: [UInt8], outcome: DownloadOutcome) {
        let outcome = try downloads.begin(item).wait()
        return (outcome.isUnchanged ? [] : try contents(item), outcome)
    }

    /// Fetches a file for `body` to read, and forgets it.
    func withFile(
        _ item: DownloadItem, _ body: (borrowing Descriptor) throws(RepositoryError) -> Void
    ) throws(RepositoryError) {
        _ = try downloads.begin(item).wait()
        defer { try? downloads.remove(item) }
        try body(try downloads.open(item))
    }

    private func contents(_ item: DownloadItem) throws(RepositoryError) -> [UInt8] {
        let file = try downloads.open(item)
        let bytes = try reporting { () throws(SystemError) in try file.readAll(limit: Int(clamping: item.sizeMax)) }
        try downloads.remove(item)
        return bytes
    }
}
