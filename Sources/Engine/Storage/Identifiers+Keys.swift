internal import Digests
package import PackageModel

/// Ids are keys as the digests they are.
extension DigestIdentifier where Digest: PrefixKey {
    package func encode(into writer: inout KeyWriter) { digest.encode(into: &writer) }
    package init(decoding bytes: UnsafeRawBufferPointer) throws { self.init(try Digest(decoding: bytes)) }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        Digest.prefixByteCount(of: bytes)
    }
}

extension ObjectID: PrefixKey {}
extension TreeID: PrefixKey {}
extension PackageID: PrefixKey {}
