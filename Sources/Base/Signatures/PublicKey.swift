internal import CHogweed

/// Ed25519 keys and signatures as RFC 8032 has them, and secrets that a passphrase keeps.
///
/// The key that others check signatures with.
package struct PublicKey: Hashable, Sendable {
    package let bytes: [UInt8]

    package static let byteCount = 32
    package static let signatureByteCount = 64

    /// Takes 32 bytes; nil for another number of them, and for the few keys under which anybody can sign.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount, !Self.isWeak(bytes) else { return nil }
        self.bytes = bytes
    }

    /// Reads 64 lower-case hexadecimal digits.
    package init?(hexadecimal text: some StringProtocol) {
        guard text.utf8.count == 2 * Self.byteCount, let bytes = Hexadecimal.decode(text) else { return nil }
        self.init(bytes: bytes)
    }

    /// Of a secret key, where nobody chose it.
    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    package var hexadecimal: String { Hexadecimal.encode(bytes) }

    /// Whether `signature` is one of `message` by this key; never with another number of bytes than 64.
    package func verify(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureByteCount else { return false }
        return nettle_ed25519_sha512_verify(bytes, message.count, message, signature) == 1
    }

    /// The y coordinates of the points whose order divides 8, with those that are written larger than the field's prime.
    /// Under such a key a signature of one message is often one of any other.
    private static let weak: [[UInt8]] = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ].compactMap { Hexadecimal.decode($0) }

    private static func isWeak(_ bytes: [UInt8]) -> Bool {
        var point = bytes
        // The highest bit is the sign of x.
        point[byteCount - 1] &= 0x7f
        return weak.contains(point)
    }
}

extension PublicKey: CustomStringConvertible {
    package var description: String { hexadecimal }
}
