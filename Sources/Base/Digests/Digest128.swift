internal import CXXHash

/// Checksums and content names: XXH3-64, XXH3-128 and SHA-256 as values, one-shot functions and streaming hashers.
///
/// An XXH3-128 digest in canonical (big-endian) order: the name of an object and of a tree.
/// It finds accidents, not attacks: two contents with one digest can be made on purpose.
package struct Digest128: Hashable, Sendable {
    package var high: UInt64
    package var low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// The digest of no bytes: 99aa06d3014798d86001c324468d497f.
    package static let ofNothing = Digest128(high: 0x99aa_06d3_0147_98d8, low: 0x6001_c324_468d_497f)
    package static let byteCount = 16

    /// The digest of `bytes` (`XXH3_128bits`, seed 0).
    package init(hashing bytes: UnsafeRawBufferPointer) {
        self.init(XXH3_128bits(bytes.baseAddress, bytes.count))
    }

    package init(hashing bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { Digest128(hashing: $0) }
    }

    init(_ hash: XXH128_hash_t) {
        self.init(high: hash.high64, low: hash.low64)
    }

    /// Reads 16 canonical bytes; `bytes` must hold at least that many.
    package init(canonical bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.byteCount, "a canonical XXH3-128 digest has 16 bytes")
        high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }

    /// Reads 32 lower-case hexadecimal digits; nil for anything else.
    package init?(hexadecimal text: some Collection<UInt8>) {
        guard text.count == 32, let high = parseHexadecimal(text.prefix(16)),
            let low = parseHexadecimal(text.dropFirst(16))
        else { return nil }
        self.init(high: high, low: low)
    }

    /// The 16 canonical bytes.
    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        appendCanonical(to: &bytes)
        return bytes
    }

    package func appendCanonical(to bytes: inout [UInt8]) {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bytes.append(contentsOf: $0) }
    }

    /// 32 lower-case hexadecimal digits as ASCII bytes.
    package var hexadecimalBytes: [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(32)
        appendHexadecimal(of: high, to: &text)
        appendHexadecimal(of: low, to: &text)
        return text
    }

    /// 32 lower-case hexadecimal digits.
    package var hexadecimal: String { String(decoding: hexadecimalBytes, as: UTF8.self) }

    package func hash(into hasher: inout Hasher) {
        // All of it: a hostile stone may name many digests that differ in one half only.
        hasher.combine(high)
        hasher.combine(low)
    }
}

extension Digest128: Comparable, CustomStringConvertible {
    package static func < (left: Digest128, right: Digest128) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }

    package var description: String { hexadecimal }
}

func appendHexadecimal(of value: UInt64, to text: inout [UInt8]) {
    var shift: UInt64 = 60
    while true {
        let nibble = UInt8(truncatingIfNeeded: (value >> shift) & 15)
        text.append(nibble < 10 ? 48 + nibble : 87 + nibble)
        if shift == 0 { return }
        shift -= 4
    }
}

func parseHexadecimal(_ text: some Sequence<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for byte in text {
        switch byte {
        case 48...57: value = value << 4 | UInt64(byte - 48)
        case 97...102: value = value << 4 | UInt64(byte - 87)
        default: return nil
        }
    }
    return value
}
