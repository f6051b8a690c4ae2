internal import JSON
internal import Signatures

extension KeySet {
    /// The document, to be signed.
    package var payload: [UInt8] {
        var members: [String: JSONValue] = [
            "type": .string(DocumentType.keys.rawValue), "version": .number("\(version)"),
            "threshold": .number("\(threshold)"),
            "keys": .array(
                keys.map { key in
                    var members: [String: JSONValue] = ["public": .string(key.publicKey.hexadecimal)]
                    members["comment"] = key.comment.map { .string($0) }
                    return .object(members)
                }),
        ]
        members["collection"] = collection.map { .string($0) }
        if !revoked.isEmpty { members["revoked"] = .array(revoked.map { .string($0.text) }) }
        members["serialReset"] = serialReset.map {
            .object(["keySet": .number("\($0.keySet)"), "serial": .number("\($0.serial)")])
        }
        return JSONValue.object(members).text()
    }

    init(payload: [UInt8], _ limits: TrustLimits) throws(Malformed) {
        let fields = try Fields(reading: payload, byteCountMax: limits.envelopeByteCountMax)
        try fields.expect(.keys)
        let version = try fields.number("version")
        guard version > 0 else { throw fields.wrong("version", "is 0") }
        var keys: [Key] = []
        for value in try fields.list("keys", countMax: limits.keyCountMax) {
            keys.append(try Self.key(Fields(value, at: "keys")))
        }
        try self.init(
            version: version,
            collection: fields.text("collection", byteCountMax: PlainName.byteCountMax),
            threshold: Int(fields.number("threshold", upTo: UInt64(limits.keyCountMax))), keys: keys,
            revoked: Self.revoked(fields, limits), serialReset: Self.serialReset(fields), limits)
    }

    private static func key(_ fields: Fields) throws(Malformed) -> Key {
        guard let key = PublicKey(hexadecimal: try fields.text("public", byteCountMax: 2 * PublicKey.byteCount)) else {
            throw fields.wrong("public", "is no key that can be trusted")
        }
        let comment = fields.has("comment") ? try fields.text("comment", byteCountMax: commentByteCountMax) : nil
        return Key(key, comment: comment)
    }

    private static func revoked(_ fields: Fields, _ limits: TrustLimits) throws(Malformed) -> [KeyID] {
        guard fields.has("revoked") else { return [] }
        var revoked: [KeyID] = []
        for value in try fields.list("revoked", countMax: limits.revokedCountMax) {
            guard case .string(let text) = value, let id = KeyID(text) else {
                throw fields.wrong("revoked", "has something that is no id of a key")
            }
            revoked.append(id)
        }
        return revoked
    }

    private static func serialReset(_ fields: Fields) throws(Malformed) -> SerialReset? {
        guard fields.has("serialReset") else { return nil }
        let reset = try fields.object("serialReset")
        return SerialReset(keySet: try reset.number("keySet"), serial: try reset.number("serial"))
    }
}

extension Fields {
    /// The document says itself what it is, for people and for those who sign; what counts is what was signed.
    func expect(_ type: DocumentType) throws(Malformed) {
        guard try text("type", byteCountMax: 64) == type.rawValue else {
            throw wrong("type", "is not \(type.rawValue)")
        }
    }
}
