package import BytePath
package import Digests
internal import Storage

/// What the last refresh of a collection found.
package struct CollectionRecord: Hashable, Sendable {
    /// The configured uri at that time; the packages count only while it is the same.
    package var source: String
    /// What package URIs are relative to: the directory, on this machine; the history, in a channel; empty for others.
    package var base: BytePath
    package var stamp: IndexStamp
    /// What the server knows the index by that was read last; empty where it has nothing of the kind.
    package var validator: String
    /// When the packages were last read and stored, in seconds since 1970.
    package var refreshed: Int64
    package var packageCount: Int

    package init(
        source: String, base: BytePath, stamp: IndexStamp, validator: String = "", refreshed: Int64, packageCount: Int
    ) {
        self.source = source
        self.base = base
        self.stamp = stamp
        self.validator = validator
        self.refreshed = refreshed
        self.packageCount = packageCount
    }
}

/// How to see that an index is the one that was read last.
package struct IndexStamp: Hashable, Sendable {
    /// Of the index file; 0 where the directory was scanned.
    package var size: UInt64
    /// Tells the index file from every other and from what it may become; 0 where the directory was scanned, and where
    /// the file was too new to be told from a later one.
    package var identity: UInt64
    /// SHA-256 of the index file, or of what an index of the scanned stones would say.
    package var digest: SHA256Digest

    package init(size: UInt64, identity: UInt64, digest: SHA256Digest) {
        self.size = size
        self.identity = identity
        self.digest = digest
    }
}

/// The digest, four numbers (u64), then source, NUL, base, NUL and validator; records of former versions end with base.
extension CollectionRecord: BucketValue {
    package func encode(into bytes: inout [UInt8]) {
        stamp.digest.encode(into: &bytes)
        stamp.size.encode(into: &bytes)
        stamp.identity.encode(into: &bytes)
        UInt64(bitPattern: refreshed).encode(into: &bytes)
        UInt64(clamping: packageCount).encode(into: &bytes)
        bytes += source.utf8
        bytes.append(0)
        bytes += base.bytes
        bytes.append(0)
        bytes += validator.utf8
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        let head = SHA256Digest.byteCount
        guard bytes.count > head + 32, let end = bytes[(head + 32)...].firstIndex(of: 0) else {
            throw DecodingFailure("a collection in \(bytes.count) bytes")
        }
        let number = { UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: head + 8 * $0, as: UInt64.self)) }
        stamp = IndexStamp(
            size: number(0), identity: number(1), digest: SHA256Digest(bytes: bytes))
        refreshed = Int64(bitPattern: number(2))
        packageCount = Int(clamping: number(3))
        source = String(decoding: bytes[(head + 32)..<end], as: UTF8.self)
        let parts = Array(bytes[(end + 1)...]).split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        base = BytePath(bytes: Array(parts[0]))
        validator = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self) : ""
    }
}
