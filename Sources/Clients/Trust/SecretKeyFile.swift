internal import BytePath
internal import JSON
internal import LinuxSystem
package import Signatures

/// A file with one secret key:
///
///     {"type": "moss-secret-key", "version": 1, "public": HEX, "comment": TEXT,
///      "sealed": {"derivation": "pbkdf2-hmac-sha256", "iterations": N, "salt": HEX,
///                 "cipher": "chacha20-poly1305", "nonce": HEX, "content": HEX}}
///
/// or, where nothing protects it but the file's mode, `"secret": HEX` in the place of `sealed`. The secret has 32 bytes.
/// Sealed, it is authenticated together with `moss-secret-key-v1`, a line end and the 32 bytes of the public key;
/// iterations are 100,000 to 10,000,000. `comment` may be missing, and there is nothing besides.
package struct SecretKeyFile: Sendable {
    private enum Content: Sendable {
        case plain(SecretKey)
        case sealed(SealedSecret)
    }

    package static let passphraseByteCounts = 8...1024

    package let publicKey: PublicKey
    package let comment: String?
    private let content: Content

    package var id: KeyID { KeyID(publicKey) }

    package var isEncrypted: Bool {
        if case .sealed = content { true } else { false }
    }

    private static let type = "moss-secret-key"

    private static func context(_ key: PublicKey) -> [UInt8] { Array("\(type)-v1\n".utf8) + key.bytes }

    /// A new key.
    ///
    /// - Parameters:
    ///   - passphrase: nil leaves the secret unencrypted.
    ///   - name: of the key, for messages.
    package init(
        making name: String, comment: String?, passphrase: [UInt8]?,
        iterations: UInt32 = SealedSecret.standardIterations
    ) throws(TrustError) {
        if let comment, comment.utf8.count > KeySet.commentByteCountMax {
            throw TrustError(
                .invalidRequest, name, "the comment has more than \(KeySet.commentByteCountMax) bytes",
                remedy: "shorten it")
        }
        let secret = try Self.random(SecretKey.byteCount, name)
        guard let key = SecretKey(bytes: secret) else { preconditionFailure("32 bytes are a secret key") }
        publicKey = key.publicKey
        self.comment = comment
        guard let passphrase else {
            content = .plain(key)
            return
        }
        guard Self.passphraseByteCounts.contains(passphrase.count) else {
            let counts = Self.passphraseByteCounts
            throw TrustError(
                .invalidRequest, name, "a passphrase has \(counts.lowerBound) to \(counts.upperBound) bytes",
                remedy: "take another one; several words are easy to keep in mind")
        }
        content = .sealed(
            SealedSecret(
                sealing: secret, passphrase: passphrase, context: Self.context(publicKey), iterations: iterations,
                random: try Self.random(SealedSecret.randomByteCount, name)))
    }

    private static func random(_ count: Int, _ name: String) throws(TrustError) -> [UInt8] {
        try reporting(BytePath(name)) { () throws(SystemError) in try randomBytes(count) }
    }

    /// The secret key.
    ///
    /// - Parameters:
    ///   - file: its name, for messages.
    ///   - passphrase: needed where it is encrypted.
    package func unlock(file: String, passphrase: [UInt8]?) throws(TrustError) -> SecretKey {
        switch content {
        case .plain(let key): return key
        case .sealed(let sealed):
            let secret = passphrase.flatMap { sealed.open(passphrase: $0, context: Self.context(publicKey)) }
            guard let secret else {
                throw TrustError(
                    .wrongPassphrase, file, "the passphrase does not open it",
                    remedy: "try again; without the passphrase nobody gets the key back")
            }
            guard let key = SecretKey(bytes: secret), key.publicKey == publicKey else {
                throw TrustError(Malformed("the secret is not that of the public key"), ofKeyFile: file)
            }
            return key
        }
    }
}

extension SecretKeyFile {
    static let byteCountMax = 16 << 10

    package init(reading bytes: [UInt8], file: String) throws(TrustError) {
        do throws(Malformed) {
            try self.init(Fields(reading: bytes, byteCountMax: Self.byteCountMax))
        } catch {
            throw TrustError(error, ofKeyFile: file)
        }
    }

    private init(_ fields: Fields) throws(Malformed) {
        try fields.expectOnly(["type", "version", "public", "comment", "secret", "sealed"])
        guard try fields.text("type", byteCountMax: 64) == Self.type, try fields.number("version") == 1 else {
            throw fields.wrong("type", "is not \(Self.type), version 1")
        }
        guard let key = PublicKey(hexadecimal: try fields.text("public", byteCountMax: 2 * PublicKey.byteCount)) else {
            throw fields.wrong("public", "is no key")
        }
        publicKey = key
        comment = fields.has("comment") ? try fields.text("comment", byteCountMax: KeySet.commentByteCountMax) : nil
        guard fields.has("secret") != fields.has("sealed") else {
            throw fields.wrong("secret", "or sealed has to be there")
        }
        if fields.has("sealed") {
            content = .sealed(try Self.sealed(fields.object("sealed")))
        } else {
            let digits = try fields.text("secret", byteCountMax: 2 * SecretKey.byteCount)
            guard let secret = Hexadecimal.decode(digits).flatMap({ SecretKey(bytes: $0) }), secret.publicKey == key
            else { throw fields.wrong("secret", "is not that of the public key") }
            content = .plain(secret)
        }
    }

    private static func sealed(_ fields: Fields) throws(Malformed) -> SealedSecret {
        try fields.expectOnly(["derivation", "iterations", "salt", "cipher", "nonce", "content"])
        guard try fields.text("derivation", byteCountMax: 64) == derivation else {
            throw fields.wrong("derivation", "is not \(derivation)")
        }
        guard try fields.text("cipher", byteCountMax: 64) == cipher else {
            throw fields.wrong("cipher", "is not \(cipher)")
        }
        let contentByteCount = SecretKey.byteCount + SealedSecret.tagByteCount
        guard let salt = Hexadecimal.decode(try fields.text("salt", byteCountMax: 64)),
            let nonce = Hexadecimal.decode(try fields.text("nonce", byteCountMax: 64)),
            let content = Hexadecimal.decode(try fields.text("content", byteCountMax: 2 * contentByteCount)),
            content.count == contentByteCount,
            let sealed = SealedSecret(
                iterations: UInt32(try fields.number("iterations", upTo: UInt64(UInt32.max))), salt: salt, nonce: nonce,
                content: content)
        else { throw Malformed("sealed has salt, nonce, content or iterations of the wrong size") }
        return sealed
    }

    private static let derivation = "pbkdf2-hmac-sha256"
    private static let cipher = "chacha20-poly1305"

    /// The file's bytes.
    package var text: [UInt8] {
        var members: [String: JSONValue] = [
            "type": .string(Self.type), "version": .number("1"), "public": .string(publicKey.hexadecimal),
        ]
        members["comment"] = comment.map { .string($0) }
        switch content {
        case .plain(let key): members["secret"] = .string(Hexadecimal.encode(key.bytes))
        case .sealed(let sealed):
            members["sealed"] = .object([
                "derivation": .string(Self.derivation), "iterations": .number("\(sealed.iterations)"),
                "salt": .string(Hexadecimal.encode(sealed.salt)), "cipher": .string(Self.cipher),
                "nonce": .string(Hexadecimal.encode(sealed.nonce)),
                "content": .string(Hexadecimal.encode(sealed.content)),
            ])
        }
        return JSONValue.object(members).text(isPretty: true) + Array("\n".utf8)
    }
}

extension TrustError {
    fileprivate init(_ problem: Malformed, ofKeyFile file: String) {
        self.init(.malformed, file, "this is no file with a key: \(problem.text)", remedy: "name another one")
    }
}
