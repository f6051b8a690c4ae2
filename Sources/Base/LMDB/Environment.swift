package import BytePath
internal import CLMDB
import Glibc

/// LMDB environments as typed, ordered buckets with read transactions that cannot write.
///
/// An environment is a directory with `data.mdb` and `lock.mdb`. One writer at a time, any number of readers, which
/// never wait for the writer; the writer may be another process. A commit is on disk when `update` returns.
///
///     let sizes = Bucket<Digest128, UInt64>("sizes")
///     try environment.update { transaction in try transaction.put(17, in: sizes, for: digest) }
///     let size = try environment.view { transaction in try transaction.value(in: sizes, for: digest) }
///
/// - Never use an environment in a forked child, and never open its `lock.mdb` by other means in this process: closing
///   such a descriptor drops LMDB's locks.
/// - LMDB maps the file: whoever truncates it while it is open ends this process with SIGBUS.
/// - LMDB believes the pages that lead to the records. Checksums find damaged records; where a device is suspected of
///   having damaged pages too, run `checkStructure` first.
/// - A writer of another process that holds LMDB's lock makes `update` wait; one that dies gives the lock up.
package final class Environment: Sendable {
    package let directory: BytePath
    package let options: EnvironmentOptions

    /// Whether this environment is read without registering in the lock file, because that cannot be written here.
    ///
    /// A writer then does not know of this reader and may reuse what it reads after two further commits. A view that
    /// sees a commit happen runs its closure again, and throws `.busy` in the end: no result of a mixture gets out.
    package let readsWithoutLock: Bool

    // LMDB environments may be used from all threads; set once, closed by deinit.
    nonisolated(unsafe) let handle: OpaquePointer
    let gate = Gate()
    private let identity: EnvironmentRegistry.Identity

    /// Opens the environment in `directory`, which must exist, and creates its files unless `options.readOnly`.
    ///
    /// Reader slots of processes that died are freed. A second environment on one directory is refused in the same
    /// process. A file that is cut short, foreign or written by another LMDB is refused before it is mapped.
    package init(at directory: BytePath, options: EnvironmentOptions = EnvironmentOptions()) throws(DatabaseError) {
        let identity = try Self.register(directory)
        let opened: (handle: OpaquePointer, withoutLock: Bool)
        do throws(DatabaseError) {
            try Self.inspect(directory, options)
            opened = try Self.open(directory, options)
        } catch {
            EnvironmentRegistry.remove(identity)
            throw error
        }
        self.directory = directory
        self.options = options
        self.identity = identity
        handle = opened.handle
        readsWithoutLock = opened.withoutLock
        // From here on deinit cleans up.
        var dead: Int32 = 0
        if !opened.withoutLock { _ = mdb_reader_check(opened.handle, &dead) }
        try openBuckets()
    }

    deinit {
        for context in gate.takeIdleReaders() {
            if let transaction = context.transaction { mdb_txn_abort(transaction) }
        }
        mdb_env_close(handle)
        EnvironmentRegistry.remove(identity)
    }

    private static func register(_ directory: BytePath) throws(DatabaseError) -> EnvironmentRegistry.Identity {
        var status = stat()
        let error = directory.withCString { path in stat(path, &status) == 0 ? 0 : errno }
        guard error == 0 else {
            throw DatabaseError(result: error, directory: directory, doing: "opening the directory")
        }
        let identity = EnvironmentRegistry.Identity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        guard EnvironmentRegistry.add(identity) else { throw DatabaseError(.alreadyOpen, directory: directory) }
        return identity
    }

    /// Looks at the data file before LMDB maps it.
    private static func inspect(_ directory: BytePath, _ options: EnvironmentOptions) throws(DatabaseError) {
        do throws(DataFile.Problem) {
            let file = try DataFile(in: directory)
            try file.check()
            if options.readOnly, try file.byteCount() == 0 { throw DataFile.Problem.errno(ENOENT) }
        } catch {
            if case .errno(ENOENT) = error, !options.readOnly { return }
            throw DatabaseError(error, directory: directory)
        }
    }

    private static func open(
        _ directory: BytePath, _ options: EnvironmentOptions
    ) throws(DatabaseError) -> (OpaquePointer, withoutLock: Bool) {
        var flags = UInt32(MDB_NOTLS)
        if options.readOnly { flags |= UInt32(MDB_RDONLY) }
        let withoutLock = options.readOnly && !canLock(directory)
        if withoutLock { flags |= UInt32(MDB_NOLOCK) }
        var handle: OpaquePointer?
        var result = mdb_env_create(&handle)
        guard result == MDB_SUCCESS, let handle else {
            throw DatabaseError(result: result, directory: directory, doing: "opening")
        }
        let mapSize = AddressSpace.available(
            upTo: AddressSpace.rounded(max(options.initialMapSize, AddressSpace.smallestMap)))
        result = mdb_env_set_mapsize(handle, mapSize)
        if result == MDB_SUCCESS { result = mdb_env_set_maxreaders(handle, UInt32(clamping: options.maximumReaders)) }
        if result == MDB_SUCCESS { result = mdb_env_set_maxdbs(handle, UInt32(clamping: options.maximumBuckets)) }
        if result == MDB_SUCCESS { result = directory.withCString { mdb_env_open(handle, $0, flags, 0o644) } }
        guard result == MDB_SUCCESS else {
            // Required after a failed open, too.
            mdb_env_close(handle)
            throw DatabaseError(result: result, directory: directory, doing: "opening")
        }
        return (handle, withoutLock)
    }

    /// Whether this process may write the lock file, or create it where there is none.
    private static func canLock(_ directory: BytePath) -> Bool {
        let lock = directory.appending("lock.mdb")
        let (result, error) = lock.withCString { path in (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS), errno) }
        if result == 0 { return true }
        guard error == ENOENT else { return false }
        return directory.withCString { faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) == 0 }
    }
}
