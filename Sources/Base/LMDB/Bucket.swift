/// A named, ordered map from keys to values inside an environment.
///
/// Buckets are values: declare each once as a constant and use it with any environment. A bucket comes into being
/// with the first record put into it; until then it reads as empty.
///
/// A record on disk is `value bytes`, followed, unless checksums are switched off, by 8 little-endian bytes: XXH3-64 of
/// the value bytes, seeded with XXH3-64 of the key bytes, so that a damaged byte and a value under a foreign key are
/// both found when the record is read. The choice belongs to the format of the bucket and must never change.
package struct Bucket<Key: BucketKey, Value: BucketValue>: Sendable {
    package let name: StaticString
    /// Whether records carry a checksum that is verified whenever they are read.
    package let checksums: Bool
    @usableFromInline let index: Int

    /// - Parameters:
    ///   - name: 1 to 511 bytes without NUL; unique in the environment.
    ///   - checksums: whether each record carries a checksum.
    package init(_ name: StaticString, checksums: Bool = true) {
        self.name = name
        self.checksums = checksums
        index = name.withUTF8Buffer { BucketNames.index(of: Array($0)) }
    }
}
