internal import PackageModel
internal import StoneFormat
internal import Storage

/// A package's metadata as the database keeps it: the number of records (u32), then the records of a Meta payload.
struct StoredMetadata: BucketValue {
    let metadata: PackageMetadata
    private let encoded: [UInt8]

    init(_ metadata: PackageMetadata) throws(StoneError) {
        let records = metadata.records
        let payload = try MetaRecord.encode(records)
        var bytes: [UInt8] = []
        RecordWriter.append(to: &bytes, version: 1) { writer in
            writer.put(UInt32(clamping: records.count))
            writer.put(rest: payload)
        }
        self.metadata = metadata
        encoded = bytes
    }

    func encode(into bytes: inout [UInt8]) { bytes += encoded }

    init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "metadata record", versions: 1...1)
        let count: UInt32 = try reader.integer()
        metadata = try PackageMetadata(records: MetaRecord.decode(reader.rest(), count: count, at: 0))
        encoded = Array(bytes)
    }
}
