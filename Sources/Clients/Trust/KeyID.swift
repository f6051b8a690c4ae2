internal import Digests
package import Signatures

/// The name of a public key: the first 16 bytes of the SHA-256 of its 32 bytes, as 32 lower-case hexadecimal digits.
///
/// It only finds the key; what counts is the signature. Two keys of one id can be made with 2^64 attempts, by one person
/// for himself, and no set of keys takes both.
package struct KeyID: Hashable, Sendable {
    package let text: String

    package static let byteCount = 16

    package init(_ key: PublicKey) {
        let digest = key.bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        text = Hexadecimal.encode(Array(digest.bytes.prefix(Self.byteCount)))
    }

    package init?(_ text: some StringProtocol) {
        guard Hexadecimal.decode(text)?.count == Self.byteCount else { return nil }
        self.text = String(text)
    }
}

extension KeyID: Comparable, CustomStringConvertible {
    package static func < (left: KeyID, right: KeyID) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package var description: String { text }
}
