package import BytePath
internal import CLMDB
import Glibc
package import LinuxSystem

/// LMDB environments as typed, ordered buckets with read transactions that cannot write.
///
/// An environment is a directory with `data.mdb` and `lock.mdb`. One writer at a time, any number of readers, which
/// never wait for the writer; the writer may be another process. A commit is on disk when `update` returns. LMDB's own
/// locks are not used: see `LockFile`.
///
///     let texts = Bucket<Digest128, [UInt8]>("texts")
///     try environment.update { transaction in try transaction.put(text, in: texts, for: digest) }
///     let text = try environment.view { transaction in try transaction.value(in: texts, for: digest) }
///
/// - Never use an environment in a forked child.
/// - LMDB maps the file: whoever truncates it while it is open ends this process with SIGBUS.
/// - LMDB believes the pages that lead to the records. Checksums find damaged records; where a device is suspected of
///   having damaged pages too, run `checkStructure` first.
/// - A writer of another process makes `update` wait; one that dies gives the lock up.
package final class Environment: Sendable {
    package let directory: BytePath
    package let options: EnvironmentOptions

    /// Whether this environment is read without a lock file, because there is none here or it cannot be opened.
    ///
    /// A writer then does not know of this reader and may reuse what it reads after two further commits. A view that
    /// sees them happen runs its closure again, and throws `.busy` in the end: no result of a mixture gets out.
    package var readsWithoutLock: Bool { lockFile == nil }

    let lockFile: LockFile?

    /// Whether this is a copy of the database of somebody who is not trusted.
    package let isUntrusted: Bool

    // LMDB environments may be used from all threads; set once, closed by deinit.
    nonisolated(unsafe) let handle: OpaquePointer
    let gate = Gate()
    /// Whether the records were seen to be of today's format.
    let isCurrent = Guarded(false)
    /// nil for a copy, of which there may be many.
    private let identity: EnvironmentRegistry.Identity?

    /// Opens the environment in `directory`, which must exist, and creates its files unless `options.readOnly`.
    ///
    /// A second environment on one directory is refused in the same process. A file that is cut short, foreign or
    /// written by another LMDB is refused before it is mapped.
    package init(at directory: BytePath, options: EnvironmentOptions = EnvironmentOptions()) throws(DatabaseError) {
        let identity = try Self.register(directory)
        let handle: OpaquePointer
        let lockFile: LockFile?
        do throws(DatabaseError) {
            let isThere = try Self.inspect(directory, options)
            if options.readOnly {
                lockFile = options.withoutLock ? nil : LockFile(readingIn: directory)
                handle = try Self.open(directory, options)
            } else {
                let file = try LockFile(in: directory, patienceMilliseconds: options.patienceMilliseconds)
                lockFile = file
                // What is new is written on opening, by one process only.
                if !isThere { try file.beginWriting { 0 } }
                defer { if !isThere { file.endWriting() } }
                handle = try Self.open(directory, options)
            }
        } catch {
            EnvironmentRegistry.remove(identity)
            throw error
        }
        self.directory = directory
        self.options = options
        self.identity = identity
        self.handle = handle
        self.lockFile = lockFile
        isUntrusted = false
        // From here on deinit cleans up.
        try openBuckets()
    }

    /// Opens a copy, made now, of the database in `directory`: for one that belongs to somebody who is not trusted.
    ///
    /// Nothing is written, no lock is taken, and neither what its owner does to the file later nor anything that stands
    /// in it makes LMDB believe what is not so: all of the copy's pages are checked first. Takes memory and time for as
    /// many bytes as the file has in use, `limit` at most.
    ///
    /// - Parameters:
    ///   - path: what errors call the directory.
    ///   - limit: bytes; a larger database is refused.
    ///   - format: as in ``EnvironmentOptions``.
    package init(
        copyOf directory: borrowing Descriptor, at path: BytePath, limit: UInt64, format: FormatRule? = nil
    ) throws(DatabaseError) {
        var options = EnvironmentOptions()
        options.format = format
        options.readOnly = true
        options.withoutLock = true
        let copy: Descriptor
        do throws(DataFile.Problem) {
            copy = try DataFile.checkedCopy(of: directory, limit: limit)
        } catch {
            throw DatabaseError(error, directory: path)
        }
        let file = BytePath("/proc/self/fd/\(copy.raw)")
        guard file.withCString({ access($0, R_OK) }) == 0 else {
            throw DatabaseError(
                .other, directory: path,
                detail: "reading what belongs to another user takes /proc, which is not mounted")
        }
        handle = try Self.open(file, UInt32(MDB_RDONLY | MDB_NOSUBDIR), options, path)
        self.directory = path
        self.options = options
        identity = nil
        // Nobody changes a copy: what is read is always of one moment.
        lockFile = nil
        isUntrusted = true
        try openBuckets()
    }

    deinit {
        for context in gate.takeIdleReaders() {
            if let transaction = context.transaction { mdb_txn_abort(transaction) }
        }
        mdb_env_close(handle)
        if let identity { EnvironmentRegistry.remove(identity) }
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
    /// - Returns: whether there is anything in it.
    private static func inspect(_ directory: BytePath, _ options: EnvironmentOptions) throws(DatabaseError) -> Bool {
        do throws(DataFile.Problem) {
            let file = try DataFile(in: directory)
            try file.check()
            let isEmpty = try file.byteCount() == 0
            if options.readOnly, isEmpty { throw DataFile.Problem.errno(ENOENT) }
            return !isEmpty
        } catch {
            if case .errno(ENOENT) = error, !options.readOnly { return false }
            throw DatabaseError(error, directory: directory)
        }
    }

    private static func open(
        _ directory: BytePath, _ options: EnvironmentOptions
    ) throws(DatabaseError) -> OpaquePointer {
        try open(directory, options.readOnly ? UInt32(MDB_RDONLY) : 0, options, directory)
    }

    /// - Parameters:
    ///   - path: what LMDB opens: the directory, or with MDB_NOSUBDIR the file.
    ///   - directory: what errors name.
    private static func open(
        _ path: BytePath, _ flags: UInt32, _ options: EnvironmentOptions, _ directory: BytePath
    ) throws(DatabaseError) -> OpaquePointer {
        var handle: OpaquePointer?
        var result = mdb_env_create(&handle)
        guard result == MDB_SUCCESS, let handle else {
            throw DatabaseError(result: result, directory: directory, doing: "opening")
        }
        let mapSize = AddressSpace.available(
            upTo: AddressSpace.rounded(max(options.initialMapSize, AddressSpace.smallestMap)))
        result = mdb_env_set_mapsize(handle, mapSize)
        if result == MDB_SUCCESS { result = mdb_env_set_maxdbs(handle, UInt32(clamping: options.maximumBuckets)) }
        if result == MDB_SUCCESS {
            result = path.withCString { mdb_env_open(handle, $0, flags | UInt32(MDB_NOTLS | MDB_NOLOCK), 0o644) }
        }
        guard result == MDB_SUCCESS else {
            // Required after a failed open, too.
            mdb_env_close(handle)
            throw DatabaseError(result: result, directory: directory, doing: "opening")
        }
        return handle
    }
}
