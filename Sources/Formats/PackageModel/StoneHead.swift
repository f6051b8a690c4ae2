package import Digests

/// The bytes of a stone up to its content: all that says what is in it and where.
///
/// As text its size, a space and its SHA-256 in hexadecimal.
package struct StoneHead: Hashable, Sendable {
    package var size: UInt64
    package var digest: SHA256Digest

    package init(size: UInt64, digest: SHA256Digest) {
        self.size = size
        self.digest = digest
    }

    package init?(text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, let size = UInt64(words[0]), let digest = SHA256Digest(hexadecimal: String(words[1]))
        else { return nil }
        self.init(size: size, digest: digest)
    }

    package var text: String { "\(size) \(digest.hexadecimal)" }
}
