internal import CHogweed
import Glibc

/// The key that signs. Its bytes are wiped when nobody has it any more.
package final class SecretKey: Sendable {
    /// Written once, while this is made, and wiped at its end.
    private nonisolated(unsafe) let seed: UnsafeMutablePointer<UInt8>
    package let publicKey: PublicKey

    package static let byteCount = 32

    /// Takes the 32 bytes that RFC 8032 calls the private key; any will do that nobody can guess. nil for another number.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        seed = .allocate(capacity: Self.byteCount)
        seed.initialize(from: bytes, count: Self.byteCount)
        var point = [UInt8](repeating: 0, count: PublicKey.byteCount)
        nettle_ed25519_sha512_public_key(&point, seed)
        publicKey = PublicKey(point)
    }

    deinit {
        explicit_bzero(seed, Self.byteCount)
        seed.deallocate()
    }

    /// The secret itself, for whoever keeps it.
    package var bytes: [UInt8] { Array(UnsafeBufferPointer(start: seed, count: Self.byteCount)) }

    /// The signature of `message`, 64 bytes; the same each time.
    package func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: PublicKey.signatureByteCount)
        nettle_ed25519_sha512_sign(publicKey.bytes, seed, message.count, message, &signature)
        return signature
    }
}
