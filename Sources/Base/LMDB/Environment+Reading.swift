internal import CLMDB

extension Environment {
    /// Begins a read transaction, or joins the one of an outer view.
    func beginReading() throws(DatabaseError) -> TransactionContext {
        var hasReapedReaders = false
        while true {
            let make = { TransactionContext(environment: self.handle, directory: self.directory) }
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
                } else if result == MDB_READERS_FULL, !hasReapedReaders {
                    var dead: Int32 = 0
                    _ = mdb_reader_check(handle, &dead)
                    hasReapedReaders = true
                } else {
                    throw DatabaseError(result: result, directory: directory, doing: "beginning to read")
                }
            }
        }
    }

    /// - Returns: false where the snapshot may have been overwritten while it was read.
    func endReading(_ context: TransactionContext) -> Bool {
        if gate.leaveReader(context) { return true }
        let isIntact = !readsWithoutLock || lastCommit == context.snapshot
        stop(context)
        return isIntact
    }

    private var lastCommit: Int {
        var info = MDB_envinfo()
        mdb_env_info(handle, &info)
        return info.me_last_txnid
    }

    private func start(_ context: TransactionContext) -> Int32 {
        let result: Int32
        if readsWithoutLock {
            // Taken before the transaction begins: too old is safe, too new is not.
            context.snapshot = lastCommit
        }
        if let transaction = context.transaction {
            result = mdb_txn_renew(transaction)
            if result != MDB_SUCCESS {
                mdb_txn_abort(transaction)
                context.transaction = nil
            }
        } else {
            result = mdb_txn_begin(handle, nil, UInt32(MDB_RDONLY), &context.transaction)
            if result != MDB_SUCCESS { context.transaction = nil }
        }
        return result
    }

    /// Ends the snapshot and keeps the reader slot for the next view.
    private func stop(_ context: TransactionContext) {
        if let transaction = context.transaction { mdb_txn_reset(transaction) }
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

/// LMDB's handle of the database that lists the buckets.
let mainDatabase: UInt32 = 1
