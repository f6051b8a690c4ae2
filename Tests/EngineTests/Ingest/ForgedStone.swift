import Digests
import PackageModel
import StoneFormat

/// A stone cut into its payloads, to be put together otherwise: every checksum is right, the whole is not.
struct ForgedStone {
    struct Payload {
        var header: PayloadHeader
        var stored: [UInt8]
    }

    var payloads: [Payload] = []

    init(_ stone: [UInt8]) {
        var rest = stone[StoneHeader.byteCount...]
        while rest.count >= PayloadHeader.byteCount {
            let header = Array(rest.prefix(PayloadHeader.byteCount)).withUnsafeBytes { PayloadHeader(decoding: $0) }
            rest = rest.dropFirst(PayloadHeader.byteCount)
            payloads.append(Payload(header: header, stored: Array(rest.prefix(Int(header.storedSize)))))
            rest = rest.dropFirst(Int(header.storedSize))
        }
    }

    subscript(kind: PayloadKind) -> [Payload] { payloads.filter { $0.header.kind == kind } }

    /// An Index payload of these ranges, uncompressed.
    static func index(_ ranges: [(start: UInt64, end: UInt64, digest: ObjectID)]) -> Payload {
        func big(_ value: UInt64) -> [UInt8] { withUnsafeBytes(of: value.bigEndian) { Array($0) } }
        let stored = ranges.flatMap { big($0.start) + big($0.end) + $0.digest.bytes }
        return plain(.index, stored, records: ranges.count)
    }

    static func plain(_ kind: PayloadKind, _ stored: [UInt8], records: Int) -> Payload {
        let header = PayloadHeader(
            storedSize: UInt64(stored.count), plainSize: UInt64(stored.count),
            checksum: stored.withUnsafeBytes { xxh3Digest64($0) }, recordCount: UInt32(records), kind: kind,
            compression: .none)
        return Payload(header: header, stored: stored)
    }

    static func assembled(_ payloads: [Payload]) -> [UInt8] {
        let header = StoneHeader(payloadCount: UInt16(payloads.count), fileType: .binary)
        return header.encoded + payloads.flatMap { $0.header.encoded + $0.stored }
    }
}

/// Two different contents of one XXH3-128 digest.
///
/// XXH3 adds each 8-byte lane to an accumulator, and the product of the two halves of lane xor key to another. Where
/// a lane's low half equals its key's, the product is 0 whatever the high half is; what one such lane adds, another
/// in the same place of the next stripe takes away.
func collidingContents(marked byte: UInt8 = 0) -> ([UInt8], [UInt8]) {
    func content(_ first: UInt8, _ second: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: byte, count: 300)
        // The first bytes of the default secret; the second stripe's key begins 8 bytes later.
        bytes.replaceSubrange(0..<8, with: [0xb8, 0xfe, 0x6c, 0x39, first, 0, 0, 0])
        bytes.replaceSubrange(64..<72, with: [0x7c, 0x01, 0x81, 0x2c, second, 0, 0, 0])
        return bytes
    }
    return (content(1, 9), content(2, 8))
}
