internal import CLMDB

/// An LMDB cursor and the record it stands on.
///
/// A type of its own because Swift 6.3 drops the deinitialiser of a nonescapable type in optimised builds.
struct CursorHandle: ~Copyable {
    enum Move { case first, last, next, previous }

    /// nil for a bucket that does not exist.
    private let cursor: OpaquePointer?
    let context: TransactionContext
    let bucket: Int
    /// Valid until the cursor moves, the transaction writes or ends.
    private(set) var key = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var record = MDB_val()

    init(context: TransactionContext, bucket: Int) throws(DatabaseError) {
        let handle = context.handles[bucket]
        var cursor: OpaquePointer?
        if handle != 0 {
            let result = mdb_cursor_open(context.transaction, handle, &cursor)
            guard result == MDB_SUCCESS else {
                throw context.failure(result, bucket: bucket, key: nil, doing: "opening a cursor")
            }
        }
        self.cursor = cursor
        self.context = context
        self.bucket = bucket
    }

    deinit {
        if let cursor { mdb_cursor_close(cursor) }
    }

    /// - Returns: whether there is a record to stand on.
    mutating func move(_ move: Move) throws(DatabaseError) -> Bool {
        let operation =
            switch move {
            case .first: MDB_FIRST
            case .last: MDB_LAST
            case .next: MDB_NEXT
            case .previous: MDB_PREV
            }
        return try perform(operation, from: nil)
    }

    /// Moves to the first record at or after `start`.
    mutating func seek(_ start: [UInt8]) throws(DatabaseError) -> Bool {
        try start.withUnsafeBufferPointer { (start) throws(DatabaseError) in
            try perform(MDB_SET_RANGE, from: UnsafeRawBufferPointer(start))
        }
    }

    private mutating func perform(
        _ operation: MDB_cursor_op, from start: UnsafeRawBufferPointer?
    ) throws(DatabaseError) -> Bool {
        guard let cursor else { return false }
        var key = start.map { MDB_val($0) } ?? MDB_val()
        let result = mdb_cursor_get(cursor, &key, &record, operation)
        if result == MDB_NOTFOUND { return false }
        guard result == MDB_SUCCESS else {
            throw context.failure(result, bucket: bucket, key: start, doing: "iterating")
        }
        self.key = UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size)
        return true
    }

    /// The value of the current record, checked.
    func value(checksums: Bool) throws(DatabaseError) -> UnsafeRawBufferPointer {
        try context.verified(record, key: key, bucket: bucket, checksums: checksums)
    }

    /// Removes the current record; `next` then moves to the one after it.
    mutating func remove() throws(DatabaseError) {
        guard let cursor else { return }
        let result = mdb_cursor_del(cursor, 0)
        guard result == MDB_SUCCESS else {
            throw context.failure(result, bucket: bucket, key: key, doing: "removing")
        }
    }
}
