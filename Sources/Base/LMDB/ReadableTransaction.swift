internal import CLMDB

/// What can be read in a transaction, whether it may write or not.
///
/// Functions that only read take `borrowing some ReadableTransaction & ~Copyable`.
package protocol ReadableTransaction: ~Copyable {
    var context: TransactionContext { get }
}

extension ReadableTransaction where Self: ~Copyable {
    /// The value under `key`, decoded and verified; nil where there is none.
    @inlinable
    package func value<Key, Value>(
        in bucket: Bucket<Key, Value>, for key: Key
    ) throws(DatabaseError) -> Value? {
        try key.withEncoded { (keyBytes) throws(DatabaseError) -> Value? in
            let bytes = try context.value(bucket: bucket.index, checksums: bucket.checksums, key: keyBytes)
            guard let bytes else { return nil }
            do {
                return try Value(decoding: bytes)
            } catch {
                throw context.undecodable(bucket: bucket.index, key: keyBytes, error)
            }
        }
    }

    /// The bytes under `key`, verified, in place; nil where there is none.
    ///
    /// They can be used until the transaction ends or is written to; the compiler sees to both. Not aligned.
    @inlinable @_lifetime(borrow self)
    package func span<Key, Value>(
        in bucket: Bucket<Key, Value>, for key: Key
    ) throws(DatabaseError) -> RawSpan? {
        let bytes = try key.withEncoded { (keyBytes) throws(DatabaseError) -> UnsafeRawBufferPointer? in
            try context.value(bucket: bucket.index, checksums: bucket.checksums, key: keyBytes)
        }
        guard let bytes else { return nil }
        return _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }

    /// Whether there is a record under `key`; its value is not verified.
    @inlinable
    package func contains<Key, Value>(_ key: Key, in bucket: Bucket<Key, Value>) throws(DatabaseError) -> Bool {
        try key.withEncoded { (keyBytes) throws(DatabaseError) -> Bool in
            try context.value(bucket: bucket.index, checksums: false, key: keyBytes) != nil
        }
    }

    /// A cursor before the first record of `range`, or, in descending order, behind the last one.
    @_lifetime(borrow self)
    package func cursor<Key, Value>(
        in bucket: Bucket<Key, Value>, _ range: KeyRange<Key> = .all, order: KeyOrder = .ascending
    ) throws(DatabaseError) -> Cursor<Key, Value> {
        try Cursor(self, bucket, range, order)
    }

    /// The record with the smallest key of the range.
    package func first<Key, Value>(
        in bucket: Bucket<Key, Value>, _ range: KeyRange<Key> = .all
    ) throws(DatabaseError) -> (key: Key, value: Value)? {
        var cursor = try cursor(in: bucket, range)
        return try cursor.next()
    }

    /// The record with the greatest key of the range.
    package func last<Key, Value>(
        in bucket: Bucket<Key, Value>, _ range: KeyRange<Key> = .all
    ) throws(DatabaseError) -> (key: Key, value: Value)? {
        var cursor = try cursor(in: bucket, range, order: .descending)
        return try cursor.next()
    }

    /// How many records the bucket has; constant time.
    package func count<Key, Value>(in bucket: Bucket<Key, Value>) throws(DatabaseError) -> Int {
        try context.statistics(bucket: bucket.index).map { Int($0.ms_entries) } ?? 0
    }

    /// How many records the range has; visits each key.
    package func count<Key, Value>(
        in bucket: Bucket<Key, Value>, _ range: KeyRange<Key>
    ) throws(DatabaseError) -> Int {
        var cursor = try cursor(in: bucket, range)
        var count = 0
        while try cursor.advance() { count += 1 }
        return count
    }

    /// Depth, pages and records of a bucket.
    package func statistics<Key, Value>(of bucket: Bucket<Key, Value>) throws(DatabaseError) -> BucketStatistics {
        guard let statistics = try context.statistics(bucket: bucket.index) else { return BucketStatistics() }
        return BucketStatistics(
            records: Int(statistics.ms_entries), depth: Int(statistics.ms_depth),
            pages: Int(statistics.ms_branch_pages + statistics.ms_leaf_pages + statistics.ms_overflow_pages),
            pageSize: Int(statistics.ms_psize))
    }
}
