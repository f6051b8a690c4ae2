package import BytePath
internal import Digests
package import FileTree
package import LinuxSystem
package import ObjectStore
package import PackageModel
package import StoneFormat
internal import Storage

/// Manifests: the stones without their content, from which packages' records can be made again.
extension PackageCatalog {
    /// The packages that have a manifest, ascending, and names in the directory that are none.
    package func manifests() throws(StoreError) -> (packages: [PackageID], others: [BytePath]) {
        let names = try StoreError.catching(below: RootLayout.packages) { () throws(SystemError) in
            try directory.entries()
        }
        var ids: [PackageID] = []
        var others: [BytePath] = []
        for entry in names {
            let text = entry.name.display
            if text.hasSuffix(".stone"), let id = PackageID(hexadecimal: text.dropLast(6)),
                Self.manifestName(id) == entry.name
            {
                ids.append(id)
            } else {
                others.append(entry.name)
            }
        }
        return (ids.sorted(), others)
    }

    /// Beyond what a stone may have besides its content there are headers.
    package static let manifestSizeMax = Int(StoneLimits().manifestSizeMax) + 1 << 20

    package func manifestBytes(_ id: PackageID) throws(SystemError) -> [UInt8] {
        try directory.readFile(Self.manifestName(id), limit: Self.manifestSizeMax)
    }

    /// Reads a manifest into what is recorded of its package. Objects are not looked at.
    package func readManifest(_ id: PackageID) throws(StoreError) -> PackageRecord {
        let name = Self.manifestName(id)
        let bytes = try StoreError.catching(below: RootLayout.packages) { () throws(SystemError) in
            try manifestBytes(id)
        }
        do throws(StoneError) {
            let package = try Self.decodeManifest(bytes)
            return try record(ofManifest: package, id, bytes)
        } catch {
            throw .stone(name, error)
        }
    }

    /// What a manifest says, without what would be recorded of its objects.
    package static func contents(
        ofManifest bytes: [UInt8]
    ) throws(StoneError) -> (PackageMetadata, PackageLayout) {
        let package = try decodeManifest(bytes)
        do throws(PackageLayout.Failure) {
            return (package.metadata, try PackageLayout(package.layout, sizes: sizes(of: package)))
        } catch {
            throw StoneError(.malformedRecord, "\(error)")
        }
    }

    private static func sizes(of package: StonePackage) -> [ObjectID: UInt64] {
        Dictionary(package.ranges.map { ($0.digest, $0.count) }, uniquingKeysWith: { first, _ in first })
    }

    private static func decodeManifest(_ bytes: [UInt8]) throws(StoneError) -> StonePackage {
        let document = try StoneDocument(decoding: bytes)
        guard document.header.fileType == .binary, let metadata = try document.packages().first else {
            throw StoneError(.missingPayload, "there is no meta payload")
        }
        var layout: [LayoutEntry] = []
        var ranges: [ContentRange] = []
        for payload in document.payloads {
            switch payload.body {
            case .layout(let entries): layout += entries
            case .index(let records): ranges += records
            default: break
            }
        }
        return try StonePackage.validate(
            metadata: metadata, layout: layout, ranges: ranges,
            contentSize: ranges.isEmpty ? nil : ranges.map(\.end).max())
    }

    private func record(
        ofManifest package: StonePackage, _ id: PackageID, _ bytes: [UInt8]
    ) throws(StoneError) -> PackageRecord {
        let sizes = Self.sizes(of: package)
        do throws(PackageLayout.Failure) {
            return PackageRecord(
                id: id, metadata: package.metadata, layout: try PackageLayout(package.layout, sizes: sizes),
                objects: PackageRecord.wantedObjects(package.layout, sizes, effective: objects.effective),
                manifest: bytes)
        } catch {
            throw StoneError(.malformedRecord, "\(error)")
        }
    }

    /// Writes the manifest of a package anew from its records. It says the same, but is not byte for byte what the stone
    /// had.
    package func rewriteManifest(_ id: PackageID) throws(StoreError) {
        let name = Self.manifestName(id)
        let metadata = try objects.reading { (transaction) throws(StoreError) in
            try self.metadata(of: id, in: transaction)
        }
        let layout = try objects.reading { (transaction) throws(StoreError) in
            PackageLayout(stored: Array(try layoutBytes(of: id, in: transaction)))
        }
        let bytes: [UInt8]
        do throws(StoneError) {
            bytes = try Self.encodeManifest(metadata, layout)
        } catch {
            throw .stone(name, error)
        }
        try replaceManifest(of: id, with: bytes)
    }

    /// Puts another manifest in a package's place. Where only the file is written before a stop, the records still count.
    package func replaceManifest(of id: PackageID, with bytes: [UInt8]) throws(StoreError) {
        let name = Self.manifestName(id)
        try StoreError.catching(below: RootLayout.packages) { () throws(SystemError) in
            try directory.replaceFile(name, with: bytes)
        }
        try StoreError.catching { () throws(DatabaseError) in
            _ = try database.update { (transaction) throws(DatabaseError) in
                try transaction.put(ManifestRecord(of: bytes), in: PackageBuckets.manifests, for: id)
            }
        }
    }

    package static func encodeManifest(
        _ metadata: PackageMetadata, _ layout: PackageLayout
    ) throws(StoneError) -> [UInt8] {
        var entries: [LayoutEntry] = []
        var sizes: [ObjectID: UInt64] = [:]
        let stored: [(directory: BytePath, entry: TreeEntry)]
        do throws(TreeError) {
            stored = try layout.entries()
        } catch {
            throw StoneError(.malformedRecord, "\(error)")
        }
        for (directory, entry) in stored {
            let (kind, type): (LayoutEntry.Kind, UInt32) =
                switch entry.content {
                case .regular(let digest, _): (.regular(digest), 0o100000)
                case .symlink(let target): (.symlink(target), 0o120000)
                case .directory: (.directory, 0o040000)
                }
            if case .regular(let digest, let size) = entry.content { sizes[digest] = size }
            let mode = entry.kind == .regular ? entry.metadata.fileMode : entry.metadata.mode
            entries.append(
                LayoutEntry(
                    path: directory.appending(entry.name), kind: kind, mode: type | mode,
                    uid: entry.metadata.uid, gid: entry.metadata.gid))
        }
        let files = sizes.map { ContentFile(digest: $0.key, size: $0.value) }.sorted(by: ContentFile.precedes)
        return try StoneManifest.encode(metadata: metadata, layout: entries, files: files)
    }

    /// The objects of a package that is not recorded any more.
    package func objects(ofManifest id: PackageID) throws(StoreError) -> Set<ObjectID> {
        let name = Self.manifestName(id)
        let file: Descriptor
        do throws(SystemError) {
            file = try directory.openFile(name)
        } catch {
            throw .system(error.below(RootLayout.packages))
        }
        let path = BytePath(".moss/packages").appending(name)
        var reader = try StoneSource.open(path, StoneSource(file, digest: nil), collectsManifest: false)
        var objects: Set<ObjectID> = []
        while let payload = try StoreError.reading(path, { () throws(StoneFailure) in try reader.nextPayload() }) {
            guard payload.kind == .layout else {
                try StoreError.reading(path) { () throws(StoneFailure) in try reader.skipPayload() }
                continue
            }
            for entry in try StoreError.reading(path, { () throws(StoneFailure) in try reader.readLayout() }) {
                if case .regular(let digest) = entry.kind { objects.insert(digest) }
            }
        }
        return objects
    }
}
