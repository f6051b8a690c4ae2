internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import ObjectStores
internal import PackageModel
internal import StoneFormat
internal import Trust

/// What was published into a directory: its pointers, and every file that they name.
struct LocalPublication: Sendable {
    /// In the order in which they are replaced: each names only what was there before it.
    private(set) var pointers: [FileToSend] = []
    /// By path; none of them ever changes.
    private(set) var files: [BytePath: FileToSend] = [:]
    /// The index that `stone.index` is.
    private(set) var index: SHA256Digest
    /// Of the manifest; nil where nothing is signed.
    private(set) var serial: UInt64?

    init(_ published: PublishedFiles) throws(RepositoryError) {
        let name = StoneDirectory.indexName
        guard let bytes = try published.read(name, limit: Int(StoneDirectory.indexSizeMax)) else {
            throw RepositoryError(
                .invalidLocation, published.path.display,
                "no collection was published into this directory: there is no \(name) in it")
        }
        let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        index = digest
        let size = UInt64(bytes.count)
        add(FileToSend(path: PublishedFiles.byHash.appending("\(digest).index"), size: size, digest: digest))
        try addStones(of: bytes, published.path.appending(name))
        if let file = try Self.pointer(StoneDirectory.filesName, published) {
            pointers.append(file)
            let path = PublishedFiles.byHash.appending("\(file.digest).files")
            add(FileToSend(path: path, size: file.size, digest: file.digest))
        }
        pointers.append(FileToSend(path: name, size: size, digest: digest))
        if let file = try Self.pointer(BytePath(CollectionManifest.fileName), published) {
            pointers.append(file)
            try addManifest(published)
        }
        try addKeys(published)
        for file in files.values where try !published.exists(file.path, size: file.size) {
            throw RepositoryError(
                .invalidIndex, published.path.appending(file.path).display,
                "the collection names this file, and it is not there as it should be; publish into the directory anew")
        }
    }

    private mutating func add(_ file: FileToSend) { files[file.path] = file }

    private static func pointer(_ name: BytePath, _ published: PublishedFiles) throws(RepositoryError) -> FileToSend? {
        guard let size = try published.size(of: name), let digest = try published.digest(of: name) else { return nil }
        return FileToSend(path: name, size: size, digest: digest)
    }

    private mutating func addStones(of index: [UInt8], _ path: BytePath) throws(RepositoryError) {
        for (stone, file) in try Self.stones(of: index, path.display) { files[stone] = file }
    }

    /// The stones that an index names, by their paths below its directory.
    static func stones(of index: [UInt8], _ subject: String) throws(RepositoryError) -> [BytePath: FileToSend] {
        let packages: [PackageMetadata]
        do throws(StoneError) {
            packages = try StoneIndex.decode(index)
        } catch {
            throw RepositoryError(.invalidIndex, subject, "\(error)")
        }
        var stones: [BytePath: FileToSend] = [:]
        for package in packages {
            guard let uri = package.uri, let hash = package.hash, let size = package.downloadSize,
                let path = URIReference.resolve(uri, below: "")
            else { throw RepositoryError(.invalidIndex, subject, "it does not say where \(package.name) is") }
            let relative = BytePath(path.bytes.drop { $0 == UInt8(ascii: "/") })
            stones[relative] = FileToSend(path: relative, size: size, digest: hash.digest)
        }
        return stones
    }

    /// What the manifest names; of an index that waits for signatures it is another one than `stone.index`.
    private mutating func addManifest(_ published: PublishedFiles) throws(RepositoryError) {
        let name = BytePath(CollectionManifest.fileName)
        let path = published.path.appending(name)
        guard let bytes = try published.read(name, limit: TrustLimits.standard.envelopeByteCountMax) else { return }
        let manifest = try trusting { () throws(TrustError) in
            try CollectionManifest.own(bytes, for: path.display).manifest
        }
        serial = manifest.serial
        for file in manifest.allFiles {
            add(FileToSend(path: BytePath(file.path), size: file.size, digest: file.sha256))
        }
        guard manifest.index.sha256 != index else { return }
        let place = BytePath(manifest.index.path)
        if let other = try published.read(place, limit: Int(StoneDirectory.indexSizeMax)) {
            try addStones(of: other, published.path.appending(place))
        }
    }

    private mutating func addKeys(_ published: PublishedFiles) throws(RepositoryError) {
        var version: UInt64 = 1
        while let file = try Self.pointer(BytePath(KeySet.path(version: version)), published) {
            add(file)
            version += 1
        }
    }
}
