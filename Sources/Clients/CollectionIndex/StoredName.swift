internal import PackageModel
internal import Storage

/// What lists and searches show of a package, without its metadata.
struct StoredName: BucketValue {
    var package: PackageID
    var release: UInt64
    var buildRelease: UInt64
    var version: String
    var summary: String

    init(_ metadata: PackageMetadata, package: PackageID) {
        self.package = package
        release = metadata.release
        buildRelease = metadata.buildRelease
        version = metadata.version
        summary = metadata.summary
    }

    func encode(into bytes: inout [UInt8]) {
        RecordWriter.append(to: &bytes, version: 1) { writer in
            writer.put(package)
            writer.put(release)
            writer.put(buildRelease)
            writer.put(version)
            writer.put(summary)
        }
    }

    init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "name record", versions: 1...1)
        package = try reader.package()
        release = try reader.integer()
        buildRelease = try reader.integer()
        version = try reader.text()
        summary = try reader.text()
        try reader.finish()
    }
}
