internal import JSON
internal import Signatures

/// A document and who signed it, as a file of JSON:
///
///     {"payload": BASE64, "signatures": [{"key": KEYID, "signature": HEX}, …]}
///
/// `payload` is the document's bytes in base 64 (RFC 4648, padded, one line). What is signed is `moss-collection-v1` or
/// `moss-keys-v1`, a line end and those bytes. `signature` is Ed25519's, 128 lower-case hexadecimal digits. A key
/// signs once, and there is nothing besides. The file's own form says nothing: signatures can be added by anybody, each
/// counts for itself, and which keys count is the reader's business.
package struct Envelope: Hashable, Sendable {
    struct Signature: Hashable {
        let key: KeyID
        let bytes: [UInt8]
    }

    package let payload: [UInt8]
    private(set) var signatures: [Signature] = []

    init(payload: [UInt8]) {
        self.payload = payload
    }

    init(reading bytes: [UInt8], _ limits: TrustLimits) throws(Malformed) {
        let fields = try Fields(reading: bytes, byteCountMax: limits.envelopeByteCountMax)
        try fields.expectOnly(["payload", "signatures"])
        guard let payload = Base64.decode(try fields.text("payload", byteCountMax: limits.envelopeByteCountMax)) else {
            throw fields.wrong("payload", "is not in base 64")
        }
        self.payload = payload
        for value in try fields.list("signatures", countMax: limits.signatureCountMax) {
            let signature = try Self.signature(Fields(value, at: "signatures"))
            guard !signatures.contains(where: { $0.key == signature.key }) else {
                throw Malformed("the key \(signature.key) signed it twice")
            }
            signatures.append(signature)
        }
    }

    private static func signature(_ fields: Fields) throws(Malformed) -> Signature {
        try fields.expectOnly(["key", "signature"])
        guard let key = KeyID(try fields.text("key", byteCountMax: 2 * KeyID.byteCount)) else {
            throw fields.wrong("key", "is no id of a key")
        }
        let digits = try fields.text("signature", byteCountMax: 2 * PublicKey.signatureByteCount)
        guard let bytes = Hexadecimal.decode(digits), bytes.count == PublicKey.signatureByteCount else {
            throw fields.wrong("signature", "is no signature")
        }
        return Signature(key: key, bytes: bytes)
    }

    /// Reads what somebody is to sign too.
    ///
    /// - Parameter file: its name, for messages.
    package init(reading bytes: [UInt8], file: String, limits: TrustLimits = .standard) throws(TrustError) {
        do throws(Malformed) {
            try self.init(reading: bytes, limits)
        } catch {
            throw TrustError(
                error.code, file, "this is no signed document: \(error.text)", remedy: "make it anew")
        }
    }

    /// Those who signed, or say so: nothing was checked.
    package var signers: [KeyID] { signatures.map(\.key) }

    /// Adds a signature, in the place of one that the same key made before.
    mutating func add(_ signature: Signature) {
        signatures.removeAll { $0.key == signature.key }
        signatures.append(signature)
        signatures.sort { $0.key < $1.key }
    }

    /// The file.
    package var text: [UInt8] {
        let signatures = signatures.map { signature in
            JSONValue.object([
                "key": .string(signature.key.text), "signature": .string(Hexadecimal.encode(signature.bytes)),
            ])
        }
        let members: [String: JSONValue] = [
            "payload": .string(Base64.encode(payload)), "signatures": .array(signatures),
        ]
        return JSONValue.object(members).text() + Array("\n".utf8)
    }
}
