/// The first 32 bytes of a stone.
///
/// Magic, payload count (u16), a constant of 21 bytes, file type (u8), format version (u32); integers are big-endian.
package struct StoneHeader: Hashable, Sendable {
    package static let byteCount = 32
    package static let version: UInt32 = 1
    package static let magic: [UInt8] = [0x00, 0x6d, 0x6f, 0x73]
    static let pattern: [UInt8] = [0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 4, 0, 0, 5, 0, 0, 6, 0, 0, 7]

    package var payloadCount: UInt16
    package var fileType: StoneFileType

    package init(payloadCount: UInt16, fileType: StoneFileType) {
        self.payloadCount = payloadCount
        self.fileType = fileType
    }

    /// Reads the header from the first bytes of a file; throws `notAStone`, `truncated`, `unsupportedVersion` or
    /// `headerPattern`.
    package init(decoding bytes: UnsafeRawBufferPointer) throws(StoneError) {
        guard bytes.prefix(4).elementsEqual(Self.magic) else {
            throw StoneError(.notAStone, "the file does not begin with the magic number of a stone")
        }
        guard bytes.count >= Self.byteCount else {
            throw StoneError(.truncated, at: UInt64(bytes.count), "the file ends inside the stone header")
        }
        let version = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 28, as: UInt32.self))
        guard version == Self.version else {
            throw StoneError(.unsupportedVersion, at: 28, "stone format version \(version) is not known, only 1 is")
        }
        guard bytes[6..<27].elementsEqual(Self.pattern) else {
            throw StoneError(.headerPattern, at: 6, "the constant inside the stone header is damaged")
        }
        payloadCount = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        fileType = StoneFileType(rawValue: bytes[27])
    }

    /// The 32 bytes.
    package var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.reserveCapacity(Self.byteCount)
        bytes.append(bigEndian: payloadCount)
        bytes += Self.pattern
        bytes.append(fileType.rawValue)
        bytes.append(bigEndian: Self.version)
        return bytes
    }
}

extension [UInt8] {
    mutating func append(bigEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
