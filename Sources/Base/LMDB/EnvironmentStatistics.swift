/// The size of an environment.
package struct EnvironmentStatistics: Sendable, Equatable {
    /// Bytes of address space mapped.
    package var mapSize = 0
    /// Bytes of a page.
    package var pageSize = 0
    /// Pages the file has, used or free.
    package var pages = 0
    /// Pages that wait for being used again.
    package var freePages = 0
    /// Buckets that exist.
    package var buckets = 0
    /// The number of the last commit.
    package var lastCommit = 0

    /// Bytes in use.
    package var usedBytes: Int { (pages - freePages) * pageSize }
}
