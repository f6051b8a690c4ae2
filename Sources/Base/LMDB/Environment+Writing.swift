internal import BytePath
internal import CLMDB
internal import Failures
import Glibc
internal import LinuxSystem

extension Environment {
    /// Begins a write transaction. The thread must be the gate's writer.
    ///
    /// Every bucket that exists when an update begins has a handle: handles cannot be opened by a view while an update
    /// has created one that is not committed yet.
    ///
    /// - Parameter ofFormer: whether records of the format before are wanted; otherwise they are refused.
    func beginWriting(ofFormer: Bool) throws(DatabaseError) -> TransactionContext {
        while true {
            let context = TransactionContext(environment: handle, directory: directory, isUntrusted: false)
            context.handles = try gate.enter()
            do throws(DatabaseError) {
                try lockFile?.beginWriting { self.lastCommit }
            } catch {
                gate.leave()
                throw error
            }
            let result = mdb_txn_begin(handle, nil, 0, &context.transaction)
            if result == MDB_SUCCESS {
                do throws(DatabaseError) {
                    if try bucketCount(in: context.transaction) == context.handles.count {
                        try beginFormat(context, ofFormer: ofFormer)
                        return context
                    }
                } catch {
                    rollBack(context)
                    throw error
                }
                rollBack(context)
                try openMissingBuckets()
                continue
            }
            context.transaction = nil
            endWriting()
            guard result == MDB_MAP_RESIZED else {
                throw DatabaseError(result: result, directory: directory, doing: "beginning to write")
            }
            try adoptMapSize()
        }
    }

    /// New environments are of today's format from their first record on.
    private func beginFormat(_ context: TransactionContext, ofFormer: Bool) throws(DatabaseError) {
        if context.handles.count == 0 {
            guard let rule = options.format else { return }
            var transaction = WriteTransaction(context)
            try rule.mark(&transaction)
            return
        }
        try applyRule(to: context)
        if context.rule != nil, !ofFormer { throw DatabaseError(.formerFormat, directory: directory) }
    }

    /// - Returns: what went wrong; everything is undone then.
    func commit(_ context: TransactionContext) -> DatabaseError? {
        guard let transaction = context.transaction else { return nil }
        // Ends the transaction whatever the result is.
        context.transaction = nil
        let result = mdb_txn_commit(transaction)
        guard result == MDB_SUCCESS else {
            context.isMapFull = result == MDB_MAP_FULL
            return DatabaseError(
                result: result == EIO ? shortageBehindError ?? result : result, directory: directory,
                doing: "committing")
        }
        gate.publish(context.handles)
        endWriting()
        return nil
    }

    private func endWriting() {
        lockFile?.endWriting()
        gate.leave()
    }

    /// LMDB calls a write that the device took in part only an I/O error: the number that tells whether it is full, or
    /// the user's share of it, or the file as large as it may be, and nil where it is nothing of that.
    private var shortageBehindError: Int32? {
        do throws(SystemError) {
            let place = try Descriptor.openDirectory(directory)
            if try place.status(of: BytePath(DataFile.name)).size >= CurrentProcess.fileSizeLimit { return EFBIG }
            if try place.fileSystemStatus().availableBytes < 16 << 12 { return ENOSPC }
            try place.open(".", [.unnamed, .write], mode: 0o600).allocate(16 << 12)
            return nil
        } catch {
            return error.marks.contains(.diskFull) ? error.number.rawValue : nil
        }
    }

    /// Undoes an update that was not committed.
    func rollBack(_ context: TransactionContext) {
        if let transaction = context.transaction {
            context.transaction = nil
            mdb_txn_abort(transaction)
        }
        endWriting()
    }

    /// Opens handles for buckets other processes have made; waits for an update of another thread.
    func openBuckets() throws(DatabaseError) {
        gate.becomeWriter()
        defer { gate.resignWriter() }
        try openMissingBuckets()
    }

    /// The thread must be the gate's writer: only one transaction of the process may open handles at a time.
    private func openMissingBuckets() throws(DatabaseError) {
        while true {
            var handles = try gate.enter()
            defer { gate.leave() }
            var transaction: OpaquePointer?
            let (result, snapshot) = beginSnapshot(&transaction)
            defer { endSnapshot(snapshot) }
            if result == MDB_MAP_RESIZED { break }
            guard result == MDB_SUCCESS, let transaction else {
                throw DatabaseError(result: result, directory: directory, doing: "opening the buckets")
            }
            do throws(DatabaseError) {
                for name in try bucketNames(in: transaction) {
                    let index = BucketNames.index(of: name)
                    if handles[index] == 0 { handles.add(try openBucket(name, in: transaction), at: index) }
                }
            } catch {
                mdb_txn_abort(transaction)
                throw error
            }
            // Committing makes the handles permanent.
            let end = mdb_txn_commit(transaction)
            guard end == MDB_SUCCESS else {
                throw DatabaseError(result: end, directory: directory, doing: "opening the buckets")
            }
            gate.publish(handles)
            return
        }
        try adoptMapSize()
        try openMissingBuckets()
    }

    private func openBucket(_ name: [UInt8], in transaction: OpaquePointer) throws(DatabaseError) -> UInt32 {
        var bucket: UInt32 = 0
        let result = (name + [0]).withUnsafeBufferPointer { name in
            name.withMemoryRebound(to: CChar.self) { mdb_dbi_open(transaction, $0.baseAddress, 0, &bucket) }
        }
        guard result == MDB_SUCCESS else {
            throw DatabaseError(
                result: result, directory: directory, bucket: String(decoding: name, as: UTF8.self),
                doing: "opening the bucket")
        }
        return bucket
    }

    /// The keys of the main database. Anything there that cannot be a bucket name makes the database a foreign one.
    func bucketNames(in transaction: OpaquePointer?) throws(DatabaseError) -> [[UInt8]] {
        var cursor: OpaquePointer?
        var result = mdb_cursor_open(transaction, mainDatabase, &cursor)
        defer { if let cursor { mdb_cursor_close(cursor) } }
        var names: [[UInt8]] = []
        var key = MDB_val()
        var value = MDB_val()
        while result == MDB_SUCCESS {
            result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
            guard result == MDB_SUCCESS else { break }
            let name = [UInt8](UnsafeRawBufferPointer(start: key.mv_data, count: key.mv_size))
            guard !name.isEmpty, !name.contains(0) else {
                throw DatabaseError(.notADatabase, directory: directory, detail: "records outside of buckets")
            }
            names.append(name)
        }
        guard result == MDB_NOTFOUND else {
            throw DatabaseError(result: result, directory: directory, doing: "listing the buckets")
        }
        return names
    }
}
