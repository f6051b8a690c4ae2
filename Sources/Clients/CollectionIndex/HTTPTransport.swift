internal import BytePath
internal import Digests
package import Downloads
internal import LinuxSystem
package import PackageModel
internal import StoneFormat

/// Collections on servers.
package struct HTTPTransport: CollectionTransport {
    /// Of an index that is not compressed at all, and of payloads nobody knows.
    private static let indexSizeMax: UInt64 = 320 << 20

    private let downloads: Downloader

    package init(_ downloads: Downloader) { self.downloads = downloads }

    package func serves(scheme: String?) -> Bool { scheme == "http" || scheme == "https" }

    package func fetch(
        _ configuration: CollectionConfiguration, previous: PreviousFetch?
    ) throws(RepositoryError) -> FetchedIndex {
        let item = DownloadItem(
            name: BytePath("\(configuration.id).index"), label: configuration.id.text, addresses: [configuration.uri],
            sizeMax: Self.indexSizeMax)
        _ = try downloads.begin(item).wait()
        let file = try downloads.open(item)
        let bytes = try reporting { () throws(SystemError) in try file.readAll(limit: Int(Self.indexSizeMax)) }
        let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        try downloads.remove(item)
        let listed: [PackageMetadata]
        do throws(StoneError) {
            listed = try StoneIndex.decode(bytes)
        } catch {
            throw RepositoryError(.invalidIndex, configuration.uri, "\(error)")
        }
        let base = BytePath(configuration.uri).parent
        let packages = try IndexRules.select(listed, index: configuration.uri) { !$0.isEmpty }
        let stamp = IndexStamp(size: UInt64(bytes.count), identity: 0, digest: digest)
        return .packages(packages, base: base, stamp: stamp, stones: [])
    }

    package func location(
        of package: PackageMetadata, in collection: CollectionManager.Listed
    ) throws(RepositoryError) -> StoneLocation {
        guard let base = collection.record?.base, let uri = package.uri, let hash = package.hash else {
            throw RepositoryError(.invalidLocation, package.name, "the index does not say where it is")
        }
        let address = base.display + "/" + uri
        return .remote(
            DownloadItem(
                name: BytePath("\(hash).stone"), label: "\(package.name) \(package.versionText)", addresses: [address],
                size: package.downloadSize, digest: hash.digest, sizeMax: package.downloadSize ?? 1 << 40))
    }
}
