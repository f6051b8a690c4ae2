package import Signatures

/// Those who sign, with their secret keys.
package struct Signer: Sendable {
    private let keys: [SecretKey]

    package init(_ keys: [SecretKey]) {
        self.keys = keys
    }

    package var ids: [KeyID] { keys.map { KeyID($0.publicKey) } }

    /// A new document, signed by all keys: the bytes of its file.
    package func sign(_ payload: [UInt8], type: DocumentType) -> [UInt8] {
        adding(to: Envelope(payload: payload), type: type).text
    }

    /// The document with the signatures of all keys besides those it has.
    package func adding(to envelope: Envelope, type: DocumentType) -> Envelope {
        var envelope = envelope
        let bytes = type.signedBytes(envelope.payload)
        for key in keys { envelope.add(.init(key: KeyID(key.publicKey), bytes: key.sign(bytes))) }
        return envelope
    }
}
