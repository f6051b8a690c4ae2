/// How trust passes from one set of keys to the next.
extension KeySet {
    /// The set that follows this one, if the envelope has it: the next version, for the same collection, signed by enough
    /// keys of this set and by enough of its own.
    ///
    /// A client asks for the next version again and again, as far as there are files, and keeps their bytes: from the set
    /// it began with they lead to the same set again. Keys that a user was told (version 0) may belong to any version,
    /// so the first step may lead to any; which one a manifest names, ``CollectionManifest/claimedKeySet(_:limits:)`` says.
    ///
    /// - Parameter name: of the collection as its user calls it, for messages.
    /// - Throws: `rollBack` for a set that is not newer, `mixAndMatch` for a version that is not the next or a collection
    ///   that is another one, `wrongKey` and `tooFewSignatures`, `malformed`.
    package func successor(
        _ envelope: [UInt8], for name: String, limits: TrustLimits = .standard
    ) throws(TrustError) -> KeySet {
        let (envelope, next) = try Self.read(envelope, for: name, limits)
        guard next.version > version else {
            throw TrustError(
                .rollBack, name, "\(next.name) was offered, where \(self.name) is trusted already",
                remedy: "try another mirror, or tell those who publish it")
        }
        guard version == 0 || next.version == version + 1 else {
            throw TrustError(
                .mixAndMatch, name, "\(next.name) was offered in the place of key set \(version + 1)",
                remedy: "try another mirror, or tell those who publish it")
        }
        try requireSignatures(envelope, .keys, for: name, document: next.name)
        try next.requireSignatures(envelope, .keys, for: name, document: next.name)
        guard collection == nil || next.collection == collection else {
            throw TrustError(
                .mixAndMatch, name,
                "\(next.name) is for the collection \(next.collection ?? ""), and not for \(collection ?? "")",
                remedy: "see whether its location is right")
        }
        do throws(Malformed) {
            try checkSuccession(of: next)
        } catch {
            throw TrustError(error, name, next.name)
        }
        return next
    }

    private func checkSuccession(of next: KeySet) throws(Malformed) {
        if let back = Set(revoked).subtracting(next.revoked).min() {
            throw Malformed(.rollBack, "the key \(back) was revoked, which is for ever")
        }
        guard version > 0, next.serialReset != serialReset else { return }
        guard next.serialReset?.keySet == next.version else {
            throw Malformed(.rollBack, "where serials began anew is another place than before")
        }
    }

    /// All sets from this one on, along files that were kept.
    package func followed(
        by envelopes: [[UInt8]], for name: String, limits: TrustLimits = .standard
    ) throws(TrustError) -> [KeySet] {
        var sets = [self]
        for envelope in envelopes {
            sets.append(try sets[sets.count - 1].successor(envelope, for: name, limits: limits))
        }
        return sets
    }

    /// Reads a set of whoever publishes it: signed by enough of its own keys, whatever was before it.
    package static func own(
        _ envelope: [UInt8], for name: String, limits: TrustLimits = .standard
    ) throws(TrustError) -> KeySet {
        let (envelope, set) = try read(envelope, for: name, limits)
        try set.requireSignatures(envelope, .keys, for: name, document: set.name)
        return set
    }

    private static func read(
        _ bytes: [UInt8], for name: String, _ limits: TrustLimits
    ) throws(TrustError) -> (Envelope, KeySet) {
        do throws(Malformed) {
            let envelope = try Envelope(reading: bytes, limits)
            return (envelope, try KeySet(payload: envelope.payload, limits))
        } catch {
            throw TrustError(error, name, DocumentType.keys.name)
        }
    }
}
