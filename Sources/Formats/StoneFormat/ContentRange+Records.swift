import Digests
package import PackageModel

/// Records of an Index payload: start and end (u64 each), digest (16 bytes).
extension ContentRange {
    package static let recordByteCount = 32

    /// Reads `count` records that make up all of `plain`.
    ///
    /// A range that ends before it starts is an error here; ``StonePackage`` checks the rest.
    package static func decode(
        _ plain: UnsafeRawBufferPointer, count: UInt32, at offset: UInt64
    ) throws(StoneError) -> [ContentRange] {
        var parser = RecordParser(plain, kind: .index, offset: offset)
        let count = try parser.check(count: count, sizeMin: recordByteCount)
        var ranges: [ContentRange] = []
        ranges.reserveCapacity(count)
        for record in 0..<count {
            parser.record = record
            let start = try parser.integer(UInt64.self)
            let end = try parser.integer(UInt64.self)
            let digest = ObjectID(canonical: try parser.slice(UInt64(ObjectID.byteCount)))
            guard start <= end else {
                throw parser.error(.invalidRange, "the content range of \(digest) ends at \(end), before it starts")
            }
            ranges.append(ContentRange(start: start, end: end, digest: digest))
        }
        try parser.finish()
        return ranges
    }

    /// The plain bytes of an Index payload with these records.
    package static func encode(_ ranges: [ContentRange]) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(ranges.count * recordByteCount)
        for range in ranges {
            plain.append(bigEndian: range.start)
            plain.append(bigEndian: range.end)
            range.digest.append(to: &plain)
        }
        return plain
    }
}
