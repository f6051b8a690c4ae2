package import PackageModel

/// Stones that only list packages, one Meta payload each: repository indices and build manifests.
package enum StoneIndex {
    /// Most packages that one file can list.
    package static let packageCountMax = Int(UInt16.max)

    /// A repository index (`stone.index`) of `packages`, in this order.
    package static func encode(
        repository packages: [PackageMetadata], options: StoneWriterOptions = StoneWriterOptions()
    ) throws(StoneError) -> [UInt8] {
        try encode(packages, .repository, options)
    }

    /// A build manifest (`manifest.ARCH.bin`) of `packages`: by name, build release 0, nothing that an index adds.
    package static func encode(
        manifest packages: [PackageMetadata], options: StoneWriterOptions = StoneWriterOptions()
    ) throws(StoneError) -> [UInt8] {
        let entries = packages.map { package in
            var entry = package
            entry.buildRelease = 0
            (entry.uri, entry.hash, entry.downloadSize) = (nil, nil, nil)
            return entry
        }
        let ordered = entries.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return try encode(ordered, .buildManifest, options)
    }

    private static func encode(
        _ packages: [PackageMetadata], _ fileType: StoneFileType, _ options: StoneWriterOptions
    ) throws(StoneError) -> [UInt8] {
        guard let count = UInt16(exactly: packages.count) else {
            throw StoneError(
                .formatLimit, "\(packages.count) packages are more than the \(packageCountMax) an index can list")
        }
        var encoder = try RecordPayloadEncoder(options)
        var bytes = StoneHeader(payloadCount: count, fileType: fileType).encoded
        for package in packages {
            let records = package.records
            bytes += try encoder.encode(
                .meta, plain: try MetaRecord.encode(records), recordCount: records.count)
        }
        return bytes
    }

    /// The packages of a repository index or build manifest, in file order, which may be any.
    package static func decode(
        _ bytes: [UInt8], limits: StoneLimits = StoneLimits()
    ) throws(StoneError) -> [PackageMetadata] {
        do throws(StoneReadError<Never>) {
            var reader = try StoneReader(ByteArraySource(bytes), limits: limits)
            return try packages(reading: &reader)
        } catch {
            throw error.stoneError
        }
    }

    /// The packages that `reader` has not come to yet. Throws `wrongFileType` for any file but indices and manifests.
    package static func packages<Source>(
        reading reader: inout StoneReader<Source>
    ) throws(StoneReadError<Source.Failure>) -> [PackageMetadata] where Source: ByteSource & ~Copyable {
        guard [.repository, .buildManifest].contains(reader.header.fileType) else {
            throw .stone(
                StoneError(
                    .wrongFileType, at: 27,
                    "the file is of type \(reader.header.fileType.name), not an index of packages"))
        }
        var packages: [PackageMetadata] = []
        do throws(StoneReadError<Source.Failure>) {
            while let payload = try reader.nextPayload() {
                if payload.kind == .meta { packages.append(try reader.readMetadata()) }
            }
        } catch {
            // Whose payload it is nobody can tell before it is read.
            guard case .stone(var failure) = error, failure.code == .limitExceeded, let last = packages.last else {
                throw error
            }
            failure.message += "; it follows package \(packages.count), \(quoted(last.name.utf8))"
            throw .stone(failure)
        }
        return packages
    }
}
