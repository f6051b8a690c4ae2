internal import BytePath
package import CollectionSettings
internal import Digests
package import Downloads
internal import LinuxSystem
package import PackageModel
internal import StoneFormat

/// Collections on this machine: an index file, a directory with one, or a directory of stones.
package struct LocalTransport: CollectionTransport {

    package init() {}

    package func serves(scheme: String?) -> Bool { scheme == nil || scheme == "file" }

    package func fetch(
        _ configuration: CollectionConfiguration, previous: PreviousFetch?
    ) throws(RepositoryError) -> FetchedIndex {
        let path = try path(of: configuration)
        let kind = try reporting { () throws(SystemError) in try Descriptor.open(path, .pathOnly).status().kind }
        guard kind == .directory else { return try fetchIndex(path, previous) }
        let index = path.appending(StoneDirectory.indexName)
        let status = try reporting(below: path) { () throws(SystemError) in
            try Descriptor.openDirectory(path).statusIfPresent(of: StoneDirectory.indexName, followingLinks: true)
        }
        return status == nil ? try scan(path, previous) : try fetchIndex(index, previous)
    }

    package func location(
        of package: PackageMetadata, in collection: CollectionManager.Listed
    ) throws(RepositoryError) -> StoneLocation {
        guard let base = collection.record?.base, let uri = package.uri,
            let path = URIReference.resolve(uri, below: base)
        else {
            throw RepositoryError(
                .invalidLocation, package.uri ?? package.name, "this leads to no file of the collection")
        }
        return .file(path)
    }

    private func path(of configuration: CollectionConfiguration) throws(RepositoryError) -> BytePath {
        let uri = configuration.uri
        let path = URIReference.scheme(of: uri) == nil ? BytePath(uri) : URIReference.path(ofFileURL: uri)
        guard let path, path.isAbsolute, !path.bytes.contains(0) else {
            throw RepositoryError(
                .invalidLocation, configuration.id.text,
                "\"\(uri)\" is no absolute path and no file URL such as file:///srv/stones/stone.index")
        }
        return path
    }

    private func fetchIndex(_ path: BytePath, _ previous: PreviousFetch?) throws(RepositoryError) -> FetchedIndex {
        let index = try RegularFile(path)
        let identity = index.status.settledIdentity
        if let stamp = previous?.record.stamp, identity != 0, stamp.identity == identity { return .unchanged(stamp) }
        let bytes = try reporting(below: path) { () throws(SystemError) in
            try index.file.readAll(limit: Int(StoneDirectory.indexSizeMax))
        }
        let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        let stamp = IndexStamp(size: index.status.size, identity: identity, digest: digest)
        if let known = previous?.record, known.stamp.digest == digest, known.base == path.parent {
            return .unchanged(stamp)
        }
        let listed: [PackageMetadata]
        do throws(StoneError) {
            listed = try StoneIndex.decode(bytes)
        } catch {
            throw RepositoryError(.invalidIndex, path.display, "\(error)")
        }
        let base = path.parent
        let packages = try IndexRules.select(listed, index: path.display) {
            URIReference.resolve($0, below: base) != nil
        }
        return .packages(packages, base: base, stamp: stamp, stones: [])
    }

    private func scan(_ directory: BytePath, _ previous: PreviousFetch?) throws(RepositoryError) -> FetchedIndex {
        let known = previous?.stones ?? [:]
        let stones = try StoneDirectory(directory: directory).scan { known[$0] }
        let selected = try StoneDirectory.select(stones, in: directory)
        let packages = try IndexRules.select(selected, index: directory.display) {
            URIReference.resolve($0, below: directory) != nil
        }
        let hasher = SHA256Hasher()
        for stone in stones {
            let line = "\(stone.metadata.uri ?? "") \(stone.metadata.hash?.hexadecimal ?? "")\n"
            Array(line.utf8).withUnsafeBytes { hasher.update($0) }
        }
        let stamp = IndexStamp(size: 0, identity: 0, digest: hasher.finish())
        // Stones that have settled since are stored, so that the next scan need not read them again.
        if let record = previous?.record, record.stamp == stamp, record.base == directory,
            stones.allSatisfy({ known[$0.path] == $0 })
        {
            return .unchanged(stamp)
        }
        return .packages(packages, base: directory, stamp: stamp, stones: stones)
    }
}
