internal import CLMDB

/// What to do with a record that exists, and how to find the place.
package enum PutMode: Sendable {
    /// Replace the value.
    case replacing
    /// Leave the record as it is.
    case keepingExisting
    /// Like `replacing`; fast and dense where the key sorts after the last one of the bucket: for sorted bulk loads.
    case appending
}

extension TransactionContext {
    /// The handle of a bucket, which is created where it does not exist.
    private func handleForWriting(_ bucket: Int) throws(DatabaseError) -> UInt32 {
        let known = handles[bucket]
        if known != 0 { return known }
        var created: UInt32 = 0
        let name = BucketNames.name(of: bucket) + [0]
        let result = name.withUnsafeBufferPointer { name in
            name.withMemoryRebound(to: CChar.self) { name in
                mdb_dbi_open(transaction, name.baseAddress, UInt32(MDB_CREATE), &created)
            }
        }
        guard result == MDB_SUCCESS else {
            throw failure(result, bucket: bucket, key: nil, doing: "creating the bucket")
        }
        handles.add(created, at: bucket)
        return created
    }

    /// Stores a record.
    /// - Returns: false where `mode` is `keepingExisting` and the key exists.
    @usableFromInline
    func put(
        bucket: Int, checksums: Bool, key: UnsafeRawBufferPointer?, value: UnsafeRawBufferPointer, mode: PutMode
    ) throws(DatabaseError) -> Bool {
        guard let key, !key.isEmpty else { throw invalidKey(bucket: bucket) }
        let extra = checksums ? Self.checksumByteCount : 0
        guard value.count <= Int(UInt32.max) - extra else {
            throw DatabaseError(
                .valueTooBig, directory: directory, bucket: BucketNames.display(bucket), key: Array(key),
                detail: "\(value.count) bytes")
        }
        let handle = try handleForWriting(bucket)
        var keyValue = MDB_val(key)
        var record = MDB_val(mv_size: value.count + extra, mv_data: nil)
        let flags = UInt32(MDB_RESERVE)
        var result: Int32
        switch mode {
        case .replacing:
            result = mdb_put(transaction, handle, &keyValue, &record, flags)
        case .keepingExisting:
            result = mdb_put(transaction, handle, &keyValue, &record, flags | UInt32(MDB_NOOVERWRITE))
            if result == MDB_KEYEXIST { return false }
        case .appending:
            result = mdb_put(transaction, handle, &keyValue, &record, flags | UInt32(MDB_APPEND))
            if result == MDB_KEYEXIST {
                record = MDB_val(mv_size: value.count + extra, mv_data: nil)
                result = mdb_put(transaction, handle, &keyValue, &record, flags)
            }
        }
        guard result == MDB_SUCCESS else { throw failure(result, bucket: bucket, key: key, doing: "writing") }
        // LMDB has reserved exactly the size asked for; the place is ours until the next write.
        let place = UnsafeMutableRawBufferPointer(start: record.mv_data, count: value.count + extra)
        place.copyMemory(from: value)
        if checksums {
            let checksum = recordChecksum(key: key, value: value)
            place.storeBytes(of: checksum.littleEndian, toByteOffset: value.count, as: UInt64.self)
        }
        return true
    }

    /// - Returns: whether there was a record.
    @usableFromInline
    func remove(bucket: Int, key: UnsafeRawBufferPointer?) throws(DatabaseError) -> Bool {
        guard let key, !key.isEmpty else { throw invalidKey(bucket: bucket) }
        let handle = handles[bucket]
        guard handle != 0 else { return false }
        var keyValue = MDB_val(key)
        let result = mdb_del(transaction, handle, &keyValue, nil)
        if result == MDB_NOTFOUND { return false }
        guard result == MDB_SUCCESS else { throw failure(result, bucket: bucket, key: key, doing: "removing") }
        return true
    }

    /// Removes every record of a bucket.
    func clear(bucket: Int) throws(DatabaseError) {
        let handle = handles[bucket]
        guard handle != 0 else { return }
        let result = mdb_drop(transaction, handle, 0)
        guard result == MDB_SUCCESS else { throw failure(result, bucket: bucket, key: nil, doing: "clearing") }
    }
}
