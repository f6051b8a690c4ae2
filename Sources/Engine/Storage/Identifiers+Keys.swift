internal import Digests
package import PackageModel

/// How what the engine names is written in a database.
///
/// Ids are keys and values as the digests they are.
extension DigestIdentifier where Digest: PrefixKey & BucketValue {
    package func encode(into writer: inout KeyWriter) { digest.encode(into: &writer) }
    package func encode(into bytes: inout [UInt8]) { digest.encode(into: &bytes) }
    package init(decoding bytes: UnsafeRawBufferPointer) throws { self.init(try Digest(decoding: bytes)) }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        Digest.prefixByteCount(of: bytes)
    }
}

extension ObjectID: PrefixKey, BucketValue {}
extension TreeID: PrefixKey, BucketValue {}
extension PackageID: PrefixKey, BucketValue {}
