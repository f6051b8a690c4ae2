internal import Digests
internal import PackageModel
internal import Storage

/// What lists and searches show of a package, without its metadata: id (32 bytes), release and build release (u64),
/// then version, NUL, summary.
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
        package.encode(into: &bytes)
        release.encode(into: &bytes)
        buildRelease.encode(into: &bytes)
        bytes += version.utf8
        bytes.append(0)
        bytes += summary.utf8
    }

    init(decoding bytes: UnsafeRawBufferPointer) throws {
        let head = SHA256Digest.byteCount
        guard bytes.count > head + 16, let end = bytes[(head + 16)...].firstIndex(of: 0) else {
            throw DecodingFailure("a package of a list in \(bytes.count) bytes")
        }
        package = PackageID(bytes: bytes)
        release = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: head, as: UInt64.self))
        buildRelease = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: head + 8, as: UInt64.self))
        version = String(decoding: bytes[(head + 16)..<end], as: UTF8.self)
        summary = String(decoding: bytes[(end + 1)...], as: UTF8.self)
    }
}
