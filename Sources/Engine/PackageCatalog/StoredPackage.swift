package import Digests
internal import PackageModel
internal import StoneFormat
internal import Storage

/// How metadata is recorded: the number of Meta records (u32), then these as in a stone.
enum StoredPackage {
    static func encode(_ metadata: PackageMetadata) throws(StoneError) -> [UInt8] {
        let records = metadata.records
        let encoded = try MetaRecord.encode(records)
        var bytes: [UInt8] = []
        RecordWriter.append(to: &bytes, version: 1) { writer in
            writer.put(UInt32(records.count))
            writer.put(rest: encoded)
        }
        return bytes
    }

    /// Hands over the Meta records and their number, for who does not want all of them.
    static func decode<R>(
        _ bytes: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer, UInt32) throws(StoneError) -> R
    ) throws(StoneError) -> R {
        let (records, count): (UnsafeRawBufferPointer, UInt32)
        do throws(DecodingFailure) {
            var reader = try RecordReader(bytes, "metadata record", versions: 1...1)
            count = try reader.integer()
            records = reader.rest()
        } catch {
            throw StoneError(.malformedRecord, "\(error)")
        }
        return try body(records, count)
    }

    static func decode(_ bytes: UnsafeRawBufferPointer) throws(StoneError) -> PackageMetadata {
        try decode(bytes) { (records, count) throws(StoneError) in
            try PackageMetadata(records: MetaRecord.decode(records, count: count, at: 0))
        }
    }
}

/// XXH3-128 of a package's manifest, from which its other records were made.
package struct ManifestRecord: Hashable, BucketValue {
    package var digest: Digest128

    package init(of manifest: [UInt8]) { digest = Digest128(hashing: manifest) }

    package func encode(into bytes: inout [UInt8]) {
        RecordWriter.append(to: &bytes, version: 1) { $0.put(digest) }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "manifest record", versions: 1...1)
        digest = try reader.digest()
        try reader.finish()
    }
}
