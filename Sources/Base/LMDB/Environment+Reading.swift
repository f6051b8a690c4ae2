internal import CLMDB

extension Environment {
    /// Begins a read transaction, or joins the one of an outer view.
    func beginReading() throws(DatabaseError) -> TransactionContext {
        while true {
            let make = {
                TransactionContext(environment: self.handle, directory: self.directory, isUntrusted: self.isUntrusted)
            }
            switch try gate.enterReader(make: make) {
            case .shared(let context): return context
            case .fresh(let context, let insideUpdate):
                let result = start(context)
                if result == MDB_SUCCESS {
                    guard try hasNewBuckets(context), !insideUpdate else { return context }
                    stop(context)
                    try openBuckets()
                    continue
                }
                stop(context)
                if result == MDB_MAP_RESIZED, !insideUpdate {
                    try adoptMapSize()
                } else {
                    throw DatabaseError(result: result, directory: directory, doing: "beginning to read")
                }
            }
        }
    }

    /// - Returns: false where the snapshot may have been overwritten while it was read.
    func endReading(_ context: TransactionContext) -> Bool {
        if gate.leaveReader(context) { return true }
        let isIntact = context.snapshot.map(isIntact) ?? true
        stop(context)
        return isIntact
    }

    /// Whether no writer has reused pages of a snapshot that was read until now: one that knows of no older reader spares
    /// the last commit and the one before.
    private func isIntact(_ snapshot: Snapshot) -> Bool {
        if lastCommit <= snapshot.commit + 1 { return true }
        guard let lockFile, let token = snapshot.registration else { return false }
        return !lockFile.wasOvertaken(since: token)
    }

    /// The newest commit there is.
    var lastCommit: Int {
        var info = MDB_envinfo()
        mdb_env_info(handle, &info)
        return info.me_last_txnid
    }

    private func start(_ context: TransactionContext) -> Int32 {
        context.untrustedBytes = 0
        let (result, snapshot) = beginSnapshot(&context.transaction)
        context.snapshot = snapshot
        return result
    }

    /// Begins a read transaction, or renews it, at the newest commit, and has it registered where possible.
    func beginSnapshot(_ transaction: inout OpaquePointer?) -> (Int32, Snapshot?) {
        while true {
            // Taken before the transaction begins: too old is safe, too new is not.
            var snapshot = Snapshot(commit: lastCommit)
            snapshot.registration = lockFile?.register(snapshot.commit)
            var result: Int32
            if transaction != nil {
                result = mdb_txn_renew(transaction)
                if result != MDB_SUCCESS {
                    mdb_txn_abort(transaction)
                    transaction = nil
                }
            } else {
                result = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &transaction)
                if result != MDB_SUCCESS { transaction = nil }
            }
            guard result == MDB_SUCCESS else {
                endSnapshot(snapshot)
                return (result, nil)
            }
            // Until it was registered, writers did not know of it.
            if snapshot.registration == nil || lastCommit == snapshot.commit { return (result, snapshot) }
            mdb_txn_reset(transaction)
            endSnapshot(snapshot)
        }
    }

    func endSnapshot(_ snapshot: Snapshot?) {
        if let snapshot, snapshot.registration != nil { lockFile?.release(snapshot.commit) }
    }

    /// Ends the snapshot and keeps the transaction for the next view.
    private func stop(_ context: TransactionContext) {
        if let transaction = context.transaction { mdb_txn_reset(transaction) }
        endSnapshot(context.snapshot)
        context.snapshot = nil
        context.dropTranslations()
        gate.retire(context)
    }

    /// Whether the snapshot has buckets for which there is no handle yet: another process has made them, or another
    /// thread of this one is about to publish them.
    private func hasNewBuckets(_ context: TransactionContext) throws(DatabaseError) -> Bool {
        try bucketCount(in: context.transaction) != context.handles.count
    }

    /// The number of buckets a transaction sees.
    func bucketCount(in transaction: OpaquePointer?) throws(DatabaseError) -> Int {
        var statistics = MDB_stat()
        let result = mdb_stat(transaction, mainDatabase, &statistics)
        guard result == MDB_SUCCESS else {
            throw DatabaseError(result: result, directory: directory, doing: "counting the buckets")
        }
        return Int(statistics.ms_entries)
    }
}

/// What a read transaction shows.
struct Snapshot {
    /// The commit, or an older one.
    var commit: Int
    /// nil where writers do not know of the reader.
    var registration: LockFile.Registration?
}

/// LMDB's handle of the database that lists the buckets.
let mainDatabase: UInt32 = 1
