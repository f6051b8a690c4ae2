/// How to open an environment.
package struct EnvironmentOptions: Sendable {
    /// Bytes of address space to map at first. The file takes only what is stored; a map that is too small grows by
    /// doubling, which waits for this process's transactions and runs the update again.
    package var initialMapSize: Int = 16 << 30

    /// Bytes the map may grow to; an update that needs more throws `.mapFull`.
    package var mapSizeLimit: Int = 1 << 40

    /// Buckets the environment may hold.
    package var maximumBuckets: Int = 64

    /// How long an update waits for readers of what it may overwrite. After that they have to read again.
    package var patienceMilliseconds: UInt32 = 5000

    /// Opens an existing database without ever writing. Where there is no lock file or it cannot be opened (another
    /// user's database), the database is read without it: see `Environment.readsWithoutLock`.
    package var readOnly = false

    /// With `readOnly`: reads without the lock file even where that could be written, and leaves nothing behind.
    package var withoutLock = false

    /// How the format of the records is told; nil where they have one that never changes.
    package var format: FormatRule?

    package init() {}
}
