internal import CLMDB

extension Environment {
    /// Sizes and counters. Walks the list of free pages.
    package func statistics() throws(DatabaseError) -> EnvironmentStatistics {
        try view { (transaction) throws(DatabaseError) in
            let context = transaction.context
            var info = MDB_envinfo()
            mdb_env_info(handle, &info)
            var main = MDB_stat()
            let result = mdb_stat(context.transaction, mainDatabase, &main)
            guard result == MDB_SUCCESS else {
                throw DatabaseError(result: result, directory: directory, doing: "counting")
            }
            return EnvironmentStatistics(
                mapSize: info.me_mapsize, pageSize: Int(main.ms_psize), pages: info.me_last_pgno + 1,
                freePages: try freePages(in: context), buckets: Int(main.ms_entries), lastCommit: info.me_last_txnid)
        }
    }

    /// Each record of the free list is an array of page numbers that begins with their count.
    private func freePages(in context: TransactionContext) throws(DatabaseError) -> Int {
        let freeDatabase: UInt32 = 0
        var cursor: OpaquePointer?
        var result = mdb_cursor_open(context.transaction, freeDatabase, &cursor)
        defer { if let cursor { mdb_cursor_close(cursor) } }
        var key = MDB_val()
        var value = MDB_val()
        var pages = 0
        while result == MDB_SUCCESS {
            result = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)
            guard result == MDB_SUCCESS else { break }
            let bytes = UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)
            guard bytes.count >= 8 else {
                throw DatabaseError(.damaged, directory: directory, detail: "a free list record is too short")
            }
            pages += Int(clamping: bytes.number(at: 0, as: UInt64.self))
        }
        guard result == MDB_NOTFOUND else {
            throw DatabaseError(result: result, directory: directory, doing: "counting free pages")
        }
        return pages
    }

    /// The names of the buckets that exist, in byte order.
    package func bucketNames() throws(DatabaseError) -> [[UInt8]] {
        try view { (transaction) throws(DatabaseError) in
            try bucketNames(in: transaction.context.transaction)
        }
    }

    /// Reads every page in use and checks that it is there and points inside itself; records are verified when read.
    ///
    /// For a thorough check; takes as long as reading the file. Meaningful only while nobody writes.
    package func checkStructure() throws(DatabaseError) {
        do throws(DataFile.Problem) {
            let file = try DataFile(in: directory)
            try PageWalk.check(file, try file.newestMeta())
        } catch {
            throw DatabaseError(error, directory: directory)
        }
    }
}
