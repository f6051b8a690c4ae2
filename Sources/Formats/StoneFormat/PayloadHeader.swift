/// The 32 bytes in front of each payload.
///
/// Stored size, plain size and checksum (u64 each), record count (u32), payload version (u16), kind (u8),
/// compression (u8). Nothing in the format covers these bytes; the reader holds them against what it finds.
package struct PayloadHeader: Hashable, Sendable {
    package static let byteCount = 32
    package static let version: UInt16 = 1

    /// Bytes that follow in the file.
    package var storedSize: UInt64
    /// Bytes after decompression.
    package var plainSize: UInt64
    /// XXH3-64 of the stored bytes.
    package var checksum: UInt64
    /// Records of a record payload; old writers put the number of files into Content, new ones 0.
    package var recordCount: UInt32
    package var version: UInt16
    package var kind: PayloadKind
    package var compression: PayloadCompression

    package init(
        storedSize: UInt64, plainSize: UInt64, checksum: UInt64, recordCount: UInt32, kind: PayloadKind,
        compression: PayloadCompression
    ) {
        self.storedSize = storedSize
        self.plainSize = plainSize
        self.checksum = checksum
        self.recordCount = recordCount
        self.version = Self.version
        self.kind = kind
        self.compression = compression
    }

    /// Reads 32 bytes; `bytes` must hold at least that many. Every bit pattern is a header.
    package init(decoding bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.byteCount, "a payload header has 32 bytes")
        storedSize = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        plainSize = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        checksum = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        recordCount = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt32.self))
        version = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 28, as: UInt16.self))
        kind = PayloadKind(rawValue: bytes[30])
        compression = PayloadCompression(rawValue: bytes[31])
    }

    /// The 32 bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(bigEndian: storedSize)
        bytes.append(bigEndian: plainSize)
        bytes.append(bigEndian: checksum)
        bytes.append(bigEndian: recordCount)
        bytes.append(bigEndian: version)
        bytes.append(kind.rawValue)
        bytes.append(compression.rawValue)
        return bytes
    }
}
