internal import LMDB

/// The format of a root's database: one number in the database itself, as only that changes together with the records.
///
/// | number | records |
/// |---|---|
/// | none | each kind in a coding of its own: see ``FormerRecords`` |
/// | 2 | as ``RecordWriter`` writes them, with versions of their own |
package enum DatabaseFormat {
    package static let current: UInt32 = 2
    private static let bucket = Bucket<UInt32, Record>(BucketName.format)
    private static let key: UInt32 = 0

    /// With this rule every database of a root is opened.
    package static let rule = FormatRule(
        isFormer: { (transaction) throws(DatabaseError) in
            do throws(DatabaseError) {
                guard let record = try transaction.value(in: bucket, for: key) else { return true }
                guard record.number <= current else {
                    throw DatabaseError(
                        .newerFormat, directory: transaction.context.directory,
                        detail: "format \(record.number), where \(current) is the last one known")
                }
            } catch {
                // Where there is one, the others were translated together with it.
                guard error.code == .recordDamaged else { throw error }
            }
            return false
        },
        mark: { (transaction) throws(DatabaseError) in
            try transaction.put(Record(number: current), in: bucket, for: key)
        },
        translate: { (bucket, value) throws(DecodingFailure) in try FormerRecords.translate(value, in: bucket) })

    /// The only record of its bucket.
    struct Record: BucketValue, Hashable {
        var number: UInt32

        func encode(into bytes: inout [UInt8]) {
            RecordWriter.append(to: &bytes, version: 1) { $0.put(number) }
        }

        init(number: UInt32) { self.number = number }

        init(decoding bytes: UnsafeRawBufferPointer) throws {
            var reader = try RecordReader(bytes, "format record", versions: 1...1)
            number = try reader.integer()
            try reader.finish()
        }
    }
}
