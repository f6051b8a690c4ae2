internal import PackageModel
internal import StoneFormat
internal import Storage

/// A package's metadata as the database keeps it: the number of records (u32, little-endian), then the records of a
/// Meta payload.
struct StoredMetadata: BucketValue {
    let metadata: PackageMetadata
    private let encoded: [UInt8]

    init(_ metadata: PackageMetadata) throws(StoneError) {
        let records = metadata.records
        let count = UInt32(clamping: records.count)
        self.metadata = metadata
        encoded = withUnsafeBytes(of: count.littleEndian) { Array($0) } + (try MetaRecord.encode(records))
    }

    func encode(into bytes: inout [UInt8]) { bytes += encoded }

    init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count >= 4 else { throw DecodingFailure("metadata of \(bytes.count) bytes") }
        let count = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
        let records = try MetaRecord.decode(UnsafeRawBufferPointer(rebasing: bytes[4...]), count: count, at: 0)
        metadata = try PackageMetadata(records: records)
        encoded = Array(bytes)
    }
}
