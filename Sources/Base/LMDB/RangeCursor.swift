/// Walks the records of a range in either direction; knows bytes only.
package struct RangeCursor: ~Copyable {
    private var handle: CursorHandle
    private let lower: [UInt8]?
    private let upper: [UInt8]?
    private let prefix: [UInt8]
    private let start: [UInt8]?
    private let order: KeyOrder
    private enum State { case before, inside, done }
    private var state = State.before

    init<Key>(
        context: TransactionContext, bucket: Int, range: KeyRange<Key>, order: KeyOrder
    ) throws(DatabaseError) {
        guard !range.isInvalid else { throw context.invalidKey(bucket: bucket) }
        handle = try CursorHandle(context: context, bucket: bucket)
        start =
            switch order {
            case .ascending: range.ascendingStart
            case .descending: range.descendingStart
            }
        self.order = order
        lower = range.lower
        upper = range.upper
        prefix = range.prefix
    }

    /// Moves to the next record of the range.
    /// - Returns: false at the end, from then on always.
    @usableFromInline
    mutating func advance() throws(DatabaseError) -> Bool {
        let found: Bool
        switch (state, order) {
        case (.done, _): return false
        case (.inside, .ascending): found = try handle.move(.next)
        case (.inside, .descending): found = try handle.move(.previous)
        case (.before, .ascending): found = try seekFirst()
        case (.before, .descending): found = try seekLast()
        }
        state = found && isInRange ? .inside : .done
        return state == .inside
    }

    private mutating func seekFirst() throws(DatabaseError) -> Bool {
        guard let start else { return try handle.move(.first) }
        return try handle.seek(start)
    }

    /// Moves to the last record at or before the upper bound, and before the end of the prefix.
    private mutating func seekLast() throws(DatabaseError) -> Bool {
        guard let start, try handle.seek(start) else { return try handle.move(.last) }
        if let upper, handle.key.elementsEqual(upper), handle.key.starts(with: prefix) { return true }
        return try handle.move(.previous)
    }

    private var isInRange: Bool {
        let key = handle.key
        if !prefix.isEmpty, !key.starts(with: prefix) { return false }
        switch order {
        case .ascending: if let upper, upper.lexicographicallyPrecedes(key) { return false }
        case .descending: if let lower, key.lexicographicallyPrecedes(lower) { return false }
        }
        return true
    }

    var context: TransactionContext { handle.context }
    @usableFromInline var bucket: Int { handle.bucket }
    @usableFromInline var key: UnsafeRawBufferPointer { handle.key }

    @usableFromInline
    func value(checksums: Bool) throws(DatabaseError) -> UnsafeRawBufferPointer {
        try handle.value(checksums: checksums)
    }

    mutating func remove() throws(DatabaseError) {
        try handle.remove()
    }

    @usableFromInline
    func undecodable(_ error: any Error) -> DatabaseError {
        context.undecodable(bucket: bucket, key: key, error)
    }
}
