package import BytePath
internal import Digests
internal import Failures
internal import FileTree
internal import LMDB
internal import LinuxSystem
package import PackageModel
internal import StoneFormat

/// Manifests: the stones without their content, from which packages' records can be made again.
extension ContentStore {
    /// The packages that have a manifest, ascending, and names in the directory that are none.
    package func manifests() throws(StoreError) -> (packages: [PackageID], others: [BytePath]) {
        let names = try StoreError.catching(below: "packages") { () throws(SystemError) in try packages.entries() }
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
    private static let manifestSizeMax = Int(StoneLimits().manifestSizeMax) + 1 << 20

    private func manifestBytes(_ id: PackageID) throws(SystemError) -> [UInt8] {
        try packages.readFile(Self.manifestName(id), limit: Self.manifestSizeMax)
    }

    /// Reads a manifest into what is recorded of its package. Objects are not looked at.
    package func readManifest(_ id: PackageID) throws(StoreError) -> PackageRecord {
        let name = Self.manifestName(id)
        let bytes = try StoreError.catching(below: "packages") { () throws(SystemError) in try manifestBytes(id) }
        do throws(StoneError) {
            let package = try Self.decodeManifest(bytes)
            return try record(ofManifest: package, id, bytes)
        } catch {
            throw .stone(name, error)
        }
    }

    /// What a manifest says, without what would be recorded of its objects.
    private static func contents(
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
                objects: PackageRecord.wantedObjects(package.layout, sizes, effective: effective), manifest: bytes)
        } catch {
            throw StoneError(.malformedRecord, "\(error)")
        }
    }

    /// Writes the manifest of a package anew from its records. It says the same, but is not byte for byte what the stone
    /// had.
    package func rewriteManifest(_ id: PackageID) throws(StoreError) {
        let name = Self.manifestName(id)
        let metadata = try reading { (transaction) throws(StoreError) in try self.metadata(of: id, in: transaction) }
        let layout = try reading { (transaction) throws(StoreError) in
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
        try StoreError.catching(below: "packages") { () throws(SystemError) in
            try packages.replaceFile(name, with: bytes)
        }
        try StoreError.catching { () throws(DatabaseError) in
            _ = try environment.update { (transaction) throws(DatabaseError) in
                try transaction.put(Digest128(hashing: bytes), in: StoreBuckets.manifests, for: id)
            }
        }
    }

    static func encodeManifest(
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

    /// What is wrong with the manifests of `recorded` packages, and which are nobody's.
    ///
    /// - Parameter reading: reads each and holds it against its records; else only its presence is checked.
    package func checkManifests(
        of recorded: [PackageID], reading: Bool
    ) throws(StoreError) -> (damage: [Damage], unseen: [Damage.Unseen]) {
        var damage: [Damage] = []
        let known = Set(recorded)
        let (present, others) = try manifests()
        for name in others { damage.append(Damage(.file(BytePath("packages").appending(name)), .orphan)) }
        for id in present where !known.contains(id) {
            damage.append(Damage(.manifest(id), .orphan, "the package has no record"))
        }
        let found = Set(present)
        for id in recorded where !found.contains(id) { damage.append(Damage(.manifest(id), .missing)) }
        let both = recorded.filter(found.contains)
        let problems = inParallel(both) { (id) throws(Never) -> (Damage?, Damage.Unseen?) in
            do {
                return (try reading ? self.checkManifest(id) : self.checkManifestSize(id), nil)
            } catch let error as SystemError where !error.saysNothing {
                return (Damage(.manifest(id), .unreadable, "\(error)"), nil)
            } catch let error as StoreError where !error.saysNothing {
                // What is wrong with the records is found there.
                return (nil, nil)
            } catch {
                let remedy = (error as? any MarkedError)?.remedy ?? ""
                return (nil, Damage.Unseen(.manifest(id), "\(error)", remedy: remedy))
            }
        }
        return (damage + problems.compactMap(\.0), problems.compactMap(\.1))
    }

    private func checkManifestSize(_ id: PackageID) throws(SystemError) -> Damage? {
        let status = try packages.status(of: Self.manifestName(id))
        if status.kind != .regular { return Damage(.manifest(id), .wrongKind, status.kind.name) }
        let isLikely = 64...UInt64(Self.manifestSizeMax) ~= status.size
        return isLikely ? nil : Damage(.manifest(id), .wrongSize, "\(status.size) bytes")
    }

    private func checkManifest(_ id: PackageID) throws -> Damage? {
        if let damage = try checkManifestSize(id) { return damage }
        do {
            let bytes = try manifestBytes(id)
            if try isRecorded(manifest: bytes, id) { return nil }
            // One that was written by other means, or an old record, is right if it says the same.
            let (metadata, layout) = try Self.contents(ofManifest: bytes)
            let isSame = try reading { (transaction) throws(StoreError) in
                let recorded = try layoutBytes(of: id, in: transaction)
                let recordedMetadata = try self.metadata(of: id, in: transaction)
                return recorded.elementsEqual(layout.bytes) && recordedMetadata == metadata
            }
            return isSame ? nil : Damage(.manifest(id), .wrongContent, "it says something else than the records")
        } catch let error as SystemError where error.isLossOfContent {
            return Damage(.manifest(id), .unreadable, "\(error)")
        } catch let error as StoneError {
            return Damage(.manifest(id), .damaged, "\(StoreError.stone(Self.manifestName(id), error))")
        }
    }

    /// Whether these are the bytes the records were made of.
    private func isRecorded(manifest bytes: [UInt8], _ id: PackageID) throws(StoreError) -> Bool {
        let digest = try reading { (transaction) throws(StoreError) in
            try StoreError.catching { () throws(DatabaseError) in
                try transaction.value(in: StoreBuckets.manifests, for: id)
            }
        }
        return digest == Digest128(hashing: bytes)
    }
}
