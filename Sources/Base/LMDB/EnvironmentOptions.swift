/// How to open an environment.
package struct EnvironmentOptions: Sendable {
    /// Bytes of address space to map at first. The file takes only what is stored; a map that is too small grows by
    /// doubling, which waits for this process's transactions and runs the update again.
    package var initialMapSize: Int = 16 << 30

    /// Bytes the map may grow to; an update that needs more throws `.mapFull`.
    package var mapSizeLimit: Int = 1 << 40

    /// Read transactions all processes together may have open. Counts only for the first process that opens the files.
    package var maximumReaders: Int = 126

    /// Buckets the environment may hold.
    package var maximumBuckets: Int = 64

    /// Opens an existing database without ever writing. Where the lock file cannot be written (another user's database,
    /// a read-only file system), the database is read without it: see `Environment.readsWithoutLock`.
    package var readOnly = false

    package init() {}
}
