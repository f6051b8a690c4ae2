package import BytePath
internal import Digests
internal import FileTree
package import LinuxSystem
package import ObjectStore
package import PackageCatalog
package import PackageModel
internal import StoneFormat

/// A stone becomes objects, and what is to be recorded of its package.
package struct Ingester: Sendable {
    private let objects: ObjectStore

    package init(_ objects: ObjectStore) {
        self.objects = objects
    }

    /// Reads a stone once, front to back: checks everything in it, puts its files into the store and returns what to
    /// record. Nothing is recorded yet, and what was written stays for the next try if a later step fails.
    ///
    /// - Parameters:
    ///   - path: for errors.
    ///   - file: the stone; read by position, so a descriptor may be shared.
    ///   - expected: the SHA-256 the stone must have.
    ///   - progress: called with the number of content bytes done since the last call.
    package func ingest(
        _ path: BytePath, _ file: borrowing Descriptor, expecting expected: PackageID? = nil,
        progress: @escaping @Sendable (UInt64) -> Void = { _ in }
    ) throws(StoreError) -> PackageRecord {
        let digest = StreamDigest()
        var reader = try StoneSource.open(path, StoneSource(file, digest: digest), collectsManifest: true)
        var parts = StoneParts()
        var unpacked: StoneParts.Extent?
        var window: UInt64?
        defer { if let window { Self.windows.leave(window) } }
        while let payload = try StoreError.reading(path, { () throws(StoneFailure) in try reader.nextPayload() }) {
            try StoreError.reading(path) { () throws(StoneFailure) in try parts.take(payload, from: &reader) }
            if payload.kind == .content, window == nil {
                window = payload.windowSizeMax(reader.limits)
                Self.windows.enter(payload.windowSizeMax(reader.limits))
            }
            if payload.kind == .content, parts.mayUnpack {
                try unpack(parts.package(path), from: &reader, path, progress)
                unpacked = parts.extent
            }
        }
        let manifest = reader.manifest?.encoded ?? []
        // With it goes its window, before there may be another.
        _ = consume reader
        let found = PackageID(digest.hasher.finish())
        if let expected, found != expected { throw .wrongStone(path, expected: expected, found: found) }
        let package = try parts.package(path)
        // Every known writer puts the content last; where files or ranges came after it, it is read in a second pass.
        if package.contentSize != nil && unpacked != parts.extent { try unpackAgain(package, path, file, progress) }
        return try record(of: package, found, manifest, path)
    }

    /// The windows of all stones that are being unpacked at a time: as much as one stone may ask for.
    private static let windows = WeightedGate(capacity: StoneLimits().windowSizeMax)

    /// Reads what stands before a stone's content: enough to plan with, nothing is written, and whether the stone is
    /// the promised one is for ``ingest`` to find out.
    package func peek(
        _ path: BytePath, _ file: borrowing Descriptor, claimed id: PackageID
    ) throws(StoreError) -> PackageRecord {
        var reader = try StoneSource.open(path, StoneSource(file, digest: nil), collectsManifest: false)
        var parts = StoneParts()
        while let payload = try StoreError.reading(path, { () throws(StoneFailure) in try reader.nextPayload() }) {
            try StoreError.reading(path) { () throws(StoneFailure) in try parts.take(payload, from: &reader) }
            if payload.kind == .content, parts.mayUnpack { break }
        }
        return try record(of: parts.package(path), id, [], path)
    }

    /// Reads one object out of a stone. Nothing is written.
    ///
    /// - Parameters:
    ///   - path: for errors.
    ///   - file: the stone; read by position.
    ///   - limit: bytes; a stone may have become another one since somebody looked.
    /// - Throws: `missingObject` where the stone has none of this id and of at most so many bytes.
    package func readObject(
        _ id: ObjectID, from path: BytePath, _ file: borrowing Descriptor, limit: UInt64
    ) throws(StoreError) -> [UInt8] {
        var parts = StoneParts()
        // Ranges may stand behind the content: then it is read when it comes by again.
        for isFirst in [true, false] {
            var reader = try StoneSource.open(path, StoneSource(file, digest: nil), collectsManifest: false)
            while let payload = try StoreError.reading(path, { () throws(StoneFailure) in try reader.nextPayload() }) {
                if payload.kind == .content, let range = parts.range(of: id), range.count <= limit {
                    let window = payload.windowSizeMax(reader.limits)
                    Self.windows.enter(window)
                    defer { Self.windows.leave(window) }
                    let bytes = try StoreError.reading(path) { () throws(StoneFailure) in try reader.readContent(range)
                    }
                    guard ObjectID(hashing: bytes) == id else {
                        throw .wrongContent(path, expected: id, found: ObjectID(hashing: bytes))
                    }
                    return bytes
                }
                if isFirst {
                    try StoreError.reading(path) { () throws(StoneFailure) in try parts.take(payload, from: &reader) }
                }
            }
        }
        throw .missingObject(id)
    }

    /// What contents take that are not in the store yet: those of `records`, a file for each variant, and `others` by
    /// their sizes.
    package func missing(
        _ records: [PackageRecord], _ others: [ObjectID: UInt64] = [:], blockSize: UInt64 = 1
    ) throws(StoreError) -> SpaceNeeds {
        var wanted: [ObjectID: ObjectRecord] = [:]
        for record in records {
            for (digest, object) in record.objects {
                if wanted[digest]?.claim(object) == nil { wanted[digest] = object }
            }
        }
        let known = try objects.recorded(wanted.keys)
        var needs = SpaceNeeds(blockSize: blockSize)
        for (digest, object) in wanted {
            let variants = known[digest]?.variants ?? []
            needs.add(files: UInt64(object.variants.count { !variants.contains($0) }), of: object.size)
        }
        for (id, size) in others where try objects.openObject(id, .plainFile) == nil { needs.add(files: 1, of: size) }
        return needs
    }

    private func unpackAgain(
        _ package: StonePackage, _ path: BytePath, _ file: borrowing Descriptor,
        _ progress: @escaping @Sendable (UInt64) -> Void
    ) throws(StoreError) {
        var reader = try StoneSource.open(path, StoneSource(file, digest: nil), collectsManifest: false)
        while let payload = try StoreError.reading(path, { () throws(StoneFailure) in try reader.nextPayload() }) {
            if payload.kind == .content { try unpack(package, from: &reader, path, progress) }
        }
    }

    private func unpack(
        _ package: StonePackage, from reader: inout StoreStoneReader, _ path: BytePath,
        _ progress: @escaping @Sendable (UInt64) -> Void
    ) throws(StoreError) {
        let wanted = PackageRecord.wantedObjects(package.layout, package.sizes, effective: objects.effective)
        var splitter = ContentSplitter(
            objects, stone: path, ranges: package.ranges, wanted: wanted, known: try objects.recorded(wanted.keys))
        try ContentPipe(path, progress).run(&reader, &splitter, contentSize: package.contentSize ?? 0)
    }

    private func record(
        of package: StonePackage, _ id: PackageID, _ manifest: [UInt8], _ path: BytePath
    ) throws(StoreError) -> PackageRecord {
        let layout: PackageLayout
        do throws(PackageLayout.Failure) {
            layout = try PackageLayout(package.layout, sizes: package.sizes)
        } catch {
            throw .layout(path, error)
        }
        return PackageRecord(
            id: id, metadata: package.metadata, layout: layout,
            objects: PackageRecord.wantedObjects(package.layout, package.sizes, effective: objects.effective),
            manifest: manifest)
    }
}

extension StoneReader {
    /// The bytes of one range of the content that comes next.
    fileprivate mutating func readContent(_ range: ContentRange) throws(Failure) -> [UInt8] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        var bytes: [UInt8] = []
        var position: UInt64 = 0
        while position < range.end {
            let count = try readContent(into: buffer)
            if count == 0 { break }
            let (start, end) = (max(range.start, position), min(range.end, position + UInt64(count)))
            if start < end { bytes += buffer[Int(start - position)..<Int(end - position)] }
            position += UInt64(count)
        }
        return bytes
    }
}
