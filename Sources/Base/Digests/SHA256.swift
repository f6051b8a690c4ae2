internal import CNettle

/// A SHA-256 digest; names packages and proves that a stone is the one the index promised.
package struct SHA256Digest: Hashable, Sendable {
    /// The 32 bytes as four big-endian words.
    package var words: (UInt64, UInt64, UInt64, UInt64) { (word0, word1, word2, word3) }
    private let word0, word1, word2, word3: UInt64

    package static let byteCount = 32

    /// Reads 32 bytes; `bytes` must hold at least that many.
    package init(bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count >= Self.byteCount, "a SHA-256 digest has 32 bytes")
        word0 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        word1 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        word2 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        word3 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    /// Reads 64 lower-case hexadecimal digits; nil for anything else.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count == 64,
            let word0 = parseHexadecimal(digits[0..<16]), let word1 = parseHexadecimal(digits[16..<32]),
            let word2 = parseHexadecimal(digits[32..<48]), let word3 = parseHexadecimal(digits[48..<64])
        else { return nil }
        (self.word0, self.word1, self.word2, self.word3) = (word0, word1, word2, word3)
    }

    /// The digest of `bytes`.
    package init(hashing bytes: UnsafeRawBufferPointer) {
        let hasher = SHA256Hasher()
        hasher.update(bytes)
        self = hasher.finish()
    }

    package var bytes: [UInt8] {
        withUnsafeBytes(of: (word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)) { Array($0) }
    }

    /// 64 lower-case hexadecimal digits.
    package var hexadecimal: String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for word in [word0, word1, word2, word3] { appendHexadecimal(of: word, to: &text) }
        return String(decoding: text, as: UTF8.self)
    }

    package func hash(into hasher: inout Hasher) {
        // All of it: a hostile index may name many digests that differ in one word only.
        hasher.combine(word0)
        hasher.combine(word1)
        hasher.combine(word2)
        hasher.combine(word3)
    }
}

extension SHA256Digest: Comparable, CustomStringConvertible {
    package static func < (left: SHA256Digest, right: SHA256Digest) -> Bool {
        left.words < right.words
    }

    package var description: String { hexadecimal }
}

/// Computes SHA-256 over a stream of bytes.
package struct SHA256Hasher: ~Copyable {
    private let context: UnsafeMutablePointer<sha256_ctx>

    package init() {
        context = .allocate(capacity: 1)
        nettle_sha256_init(context)
    }

    deinit {
        context.deallocate()
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        nettle_sha256_update(context, bytes.count, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
    }

    /// The digest of everything since the last `finish`; the hasher starts anew.
    package func finish() -> SHA256Digest {
        withUnsafeTemporaryAllocation(byteCount: SHA256Digest.byteCount, alignment: 8) { buffer in
            nettle_sha256_digest(
                context, SHA256Digest.byteCount, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self))
            return SHA256Digest(bytes: UnsafeRawBufferPointer(buffer))
        }
    }
}
