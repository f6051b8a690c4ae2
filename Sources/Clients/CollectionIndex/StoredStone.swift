internal import StoneFormat
internal import Storage

/// A stone that a scan found: size and identity (u64 each), then the metadata.
struct StoredStone: BucketValue {
    var size: UInt64
    var identity: UInt64
    var metadata: StoredMetadata

    init(_ stone: StoneDirectory.Stone) throws(StoneError) {
        size = stone.size
        identity = stone.identity
        metadata = try StoredMetadata(stone.metadata)
    }

    func encode(into bytes: inout [UInt8]) {
        size.encode(into: &bytes)
        identity.encode(into: &bytes)
        metadata.encode(into: &bytes)
    }

    init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count > 16 else { throw DecodingFailure("a stone in \(bytes.count) bytes") }
        size = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
        identity = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        metadata = try StoredMetadata(decoding: UnsafeRawBufferPointer(rebasing: bytes[16...]))
    }
}
