internal import BytePath
internal import CollectionSettings
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import Signatures
internal import Trust
internal import WebAddress
internal import Zstandard

/// A collection that keys vouch for: what its manifest says counts, and the manifest counts once enough of those who are
/// trusted have signed it.
struct SignedCollection {
    private static let manifestFile: BytePath = "manifest.json"
    private static let indexFile: BytePath = "index"

    private let transport: HTTPTransport
    private let configuration: CollectionConfiguration
    private let indexes: [IndexAddress]
    private let cache: CollectionCache
    private let first: KeySet
    /// Because of whom it is believed.
    private let trust: String
    private let limits = TrustLimits.standard

    private var name: String { configuration.id.text }

    init(
        _ transport: HTTPTransport, _ configuration: CollectionConfiguration, _ keys: [CollectionKey], _ threshold: Int
    ) throws(RepositoryError) {
        if case .versioned = configuration.source {
            throw RepositoryError(
                .malformedConfiguration, configuration.id.text,
                "keys vouch for what lies beside one index; give its uri in the place of channel and version")
        }
        self.transport = transport
        self.configuration = configuration
        indexes = HTTPTransport.indexes(of: configuration, history: "")
        cache = CollectionCache(root: transport.root, configuration.id)
        trust = CollectionTrust.keys(keys, threshold: threshold).text
        let name = configuration.id.text
        var publicKeys: [PublicKey] = []
        for key in keys {
            guard let publicKey = PublicKey(bytes: key.bytes) else {
                throw RepositoryError(.malformedConfiguration, name, "\(key) is not a public key of Ed25519")
            }
            publicKeys.append(publicKey)
        }
        let known = publicKeys
        first = try trusting { () throws(TrustError) in
            try KeySet(trusting: known, threshold: threshold, for: name)
        }
    }

    func fetch(_ previous: PreviousFetch?) throws(RepositoryError) -> FetchedIndex {
        let isOwn = try cache.belongs(to: trust)
        let kept = isOwn ? try keptKeys() : []
        let seen = isOwn ? try keptManifest(kept) : nil
        let found = try newest(kept, seen)
        for warning in found.verified.warnings { transport.notice("\(name): \(warning)") }
        let manifest = found.verified.manifest
        let known = previous?.record
        var keeping = CachedFiles()
        keeping.trust = trust
        var result: FetchedIndex
        if let known, known.stamp.digest == manifest.index.sha256 {
            result = .unchanged(known.stamp)
        } else {
            let bytes = try fetchIndex(manifest)
            result = try transport.packages(from: bytes, configuration, indexes, base: "", validator: "", known)
            keeping.files.append((Self.indexFile, bytes))
        }
        takeFiles(manifest)
        for (version, bytes) in found.newKeys { keeping.files.append((CollectionCache.keyFile(version), bytes)) }
        if !keeping.files.isEmpty || seen?.manifest != manifest {
            keeping.files.append((Self.manifestFile, found.envelope))
        }
        switch result {
        case .unchanged(let stamp, let validator, _):
            result = .unchanged(stamp, validator: validator, keeping: keeping)
        case .packages(let packages, let base, let stamp, let validator, let stones, _):
            result = .packages(
                packages, base: base, stamp: stamp, validator: validator, stones: stones, keeping: keeping)
        }
        return result
    }

    /// A manifest that is believed, and the sets of keys on the way to those that signed it.
    private struct Found {
        let envelope: [UInt8]
        let verified: VerifiedManifest
        let newKeys: [(UInt64, [UInt8])]
    }

    /// The manifest of the first server whose is believed: one that is behind, or wrong, does not stop the others.
    private func newest(_ kept: [KeySet], _ seen: SeenManifest?) throws(RepositoryError) -> Found {
        var refusal: RepositoryError?
        for server in 0..<max(1, indexes.count) {
            do throws(RepositoryError) {
                let found = try manifest(of: server, kept, seen)
                if let refusal { transport.notice("\(name): \(refusal.message); another mirror was asked") }
                return found
            } catch {
                // That nobody answers says less than what somebody answered.
                if refusal == nil || refusal?.code == .unreachable { refusal = error }
            }
        }
        throw refusal ?? RepositoryError(.invalidLocation, name, "there is no address of it")
    }

    private func manifest(
        of server: Int, _ kept: [KeySet], _ seen: SeenManifest?
    ) throws(RepositoryError) -> Found {
        let envelope = try fetchManifest(of: server)
        let (keys, newKeys) = try followed(
            from: kept, towards: CollectionManifest.claimedKeySet(envelope), of: server)
        let verified = try trusting { () throws(TrustError) in
            try CollectionManifest.verify(envelope, for: name, keys: keys, lastSeen: seen, now: currentTimeSeconds())
        }
        return Found(envelope: envelope, verified: verified, newKeys: newKeys)
    }

    // MARK: What was believed before

    /// All sets of keys since the first.
    private func keptKeys() throws(RepositoryError) -> [KeySet] {
        var envelopes: [[UInt8]] = []
        for version in try cache.keyVersions() {
            if let bytes = try cache.read(CollectionCache.keyFile(version), limit: limits.envelopeByteCountMax) {
                envelopes.append(bytes)
            }
        }
        return try trusting { () throws(TrustError) in try first.followed(by: envelopes, for: name) }
    }

    private func keptManifest(_ keys: [KeySet]) throws(RepositoryError) -> SeenManifest? {
        guard let bytes = try cache.read(Self.manifestFile, limit: limits.envelopeByteCountMax) else { return nil }
        return try trusting { () throws(TrustError) in
            try CollectionManifest.recall(bytes, for: name, keys: keys)
        }
    }

    // MARK: What there is now

    /// - Parameter server: the one to ask first.
    private func addresses(_ path: String, of server: Int = 0) -> [String] {
        (indexes[server...] + indexes[..<server]).compactMap { index in
            try? index.address.resolving(path, below: index.limit).text
        }
    }

    private func fetchManifest(of server: Int) throws(RepositoryError) -> [UInt8] {
        let item = DownloadItem(
            name: BytePath("\(name).manifest"), label: "\(name): the manifest",
            addresses: Array(addresses(CollectionManifest.fileName, of: server).prefix(1)),
            sizeMax: UInt64(limits.envelopeByteCountMax))
        return try transport.whole(item).bytes
    }

    /// Follows the keys as far as they go.
    private func followed(
        from kept: [KeySet], towards claimed: UInt64?, of server: Int
    ) throws(RepositoryError) -> (KeySet, [(UInt64, [UInt8])]) {
        var current = kept.last ?? first
        var files: [(UInt64, [UInt8])] = []
        if current.version == 0, let claimed, claimed > 0 {
            let (set, version, bytes) = try entered(towards: claimed, of: server)
            current = set
            files.append((version, bytes))
        }
        while let bytes = try fetchKeys(current.version + 1, isNeeded: current.version < claimed ?? 0, of: server) {
            guard files.count < Self.setsMax else {
                throw RepositoryError(.endlessData, name, "it has more than \(Self.setsMax) new sets of keys")
            }
            let set = current
            current = try trusting { () throws(TrustError) in try set.successor(bytes, for: name) }
            files.append((current.version, bytes))
        }
        return (current, files)
    }

    /// How many sets are looked through at most, for the one that a user was told the keys of or from there on.
    private static let setsMax = 200

    /// The first step from keys that a user was told, which may be of any set: of the newest, mostly.
    private func entered(towards claimed: UInt64, of server: Int) throws(RepositoryError) -> (KeySet, UInt64, [UInt8]) {
        var refusal: RepositoryError?
        for version in [claimed] + Array(1..<max(1, min(claimed, UInt64(Self.setsMax)))) {
            // None is left out where there are sets of keys.
            guard let bytes = try fetchKeys(version, isNeeded: version == claimed, of: server) else { break }
            do throws(RepositoryError) {
                let set = try trusting { () throws(TrustError) in try first.successor(bytes, for: name) }
                return (set, version, bytes)
            } catch {
                // What the newest set says against it is what people should know.
                refusal = refusal ?? error
            }
        }
        throw refusal
            ?? RepositoryError(.wrongKey, name, "none of its sets of keys belongs to the keys that are trusted")
    }

    private func fetchKeys(
        _ version: UInt64, isNeeded: Bool, of server: Int
    ) throws(RepositoryError) -> [UInt8]? {
        let item = DownloadItem(
            name: BytePath("\(name).keys"), label: "\(name): key set \(version)",
            addresses: addresses(KeySet.path(version: version), of: server),
            sizeMax: UInt64(limits.envelopeByteCountMax))
        do throws(RepositoryError) {
            return try transport.whole(item).bytes
        } catch {
            guard error.code == .notFound, !isNeeded else { throw error }
            return nil
        }
    }

    /// The index that the manifest names: what changed in it since the one that is here, where that is offered.
    private func fetchIndex(_ manifest: CollectionManifest) throws(RepositoryError) -> [UInt8] {
        if let bytes = try? changedIndex(manifest) { return bytes }
        let bytes = try fetchFile(manifest.index, "the index")
        try trusting { () throws(TrustError) in
            let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
            try manifest.index.check(size: UInt64(bytes.count), sha256: digest, for: name)
        }
        return bytes
    }

    private func changedIndex(_ manifest: CollectionManifest) throws(RepositoryError) -> [UInt8]? {
        guard let old = try cache.read(Self.indexFile, limit: Int(StoneDirectory.indexSizeMax)) else { return nil }
        let digest = old.withUnsafeBytes { SHA256Digest(hashing: $0) }
        guard let delta = manifest.deltas.first(where: { $0.from == digest }), delta.file.size < manifest.index.size
        else { return nil }
        let patch = try fetchFile(delta.file, "what changed in the index")
        guard let size = Int(exactly: manifest.index.size), size <= StoneDirectory.indexSizeMax,
            let new = Self.applied(patch, to: old, size: size),
            new.withUnsafeBytes({ SHA256Digest(hashing: $0) }) == manifest.index.sha256
        else { return nil }
        return new
    }

    /// Searches in files can do without their index, and nothing else needs it.
    private func takeFiles(_ manifest: CollectionManifest) {
        let cached = FileIndexCache(root: transport.root)
        guard let files = manifest.files, !cached.holds(configuration.id, for: manifest.index.sha256) else { return }
        do throws(RepositoryError) {
            try transport.withFile(item(files, "the index of files")) { (file) throws(RepositoryError) in
                try cached.update(configuration.id, from: file, digest: files.sha256)
            }
        } catch {
            transport.notice("\(name): files of its packages cannot be searched: \(error)")
        }
    }

    private static func applied(_ patch: [UInt8], to old: [UInt8], size: Int) -> [UInt8]? {
        var decompressor = try? Decompressor()
        return try? decompressor?.decompress(patch, exactly: size, against: old)
    }

    private func fetchFile(_ file: CollectionManifest.File, _ what: String) throws(RepositoryError) -> [UInt8] {
        do throws(RepositoryError) {
            return try transport.whole(item(file, what)).bytes
        } catch {
            // What was signed and what lies beside it are of different times, or of different people.
            throw error.code == .arbitraryPackage
                ? RepositoryError(.mixAndMatch, error.subject, error.message) : error
        }
    }

    private func item(_ file: CollectionManifest.File, _ what: String) -> DownloadItem {
        DownloadItem(
            name: BytePath("\(name).\(file.sha256)"), label: "\(name): \(what)", addresses: addresses(file.path),
            size: file.size, digest: file.sha256, sizeMax: min(file.size, StoneDirectory.indexSizeMax))
    }
}
