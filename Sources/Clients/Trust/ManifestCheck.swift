/// What a manifest that is signed by enough keys still has to be.
struct ManifestCheck {
    let seen: SeenManifest
    /// Of the collection, for messages.
    let name: String
    let keys: KeySet
    let lastSeen: SeenManifest?
    let limits: TrustLimits

    private var manifest: CollectionManifest { seen.manifest }

    private func refusal(_ code: TrustError.Code, _ cause: String, remedy: String? = nil) -> TrustError {
        TrustError(
            code, name, cause,
            remedy: remedy ?? "try another mirror, or tell those who publish it; what was verified before stays in use")
    }

    func collectionAndKeys() throws(TrustError) {
        for expected in [keys.collection, lastSeen?.manifest.collection].compactMap({ $0 })
        where manifest.collection != expected {
            throw refusal(
                .mixAndMatch, "the manifest is of the collection \(manifest.collection), and not of \(expected)",
                remedy: "see whether its location is right")
        }
        guard manifest.keySet <= keys.version else {
            throw refusal(.mixAndMatch, "the manifest was signed under key set \(manifest.keySet), which is not there")
        }
        if let reset = keys.serialReset, manifest.keySet < reset.keySet {
            throw refusal(
                .rollBack,
                "the manifest was signed under key set \(manifest.keySet), and serials began anew with \(reset.keySet)")
        }
    }

    func serial() throws(TrustError) {
        guard let base = keys.serialBase(lastSeen) else { return }
        guard manifest.serial >= base.serial else {
            let was = base.isReset ? "serials begin with \(base.serial)" : "\(base.serial) was seen before"
            throw refusal(.rollBack, "serial \(manifest.serial) was offered, and \(was)")
        }
        // Who looks for the first time has nothing to measure by, and a collection may have come far.
        guard let lastSeen else { return }
        guard manifest.serial - base.serial <= limits.serialJumpMax else {
            throw refusal(
                .fastForward, "the serial jumps from \(base.serial) to \(manifest.serial)",
                remedy: "ask those who publish it whether keys were stolen: new keys can let serials begin anew")
        }
        if !base.isReset, manifest.serial == base.serial, seen.digest != lastSeen.digest {
            throw refusal(
                .forked, "serial \(manifest.serial) was seen before, and said something else",
                remedy: "ask those who publish it which one is theirs; what was verified before stays in use")
        }
    }

    func times(now: UInt64) throws(TrustError) {
        if let before = lastSeen?.manifest.created, manifest.created + limits.clockSecondsMax < before {
            throw refusal(
                .rollBack, "it was made \(Age.text(before - manifest.created)) before the one that was last seen")
        }
        guard manifest.created <= now + limits.clockSecondsMax else {
            throw refusal(
                .fastForward, "it says that it was made \(Age.text(manifest.created - now)) from now",
                remedy: "see whether this machine's clock is right, or tell those who publish it")
        }
        guard now < manifest.expires else {
            throw refusal(
                .freeze, "what it says expired \(Age.text(now - manifest.expires)) ago",
                remedy: "see whether this machine's clock is right, try another mirror, or tell those who publish it")
        }
    }

    func warnings(now: UInt64) -> [VerifiedManifest.Warning] {
        var warnings: [VerifiedManifest.Warning] = []
        let left = manifest.expires - now
        if left < (manifest.expires - manifest.created) / 5 { warnings.append(.expiresSoon(seconds: left)) }
        if manifest.keySet < keys.version { warnings.append(.formerKeySet(manifest.keySet)) }
        return warnings
    }
}
