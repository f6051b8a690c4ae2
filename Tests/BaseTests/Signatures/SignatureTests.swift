import Signatures
import TestSupport
import Testing

@Suite("Signatures")
struct SignatureTests {
    /// RFC 8032, 7.1: secret key, public key, message, signature.
    private static let vectors: [(String, String, String, String)] = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
        (
            "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
            "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"
        ),
    ]

    private func bytes(_ text: String) throws -> [UInt8] { try #require(Hexadecimal.decode(text)) }

    @Test("the examples of RFC 8032", arguments: vectors.indices)
    func examples(row: Int) throws {
        let (secret, publicText, messageText, signature) = Self.vectors[row]
        let key = try #require(SecretKey(bytes: try bytes(secret)))
        let message = try bytes(messageText)
        #expect(key.publicKey.hexadecimal == publicText)
        #expect(Hexadecimal.encode(key.sign(message)) == signature)
        let publicKey = try #require(PublicKey(hexadecimal: publicText))
        #expect(publicKey.verify(try bytes(signature), of: message))
        #expect(!publicKey.verify(try bytes(signature), of: message + [0]))
        #expect(Hexadecimal.encode(key.bytes) == secret)
    }

    @Test("no bit of a signature, message or key can change")
    func everyBit() throws {
        let key = try #require(SecretKey(bytes: [UInt8](repeating: 7, count: 32)))
        let message = Array("message".utf8)
        let signature = key.sign(message)
        for place in 0..<(64 * 8) {
            var changed = signature
            changed[place / 8] ^= 1 << UInt8(place % 8)
            #expect(!key.publicKey.verify(changed, of: message))
        }
        for place in 0..<(message.count * 8) {
            var changed = message
            changed[place / 8] ^= 1 << UInt8(place % 8)
            #expect(!key.publicKey.verify(signature, of: changed))
        }
        for place in 0..<(32 * 8) {
            var changed = key.publicKey.bytes
            changed[place / 8] ^= 1 << UInt8(place % 8)
            #expect(PublicKey(bytes: changed)?.verify(signature, of: message) != true)
        }
    }

    /// RFC 8032, 5.1.7: a signature's second half is smaller than the order of the group, so that it has one form only.
    @Test("a signature has no second form")
    func malleability() throws {
        let order = try bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        let key = try #require(SecretKey(bytes: [UInt8](repeating: 9, count: 32)))
        var signature = key.sign([1])
        var carry: UInt16 = 0
        for place in 0..<32 {
            carry += UInt16(signature[32 + place]) + UInt16(order[place])
            signature[32 + place] = UInt8(truncatingIfNeeded: carry)
            carry >>= 8
        }
        #expect(carry == 0)
        #expect(!key.publicKey.verify(signature, of: [1]))
    }

    @Test("keys and signatures of another length are none")
    func lengths() throws {
        let key = try #require(SecretKey(bytes: [UInt8](repeating: 7, count: 32)))
        let signature = key.sign([])
        for count in [0, 1, 31, 33, 64] {
            #expect(SecretKey(bytes: [UInt8](repeating: 7, count: count)) == nil)
            #expect(PublicKey(bytes: [UInt8](repeating: 7, count: count)) == nil)
        }
        for other in [[], Array(signature.dropLast()), signature + [0], signature + signature] {
            #expect(!key.publicKey.verify(other, of: []))
        }
        #expect(PublicKey(hexadecimal: key.publicKey.hexadecimal.uppercased()) == nil)
        #expect(PublicKey(hexadecimal: key.publicKey.hexadecimal.dropLast()) == nil)
    }

    /// Under the point of order 1, R = B and S = 1 sign everything.
    @Test("keys under which anybody could sign are refused")
    func weakKeys() throws {
        for text in [
            "0100000000000000000000000000000000000000000000000000000000000000",
            "0000000000000000000000000000000000000000000000000000000000000080",
            "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
            "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        ] { #expect(PublicKey(hexadecimal: text) == nil, "\(text)") }
    }

    @Test("hexadecimal digits: lower case, in pairs")
    func hexadecimal() {
        #expect(Hexadecimal.decode("00ff7a") == [0, 255, 0x7a])
        #expect(Hexadecimal.encode([0, 255, 0x7a]) == "00ff7a")
        for text in ["0", "0g", "FF", " 00", "0x", "é", "00 "] { #expect(Hexadecimal.decode(text) == nil, "\(text)") }
    }

    // MARK: Sealed secrets

    private static let few: UInt32 = 100_000

    /// Made by another implementation (PBKDF2 of Python's hashlib, and RFC 8439 written down in Python).
    @Test("a secret that others sealed")
    func foreign() throws {
        let sealed = try #require(
            SealedSecret(
                iterations: Self.few, salt: Array(0..<16), nonce: Array(100..<112),
                content: try bytes(
                    "3167a44d37dd8ede66e406ab8d75db3f52b5148884cff3b8631017e4408b132f66bfd9cb2860719ac5a1b75dc05a681d"))
        )
        #expect(sealed.open(passphrase: Array("correct horse".utf8), context: Array("context".utf8)) == Array(32..<64))
    }

    @Test("only the passphrase and the context open it, and nothing in it can change")
    func sealing() throws {
        let (passphrase, context) = (Array("a passphrase".utf8), Array("context".utf8))
        let sealed = SealedSecret(
            sealing: Array(0..<32), passphrase: passphrase, context: context, iterations: Self.few,
            random: Array(0..<28))
        #expect(sealed.content.count == 48)
        #expect(sealed.open(passphrase: passphrase, context: context) == Array(0..<32))
        #expect(sealed.open(passphrase: passphrase + [1], context: context) == nil)
        #expect(sealed.open(passphrase: [], context: context) == nil)
        #expect(sealed.open(passphrase: passphrase, context: []) == nil)
        for place in [0, 31, 32, 47] {
            var content = sealed.content
            content[place] ^= 1
            let changed = SealedSecret(iterations: Self.few, salt: sealed.salt, nonce: sealed.nonce, content: content)
            #expect(try #require(changed).open(passphrase: passphrase, context: context) == nil)
        }
        let others = [
            SealedSecret(iterations: Self.few + 1, salt: sealed.salt, nonce: sealed.nonce, content: sealed.content),
            SealedSecret(
                iterations: Self.few, salt: sealed.salt.reversed(), nonce: sealed.nonce, content: sealed.content),
            SealedSecret(
                iterations: Self.few, salt: sealed.salt, nonce: sealed.nonce.reversed(), content: sealed.content),
        ]
        for other in others { #expect(try #require(other).open(passphrase: passphrase, context: context) == nil) }
    }

    @Test("sizes that no sealed secret has")
    func bounds() {
        let salt = [UInt8](repeating: 0, count: 16)
        let nonce = [UInt8](repeating: 0, count: 12)
        let content = [UInt8](repeating: 0, count: 48)
        #expect(SealedSecret(iterations: 99_999, salt: salt, nonce: nonce, content: content) == nil)
        #expect(SealedSecret(iterations: 10_000_001, salt: salt, nonce: nonce, content: content) == nil)
        #expect(SealedSecret(iterations: .max, salt: salt, nonce: nonce, content: content) == nil)
        #expect(SealedSecret(iterations: Self.few, salt: nonce, nonce: nonce, content: content) == nil)
        #expect(SealedSecret(iterations: Self.few, salt: salt, nonce: salt, content: content) == nil)
        #expect(SealedSecret(iterations: Self.few, salt: salt, nonce: nonce, content: nonce) == nil)
    }
}
