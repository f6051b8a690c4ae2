internal import Digests

/// A manifest that was verified once, as it is remembered.
package struct SeenManifest: Hashable, Sendable {
    package let manifest: CollectionManifest
    /// Of the document: the same serial twice is the same document twice.
    let digest: SHA256Digest
}

/// A manifest that holds now.
package struct VerifiedManifest: Hashable, Sendable {
    package enum Warning: Hashable, Sendable {
        /// Less than a fifth of its lifetime is left.
        case expiresSoon(seconds: UInt64)
        /// What it is signed under is not the newest set of keys.
        case formerKeySet(UInt64)
    }

    package let seen: SeenManifest
    package let warnings: [Warning]

    package var manifest: CollectionManifest { seen.manifest }
}

extension VerifiedManifest.Warning: CustomStringConvertible {
    package var description: String {
        switch self {
        case .expiresSoon(let seconds): "what it says expires in \(Age.text(seconds)), and nothing newer is there"
        case .formerKeySet(let version): "it was signed under key set \(version), which is not the newest one"
        }
    }
}

extension CollectionManifest {
    /// Verifies what a collection offers, against who is trusted and what was seen.
    ///
    /// - Parameters:
    ///   - envelope: the bytes of `moss-collection.json`.
    ///   - name: of the collection as its user calls it, for messages.
    ///   - keys: the newest set that could be reached, see ``KeySet/successor(_:for:limits:)``.
    ///   - lastSeen: the last one that was verified; nil at the first time only.
    ///   - now: seconds since 1970.
    /// - Throws: `wrongKey`, `tooFewSignatures`: not enough keys of the set signed. `mixAndMatch`: of another collection, or
    ///   under a set of keys that was not offered. `rollBack`: a serial lower than the last one, or than where serials began
    ///   anew, or made more than a day before the last one. `forked`: the last serial with other content. `fastForward`: a
    ///   serial above 2^53 - 1 or further ahead than ``TrustLimits/serialJumpMax``, or made more than a day from now.
    ///   `freeze`: expired. `endlessData` and `malformed`.
    package static func verify(
        _ envelope: [UInt8], for name: String, keys: KeySet, lastSeen: SeenManifest?, now: Int64,
        limits: TrustLimits = .standard
    ) throws(TrustError) -> VerifiedManifest {
        let seen = try read(envelope, for: name, keys, limits)
        let check = ManifestCheck(seen: seen, name: name, keys: keys, lastSeen: lastSeen, limits: limits)
        try check.collectionAndKeys()
        try check.serial()
        try check.times(now: UInt64(max(0, now)))
        return VerifiedManifest(seen: seen, warnings: check.warnings(now: UInt64(max(0, now))))
    }

    /// Reads back what was verified, without a look at clocks and serials.
    ///
    /// Kept are the bytes of the last manifest and those of all sets of keys since the first. A manifest that cannot be read
    /// back is no reason to begin anew: whoever could damage it could roll back then.
    ///
    /// - Parameter keys: all sets since the first, one of which it was signed under.
    /// - Throws: `damagedRecord`.
    package static func recall(
        _ envelope: [UInt8], for name: String, keys: [KeySet], limits: TrustLimits = .standard
    ) throws(TrustError) -> SeenManifest {
        for set in keys.reversed() {
            if let seen = try? read(envelope, for: name, set, limits) { return seen }
        }
        throw TrustError(
            .damagedRecord, name, "what was last seen of it is not what was verified then",
            remedy: "remove the collection and add it anew, if nobody meddled with the files")
    }

    /// Which set of keys a manifest says that it is signed under: what to ask for, and nothing to believe.
    package static func claimedKeySet(_ envelope: [UInt8], limits: TrustLimits = .standard) -> UInt64? {
        guard let envelope = try? Envelope(reading: envelope, limits) else { return nil }
        return try? CollectionManifest(payload: envelope.payload, limits).keySet
    }

    private static func read(
        _ bytes: [UInt8], for name: String, _ keys: KeySet, _ limits: TrustLimits
    ) throws(TrustError) -> SeenManifest {
        let envelope: Envelope
        do throws(Malformed) {
            envelope = try Envelope(reading: bytes, limits)
        } catch {
            throw TrustError(error, name, DocumentType.collection.name)
        }
        try keys.requireSignatures(envelope, .collection, for: name, document: DocumentType.collection.name)
        do throws(Malformed) {
            return SeenManifest(
                manifest: try CollectionManifest(payload: envelope.payload, limits),
                digest: envelope.payload.withUnsafeBytes { SHA256Digest(hashing: $0) })
        } catch {
            throw TrustError(error, name, DocumentType.collection.name)
        }
    }
}
