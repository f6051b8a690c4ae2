/// Visits records in key order; ends with its transaction at the latest, and nothing can be written while it lives.
///
///     var cursor = try transaction.cursor(in: packages, .prefix(owner))
///     while let (key, value) = try cursor.next() { … }
package struct Cursor<Key: BucketKey, Value: BucketValue>: ~Copyable, ~Escapable {
    @usableFromInline var records: RangeCursor
    @usableFromInline let checksums: Bool

    @_lifetime(borrow transaction)
    init(
        _ transaction: borrowing some ReadableTransaction & ~Copyable, _ bucket: Bucket<Key, Value>,
        _ range: KeyRange<Key>, _ order: KeyOrder
    ) throws(DatabaseError) {
        records = try RangeCursor(context: transaction.context, bucket: bucket.index, range: range, order: order)
        checksums = bucket.checksums
    }

    /// Moves to the next record, whose parts `key`, `value`, `keyBytes` and `valueBytes` then give. A new cursor stands
    /// before the first record.
    /// - Returns: false at the end, from then on always.
    @inlinable @_lifetime(self: copy self)
    package mutating func advance() throws(DatabaseError) -> Bool {
        try records.advance()
    }

    /// The next record; nil at the end.
    @inlinable @_lifetime(self: copy self)
    package mutating func next() throws(DatabaseError) -> (key: Key, value: Value)? {
        guard try records.advance() else { return nil }
        return (try key(), try value())
    }

    /// The next key; the value is neither read nor verified.
    @inlinable @_lifetime(self: copy self)
    package mutating func nextKey() throws(DatabaseError) -> Key? {
        guard try records.advance() else { return nil }
        return try key()
    }

    /// The key of the current record.
    @inlinable
    package func key() throws(DatabaseError) -> Key {
        do {
            return try Key(decoding: records.key)
        } catch {
            throw records.undecodable(error)
        }
    }

    /// The value of the current record, verified.
    @inlinable
    package func value() throws(DatabaseError) -> Value {
        let bytes = try records.value(checksums: checksums)
        do {
            return try Value(decoding: bytes)
        } catch {
            throw records.undecodable(error)
        }
    }

    /// The bytes of the current key, until the cursor moves.
    @inlinable
    package var keyBytes: RawSpan {
        @_lifetime(borrow self)
        get { _overrideLifetime(RawSpan(_unsafeBytes: records.key), borrowing: self) }
    }

    /// The bytes of the current value, verified, until the cursor moves.
    @inlinable @_lifetime(borrow self)
    package func valueBytes() throws(DatabaseError) -> RawSpan {
        let bytes = try records.value(checksums: checksums)
        return _overrideLifetime(RawSpan(_unsafeBytes: bytes), borrowing: self)
    }
}
