internal import BytePath
internal import Downloads
package import LinuxSystem
internal import PackageModel
package import PreviewMount
package import ViewImage

/// Remote stones of a view: fetched from the servers of their collections, the parts that somebody needs, as the root's
/// configuration says.
///
/// The process that fetches is started with the first part somebody needs.
package final class FetchedStones: RemoteStones {
    private let root: BytePath
    /// The view's own directory.
    private let scratch: BytePath
    private let downloader = Guarded<Downloader?>(nil)

    private static let directoryName: BytePath = "fetched"
    private static let placesSizeMax = 1 << 20

    package init(_ request: ViewRequest) {
        root = request.root
        scratch = request.scratch ?? ""
    }

    /// What fetches, and a stone as it fetches it.
    private func fetching(_ stone: ViewRequest.Stone) throws(RepositoryError) -> (Downloader, DownloadItem) {
        let bytes = try reporting(below: scratch) { () throws(SystemError) in
            try Descriptor.openDirectory(scratch).readFile(stone.path.lastComponent, limit: Self.placesSizeMax)
        }
        guard let places = StonePlaces(decoding: bytes) else {
            throw RepositoryError(.notFound, stone.path.display, "nothing says where the stone can be had")
        }
        let item = DownloadItem(
            name: BytePath("\(stone.id.hexadecimal).stone"), label: places.label, addresses: places.addresses,
            size: stone.size, digest: stone.id.digest, sizeMax: stone.size)
        let downloader = try downloader.withLock { (downloader) throws(RepositoryError) in
            if let downloader { return downloader }
            let made = try start(bandwidth: places.bandwidth)
            downloader = made
            return made
        }
        return (downloader, item)
    }

    private func start(bandwidth: UInt64) throws(RepositoryError) -> Downloader {
        let configured = try reporting(below: root) { () throws(SystemError) in try Descriptor.openDirectory(root) }
        let scratch = scratch
        let directory = DownloadDirectory { () throws(SystemError) in
            let place = try Descriptor.openDirectory(scratch)
            try place.ensureDirectory(Self.directoryName, mode: 0o700)
            return try place.openDirectory(Self.directoryName)
        }
        var options = FetchOptions()
        options.bandwidth = bandwidth
        return Downloader(
            into: directory, try FetchConfiguration.load(from: configured, at: root).applying(options))
    }

    package func begin(_ parts: [RemotePart], of stone: ViewRequest.Stone) throws -> (Int) throws -> [UInt8] {
        let (downloader, whole) = try fetching(stone)
        let downloads = parts.map { part in
            var item = whole
            item.name = BytePath("\(stone.id.hexadecimal)-\(part.range.lowerBound)")
            item.part = part.range
            item.digest = part.digest
            return downloader.begin(item)
        }
        return { number in
            let download = downloads[number]
            _ = try download.wait()
            defer { try? downloader.remove(download.item) }
            return try downloader.open(download.item).readAll(limit: Int(parts[number].range.count))
        }
    }

    package func withWhole(
        _ stone: ViewRequest.Stone, _ body: (borrowing Descriptor) throws -> Void
    ) throws {
        let (downloader, item) = try fetching(stone)
        _ = try downloader.begin(item).wait()
        defer { try? downloader.remove(item) }
        try body(try downloader.open(item))
    }
}
