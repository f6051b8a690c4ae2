/// The size of one bucket.
package struct BucketStatistics: Sendable, Equatable {
    package var records = 0
    /// Levels of the tree.
    package var depth = 0
    package var pages = 0
    /// Bytes of a page.
    package var pageSize = 0

    /// Bytes the bucket takes in the file.
    package var usedBytes: Int { pages * pageSize }
}
