internal import CHogweed

/// A secret that a passphrase opens: ChaCha20-Poly1305 (RFC 8439) under a key that PBKDF2-HMAC-SHA256 makes of it.
///
/// Nettle has neither scrypt nor Argon2, which would make guessing dear in memory too; hence many iterations.
package struct SealedSecret: Hashable, Sendable {
    package static let saltByteCount = 16
    package static let nonceByteCount = 12
    package static let tagByteCount = 16
    /// What new ones take: about half a second.
    package static let standardIterations: UInt32 = 600_000
    /// Fewer protect nothing, more would only keep the reader of a hostile file busy.
    package static let acceptedIterations: ClosedRange<UInt32> = 100_000...10_000_000

    package let iterations: UInt32
    package let salt: [UInt8]
    package let nonce: [UInt8]
    /// The encrypted bytes and their tag.
    package let content: [UInt8]

    /// Takes what was read; nil where salt, nonce, content or iterations cannot be those of a sealed secret.
    package init?(iterations: UInt32, salt: [UInt8], nonce: [UInt8], content: [UInt8]) {
        guard Self.acceptedIterations.contains(iterations), salt.count == Self.saltByteCount,
            nonce.count == Self.nonceByteCount, content.count >= Self.tagByteCount
        else { return nil }
        self.iterations = iterations
        self.salt = salt
        self.nonce = nonce
        self.content = content
    }

    /// - Parameters:
    ///   - context: is not in it, but has to be the same when it is opened.
    ///   - random: 28 bytes that never come again.
    package init(
        sealing secret: [UInt8], passphrase: [UInt8], context: [UInt8], iterations: UInt32 = standardIterations,
        random: [UInt8]
    ) {
        precondition(random.count == Self.randomByteCount && Self.acceptedIterations.contains(iterations))
        self.iterations = iterations
        salt = Array(random.prefix(Self.saltByteCount))
        nonce = Array(random.dropFirst(Self.saltByteCount))
        var cipher = Cipher(passphrase, salt: salt, nonce: nonce, iterations, context: context)
        content = cipher.seal(secret)
    }

    package static let randomByteCount = saltByteCount + nonceByteCount

    /// The secret; nil with another passphrase or context, and where anything was changed. HMAC fills up short keys with
    /// NULs, so those at the end of a passphrase say nothing.
    package func open(passphrase: [UInt8], context: [UInt8]) -> [UInt8]? {
        var cipher = Cipher(passphrase, salt: salt, nonce: nonce, iterations, context: context)
        return cipher.open(content)
    }
}

/// The cipher for one message.
private struct Cipher {
    private var state = chacha_poly1305_ctx()

    init(_ passphrase: [UInt8], salt: [UInt8], nonce: [UInt8], _ iterations: UInt32, context: [UInt8]) {
        var key = [UInt8](repeating: 0, count: 32)
        nettle_pbkdf2_hmac_sha256(
            passphrase.count, passphrase, iterations, salt.count, salt, key.count, &key)
        nettle_chacha_poly1305_set_key(&state, key)
        nettle_chacha_poly1305_set_nonce(&state, nonce)
        nettle_chacha_poly1305_update(&state, context.count, context)
    }

    private mutating func tag() -> [UInt8] {
        var tag = [UInt8](repeating: 0, count: SealedSecret.tagByteCount)
        nettle_chacha_poly1305_digest(&state, tag.count, &tag)
        return tag
    }

    mutating func seal(_ secret: [UInt8]) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: secret.count)
        nettle_chacha_poly1305_encrypt(&state, secret.count, &text, secret)
        return text + tag()
    }

    mutating func open(_ content: [UInt8]) -> [UInt8]? {
        let text = Array(content.dropLast(SealedSecret.tagByteCount))
        var secret = [UInt8](repeating: 0, count: text.count)
        nettle_chacha_poly1305_decrypt(&state, text.count, &secret, text)
        let expected = Array(content.suffix(SealedSecret.tagByteCount))
        return nettle_memeql_sec(tag(), expected, expected.count) == 1 ? secret : nil
    }
}
