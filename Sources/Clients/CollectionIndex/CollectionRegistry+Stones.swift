package import BytePath
internal import CollectionSettings
internal import Digests
package import Downloads
package import LinuxSystem
internal import PackageModel

/// The stones of packages, wherever they are.
extension CollectionRegistry {
    /// So much of a stone is fetched first to plan with; smaller ones come whole at once.
    package static let headByteCount: UInt64 = 256 << 10
    private static let wholeByteCountMax: UInt64 = 1 << 20
    /// As much as is kept of any stone besides its content.
    private static let headByteCountMax: UInt64 = 256 << 20

    /// Where the stone of a package is.
    package func location(of package: Package) throws(RepositoryError) -> StoneLocation {
        guard let listed = collections.first(where: { $0.configuration.id == package.collection }), listed.record != nil
        else {
            throw RepositoryError(
                .notRefreshed, package.collection.text, "the collection does not offer \(package.metadata.name)")
        }
        return try transports.serving(listed.configuration).location(of: package.metadata, in: listed)
    }

    /// Begins to fetch what is elsewhere of the stone; nil where it is a file of this machine.
    ///
    /// - Parameter end: how much is enough, for larger stones; nil for all of it.
    package func fetch(_ package: Package, upTo end: UInt64? = nil) throws(RepositoryError) -> Download? {
        guard case .remote(let item) = try location(of: package) else { return nil }
        let isSmall = (item.size ?? .max) <= max(Self.wholeByteCountMax, end ?? 0)
        return downloads.begin(item, upTo: isSmall ? nil : end)
    }

    /// What stands before the content of a stone that is elsewhere, fetched, and seen to be what its index promises; nil
    /// where the index promises nothing, as for stones whose content cannot be fetched in parts.
    package func verifiedHead(of package: Package) throws(RepositoryError) -> [UInt8]? {
        guard let head = package.metadata.head, head.size <= Self.headByteCountMax else { return nil }
        for isLast in [false, true] {
            let stone = try open(package, upTo: head.size)
            let bytes = try reporting { () throws(SystemError) in try stone.file.read(Int(head.size)) }
            if bytes.withUnsafeBytes({ SHA256Digest(hashing: $0) }) == head.digest { return bytes }
            // What is here may be of another day.
            try forget(package)
            if isLast { break }
        }
        throw RepositoryError(
            .arbitraryPackage, package.metadata.name,
            "what its server sends is not the stone that the index of \(package.collection) promises; update the"
                + " collection, or try another mirror")
    }

    /// Forgets a fetched stone: what is in it is elsewhere now, or it turned out to be damaged.
    package func forget(_ package: Package) throws(RepositoryError) {
        guard case .remote(let item) = try location(of: package) else { return }
        try downloads.remove(item)
    }

    /// A stone that can be read, and what it is called in errors.
    package struct OpenStone: ~Copyable {
        package let path: BytePath
        package let file: Descriptor
        /// Bytes of it that are there.
        package let byteCount: UInt64
        package let isRemote: Bool
    }

    /// Opens a package's stone for reading: a regular file of the size that the index promises, fetched first where it
    /// is elsewhere. Whether the bytes of a local one are the promised ones (`package.id`) is for the reader to check.
    ///
    /// - Parameter end: of one that is elsewhere, so much is enough; what there is may be wrong then.
    package func open(_ package: Package, upTo end: UInt64? = nil) throws(RepositoryError) -> OpenStone {
        switch try location(of: package) {
        case .file(let path):
            let stone = try RegularFile(path)
            let size = stone.status.size
            if let promised = package.metadata.downloadSize, size != promised {
                throw RepositoryError(
                    .wrongStone, package.metadata.name,
                    "\(path) is not the stone that the index of \(package.collection) promises: it has"
                        + " \(size) bytes, not \(promised); update the collection")
            }
            return OpenStone(path: path, file: stone.opened(), byteCount: size, isRemote: false)
        case .remote(let item):
            let outcome = try fetch(package, upTo: end)?.wait()
            return OpenStone(
                path: BytePath(item.label), file: try downloads.open(item), byteCount: outcome?.byteCount ?? 0,
                isRemote: true)
        }
    }
}
