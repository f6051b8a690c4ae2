package import BytePath
internal import CLMDB
internal import Digests
import Glibc

/// One LMDB transaction and what its operations need; the part that read and write transactions have in common.
///
/// Used by one thread at a time: the gate hands it out, closures cannot leak it.
package final class TransactionContext {
    let environment: OpaquePointer
    package let directory: BytePath
    /// nil between transactions of a writer, and for a reader whose slot was given back.
    var transaction: OpaquePointer?
    var handles = BucketHandles()
    /// Views of one thread that share this snapshot; guarded by the gate.
    var depth = 0
    /// The commit the snapshot shows, while there is one.
    var snapshot: Snapshot?
    /// Whether the database was written by somebody who is not trusted: checksums say nothing then.
    package let isUntrusted: Bool
    /// How many bytes have been taken of what could be read over and over; for who bounds that.
    package var untrustedBytes = 0
    /// LMDB said that the map is full; the update must run again on a larger one.
    var isMapFull = false
    /// How records are translated while they are of the format before.
    var rule: FormatRule?
    /// What was read that way; lives as long as the transaction.
    var translations: [UnsafeMutableRawBufferPointer] = []
    /// Reused for encoding values.
    @usableFromInline var scratch: [UInt8] = []

    init(environment: OpaquePointer, directory: BytePath, isUntrusted: Bool) {
        self.isUntrusted = isUntrusted
        self.environment = environment
        self.directory = directory
    }

    deinit { dropTranslations() }

    static let checksumByteCount = 8

    func failure(_ result: Int32, bucket: Int, key: UnsafeRawBufferPointer?, doing action: String) -> DatabaseError {
        if result == MDB_MAP_FULL { isMapFull = true }
        return DatabaseError(
            result: result, directory: directory, bucket: BucketNames.display(bucket), key: key.map { Array($0) },
            doing: action)
    }

    @usableFromInline
    func invalidKey(bucket: Int) -> DatabaseError {
        DatabaseError(.invalidKey, directory: directory, bucket: BucketNames.display(bucket))
    }

    @usableFromInline
    func undecodable(bucket: Int, key: UnsafeRawBufferPointer?, _ error: any Error) -> DatabaseError {
        DatabaseError(
            .recordDamaged, directory: directory, bucket: BucketNames.display(bucket), key: key.map { Array($0) },
            detail: "\(error)")
    }

    /// The value bytes of a record, checked.
    func verified(
        _ record: MDB_val, key: UnsafeRawBufferPointer, bucket: Int, checksums: Bool
    ) throws(DatabaseError) -> UnsafeRawBufferPointer {
        let bytes = UnsafeRawBufferPointer(start: record.mv_data, count: record.mv_size)
        guard checksums else { return bytes }
        let count = bytes.count - Self.checksumByteCount
        guard count >= 0 else {
            throw undecodable(bucket: bucket, key: key, DecodingFailure("shorter than its checksum"))
        }
        let value = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        let stored = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: count, as: UInt64.self))
        guard stored == recordChecksum(key: key, value: value) else {
            throw undecodable(bucket: bucket, key: key, DecodingFailure("checksum mismatch"))
        }
        if let rule { return try translated(value, key: key, bucket: bucket, rule) }
        return value
    }

    /// The value under `key`, valid until the transaction ends or writes; nil where there is none.
    @usableFromInline
    func value(
        bucket: Int, checksums: Bool, key: UnsafeRawBufferPointer?
    ) throws(DatabaseError) -> UnsafeRawBufferPointer? {
        guard let key else { throw invalidKey(bucket: bucket) }
        let handle = handles[bucket]
        guard handle != 0 else { return nil }
        var keyValue = MDB_val(key)
        var record = MDB_val()
        let result = mdb_get(transaction, handle, &keyValue, &record)
        if result == MDB_SUCCESS { return try verified(record, key: key, bucket: bucket, checksums: checksums) }
        if result == MDB_NOTFOUND { return nil }
        throw failure(result, bucket: bucket, key: key, doing: "reading")
    }

    /// LMDB's counters of a bucket; nil where it does not exist.
    func statistics(bucket: Int) throws(DatabaseError) -> MDB_stat? {
        let handle = handles[bucket]
        guard handle != 0 else { return nil }
        var statistics = MDB_stat()
        let result = mdb_stat(transaction, handle, &statistics)
        guard result == MDB_SUCCESS else { throw failure(result, bucket: bucket, key: nil, doing: "counting") }
        return statistics
    }
}

extension MDB_val {
    /// Lends `bytes` to LMDB, which does not write to keys and data it is given.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.init(mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }
}

/// The checksum of a record, see `Bucket`.
func recordChecksum(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> UInt64 {
    xxh3Digest64(value, seed: xxh3Digest64(key))
}
