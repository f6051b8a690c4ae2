package import BytePath

/// Which records of a bucket to visit: bounds by key, inclusive, and a common prefix of the encoded keys.
package struct KeyRange<Key: BucketKey>: Sendable {
    var lower: [UInt8]?
    var upper: [UInt8]?
    var prefix: [UInt8] = []
    /// A bound that does not fit into a key.
    var isInvalid = false

    /// Every record.
    package static var all: KeyRange { KeyRange() }

    /// The record at `key` and all after it.
    package static func from(_ key: Key) -> KeyRange { all.from(key) }

    /// The record at `key` and all before it.
    package static func through(_ key: Key) -> KeyRange { all.through(key) }

    /// This range without the records before `key`.
    package func from(_ key: Key) -> KeyRange {
        var range = self
        range.lower = key.encodedBytes
        range.isInvalid = isInvalid || range.lower == nil
        return range
    }

    /// This range without the records after `key`.
    package func through(_ key: Key) -> KeyRange {
        var range = self
        range.upper = key.encodedBytes
        range.isInvalid = isInvalid || range.upper == nil
        return range
    }

    private static func encoded(prefix key: some BucketKey) -> KeyRange {
        let prefix = key.encodedBytes
        return KeyRange(prefix: prefix ?? [], isInvalid: prefix == nil)
    }

    /// Every record whose key begins with `first`.
    package static func prefix<First, Second>(_ first: First) -> KeyRange where Key == KeyPair<First, Second> {
        encoded(prefix: first)
    }

    /// Every record whose key begins with `first`, then `second`.
    package static func prefix<First, Second, Third>(_ first: First, _ second: Second) -> KeyRange
    where Key == KeyPair<First, KeyPair<Second, Third>> {
        encoded(prefix: KeyPair(first, second))
    }

    /// Every record whose key begins with `bytes`.
    package static func prefix(_ bytes: [UInt8]) -> KeyRange where Key == [UInt8] {
        encoded(prefix: bytes)
    }

    /// Every record whose path begins with the bytes of `path`; end it with a slash to get what lies below a directory.
    package static func prefix(_ path: BytePath) -> KeyRange where Key == BytePath {
        encoded(prefix: path)
    }
}

extension KeyRange {
    /// Where a visit in ascending order starts; nil for the first record of the bucket.
    var ascendingStart: [UInt8]? {
        guard let lower, !lower.lexicographicallyPrecedes(prefix) else { return prefix.isEmpty ? nil : prefix }
        return lower.isEmpty ? nil : lower
    }

    /// The smallest byte string after every key with the prefix; nil where none is (no prefix, or only 0xff).
    var prefixEnd: [UInt8]? {
        guard let last = prefix.lastIndex(where: { $0 != 0xff }) else { return nil }
        var end = Array(prefix[...last])
        end[last] += 1
        return end
    }

    /// Where a visit in descending order starts: it goes back from here unless it finds the upper bound itself; nil for
    /// the last record of the bucket.
    var descendingStart: [UInt8]? {
        guard let end = prefixEnd else { return upper }
        guard let upper, upper.lexicographicallyPrecedes(end) else { return end }
        return upper
    }
}

/// The direction of a visit.
package enum KeyOrder: Sendable {
    case ascending, descending
}
