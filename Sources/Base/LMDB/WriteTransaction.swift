/// Reads and changes all buckets as one; exists only inside `Environment.update`.
///
/// Changes are methods that mutate the transaction: while a span or a cursor taken from it lives, the compiler refuses
/// them, because a write may move what was read.
package struct WriteTransaction: ~Copyable, ReadableTransaction {
    package let context: TransactionContext

    init(_ context: TransactionContext) {
        self.context = context
    }

    /// Stores `value` under `key`.
    /// - Returns: false where `mode` is `.keepingExisting` and the key exists.
    @inlinable @discardableResult
    package mutating func put<Key, Value>(
        _ value: Value, in bucket: Bucket<Key, Value>, for key: Key, _ mode: PutMode = .replacing
    ) throws(DatabaseError) -> Bool {
        context.scratch.removeAll(keepingCapacity: true)
        value.encode(into: &context.scratch)
        return try context.scratch.withUnsafeBufferPointer { (bytes) throws(DatabaseError) -> Bool in
            try put(bytes: UnsafeRawBufferPointer(bytes), in: bucket, for: key, mode)
        }
    }

    /// Stores bytes that are a value's encoding already.
    @inlinable @discardableResult
    package mutating func put<Key, Value>(
        bytes: UnsafeRawBufferPointer, in bucket: Bucket<Key, Value>, for key: Key, _ mode: PutMode = .replacing
    ) throws(DatabaseError) -> Bool {
        try key.withEncoded { (keyBytes) throws(DatabaseError) -> Bool in
            try context.put(
                bucket: bucket.index, checksums: bucket.checksums, key: keyBytes, value: bytes, mode: mode)
        }
    }

    /// Stores bytes that are a value's encoding already.
    @inlinable @discardableResult
    package mutating func put<Key, Value>(
        bytes: RawSpan, in bucket: Bucket<Key, Value>, for key: Key, _ mode: PutMode = .replacing
    ) throws(DatabaseError) -> Bool {
        try bytes.withUnsafeBytes { (bytes) throws(DatabaseError) -> Bool in
            try put(bytes: bytes, in: bucket, for: key, mode)
        }
    }

    /// Removes the record under `key`.
    /// - Returns: whether there was one.
    @inlinable @discardableResult
    package mutating func remove<Key, Value>(
        _ key: Key, in bucket: Bucket<Key, Value>
    ) throws(DatabaseError) -> Bool {
        try key.withEncoded { (keyBytes) throws(DatabaseError) -> Bool in
            try context.remove(bucket: bucket.index, key: keyBytes)
        }
    }

    /// Removes every record of the range.
    /// - Returns: how many there were.
    @discardableResult
    package mutating func removeAll<Key, Value>(
        in bucket: Bucket<Key, Value>, _ range: KeyRange<Key>
    ) throws(DatabaseError) -> Int {
        var cursor = try RangeCursor(context: context, bucket: bucket.index, range: range, order: .ascending)
        var count = 0
        while try cursor.advance() {
            try cursor.remove()
            count += 1
        }
        return count
    }

    /// Removes every record of the bucket; its pages become free at once.
    package mutating func clear<Key, Value>(_ bucket: Bucket<Key, Value>) throws(DatabaseError) {
        try context.clear(bucket: bucket.index)
    }
}
