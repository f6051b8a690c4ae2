internal import BytePath
internal import Digests

extension CollectionManifest {
    /// Reads the last manifest of a collection for whoever publishes it: who signed it does not matter, for the next one
    /// is signed anew.
    package static func own(
        _ envelope: [UInt8], for name: String, limits: TrustLimits = .standard
    ) throws(TrustError) -> SeenManifest {
        do throws(Malformed) {
            let envelope = try Envelope(reading: envelope, limits)
            return SeenManifest(
                manifest: try CollectionManifest(payload: envelope.payload, limits),
                digest: envelope.payload.withUnsafeBytes { SHA256Digest(hashing: $0) })
        } catch {
            throw TrustError(error, name, DocumentType.collection.name)
        }
    }
}

extension PublishedKeys {
    /// How many of those who have to sign manifests did; nothing where the collection has no sets of keys.
    package func count(_ envelope: [UInt8]) throws(TrustError) -> Signed.Count? {
        guard let set = try newest() else { return nil }
        let envelope = try Envelope(reading: envelope, file: directory.display)
        return Signed.Count(
            keySet: set.version, signatures: set.tally(envelope, .collection).good.count, threshold: set.threshold)
    }
}

extension KeySet {
    /// Whether a signature by every key of `signer` counts.
    package func knows(_ signer: Signer) -> Bool {
        signer.ids.allSatisfy { id in keys.contains { $0.id == id } }
    }

    /// Whether enough keys of this set signed a document.
    package func isSatisfied(by envelope: [UInt8], type: DocumentType) -> Bool {
        guard let envelope = try? Envelope(reading: envelope, file: type.name) else { return false }
        return tally(envelope, type).good.count >= threshold
    }
}
