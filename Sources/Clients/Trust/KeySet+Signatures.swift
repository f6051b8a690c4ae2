internal import Signatures

extension KeySet {
    /// Whose signatures of a document count.
    struct Tally {
        /// Keys of the set whose signatures are right.
        var good: Set<KeyID> = []
        /// Keys of the set whose signatures are of something else.
        var bad = 0
        var revoked = 0
        var unknown = 0
    }

    func tally(_ envelope: Envelope, _ type: DocumentType) -> Tally {
        let signed = type.signedBytes(envelope.payload)
        var tally = Tally()
        for signature in envelope.signatures {
            if let key = keys.first(where: { $0.id == signature.key }) {
                if key.publicKey.verify(signature.bytes, of: signed) {
                    tally.good.insert(key.id)
                } else {
                    tally.bad += 1
                }
            } else if revoked.contains(signature.key) {
                tally.revoked += 1
            } else {
                tally.unknown += 1
            }
        }
        return tally
    }

    /// Throws `wrongKey` or `tooFewSignatures` unless enough keys of this set signed.
    ///
    /// - Parameter document: what was signed, for people.
    func requireSignatures(
        _ envelope: Envelope, _ type: DocumentType, for name: String, document: String
    ) throws(TrustError) {
        let tally = tally(envelope, type)
        if tally.good.count >= threshold { return }
        var others: [String] = []
        if tally.revoked > 0 { others.append("\(tally.revoked) by revoked keys") }
        if tally.unknown > 0 { others.append("\(tally.unknown) by keys that are not in it") }
        if tally.bad > 0 { others.append("\(tally.bad) of something else") }
        let rest = others.isEmpty ? "" : " (there are \(others.joined(separator: ", ")))"
        let number = tally.good.isEmpty ? "none" : "\(tally.good.count)"
        throw TrustError(
            tally.good.isEmpty ? .wrongKey : .tooFewSignatures, name,
            "\(document) has \(number) of the \(threshold) signatures needed by \(self.name)\(rest)",
            remedy: "ask those who publish it, by another way, which keys are theirs; nothing of it was used")
    }
}
