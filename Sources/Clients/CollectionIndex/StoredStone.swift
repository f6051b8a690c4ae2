internal import StoneFormat
internal import Storage

/// A stone that a scan found: size and identity (u64 each), then the record of its metadata.
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
        var rest: [UInt8] = []
        metadata.encode(into: &rest)
        RecordWriter.append(to: &bytes, version: 1) { writer in
            writer.put(size)
            writer.put(identity)
            writer.put(rest: rest)
        }
    }

    init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "stone record", versions: 1...1)
        size = try reader.integer()
        identity = try reader.integer()
        metadata = try StoredMetadata(decoding: reader.rest())
    }
}
