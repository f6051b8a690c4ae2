import Digests
import Failures
import JSON
import Signatures
import TestSupport
import Testing
import Trust

private typealias Fixture = TrustFixture

/// Each attack on what a collection offers, at the place where keys, serials and times are checked.
@Suite struct TrustManifestTests {
    private let keys: KeySet

    init() throws {
        keys = try Fixture.told([1])
    }

    private func seen(_ manifest: CollectionManifest) throws -> SeenManifest {
        try Fixture.verify(Fixture.envelope(manifest, by: [1]), keys).seen
    }

    // MARK: What holds

    @Test func whatWasSignedIsWhatIsRead() throws {
        let file = CollectionManifest.File(path: "a/b-1.2~3+4_5.xz", sha256: Fixture.indexDigest, size: 1 << 32)
        let manifest = try CollectionManifest(
            collection: "main", serial: 7, created: 1_799_999_000, expires: 1_802_000_000, keySet: 0,
            index: Fixture.index, files: file, deltas: [.init(from: Fixture.indexDigest, file: file)])
        let verified = try Fixture.verify(Fixture.envelope(manifest, by: [1]), keys)
        #expect(verified.manifest == manifest)
        #expect(verified.warnings == [])
        #expect(CollectionManifest.claimedKeySet(try Fixture.envelope(manifest, by: [1])) == 0)
    }

    @Test func membersThatNobodyKnowsYetArePassedOver() throws {
        let payload = try Fixture.changed(
            Fixture.manifest().payload, ["mirrors": .array([.object(["x": .null])]), "later": .number("1e9")])
        let envelope = try Fixture.signer([1]).sign(payload, type: .collection)
        #expect(try Fixture.verify(envelope, keys).manifest == Fixture.manifest())
    }

    @Test func theSameAgainAndTheNextHold() throws {
        let last = try seen(Fixture.manifest(serial: 5))
        try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: 5), by: [1]), keys, after: last)
        try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: 6), by: [1]), keys, after: last)
        #expect(keys.nextSerial(after: last) == 6 && keys.nextSerial(after: nil) == 1)
    }

    @Test func moreSignaturesChangeNothing() throws {
        let last = try seen(Fixture.manifest(serial: 5))
        try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: 5), by: [3, 1, 2]), keys, after: last)
    }

    @Test func anEndThatComesNearIsSaid() throws {
        let manifest = try Fixture.manifest(created: 1_000_000, expires: 2_000_000)
        let envelope = try Fixture.envelope(manifest, by: [1])
        #expect(try Fixture.verify(envelope, keys, now: 1_799_999).warnings == [])
        let warnings = try Fixture.verify(envelope, keys, now: 1_800_001).warnings
        #expect(warnings == [.expiresSoon(seconds: 199_999)])
        #expect(warnings.first?.description == "what it says expires in 2 days, and nothing newer is there")
        #expect(try Fixture.verify(envelope, keys, now: 1_999_999).warnings == [.expiresSoon(seconds: 1)])
    }

    // MARK: Attacks

    @Test func wrongKey() throws {
        let envelope = try Fixture.envelope(Fixture.manifest(), by: [2])
        Fixture.expect(.wrongKey, saying: "none of the 1 signatures") { try Fixture.verify(envelope, keys) }
        let unsigned = try Fixture.envelope(Fixture.manifest(), by: [])
        Fixture.expect(.wrongKey) { try Fixture.verify(unsigned, keys) }
        // The right id beside another key's signature.
        let forged = String(decoding: envelope, as: UTF8.self)
            .replacing(try Fixture.id(2).text, with: try Fixture.id(1).text)
        Fixture.expect(.wrongKey, saying: "1 of something else") { try Fixture.verify(Array(forged.utf8), keys) }
    }

    @Test func oneStolenKeyOfThreeIsNotEnough() throws {
        let set = try Fixture.told([1, 2, 3], threshold: 2)
        let manifest = try Fixture.manifest()
        Fixture.expect(.tooFewSignatures, saying: "1 of the 2") {
            try Fixture.verify(Fixture.envelope(manifest, by: [2]), set)
        }
        Fixture.expect(.tooFewSignatures) { try Fixture.verify(Fixture.envelope(manifest, by: [2, 4, 5]), set) }
        for numbers: [UInt8] in [[1, 2], [2, 3], [1, 3], [3, 2, 1], [4, 3, 1]] {
            try Fixture.verify(Fixture.envelope(manifest, by: numbers), set)
        }
        // The same signature twice is malformed, under its own id and, as it is then of another key, under another one.
        let one = String(decoding: try Fixture.envelope(manifest, by: [2]), as: UTF8.self)
        let start = try #require(one.firstRange(of: "[{")), end = try #require(one.firstRange(of: "}]"))
        let signature = one[one.index(after: start.lowerBound)..<one.index(before: end.upperBound)]
        let twice = one.replacing("}]", with: "},\(signature)]")
        Fixture.expect(.malformed, saying: "twice") { try Fixture.verify(Array(twice.utf8), set) }
        let renamed = one.replacing(
            "}]", with: "},\(signature.replacing(try Fixture.id(2).text, with: try Fixture.id(3).text))]")
        Fixture.expect(.tooFewSignatures) { try Fixture.verify(Array(renamed.utf8), set) }
    }

    @Test func rollBack() throws {
        let last = try seen(Fixture.manifest(serial: 5))
        Fixture.expect(.rollBack, saying: "5 was seen before") {
            try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: 4), by: [1]), keys, after: last)
        }
        let older = try Fixture.manifest(serial: 6, created: UInt64(Fixture.now) - 2 * Fixture.day - 1)
        Fixture.expect(.rollBack, saying: "before the one that was last seen") {
            try Fixture.verify(Fixture.envelope(older, by: [1]), keys, after: last)
        }
        // Clocks of two publishers may differ a little.
        let slow = try Fixture.manifest(serial: 6, created: UInt64(Fixture.now) - 2 * Fixture.day)
        try Fixture.verify(Fixture.envelope(slow, by: [1]), keys, after: last)
    }

    @Test func freeze() throws {
        let envelope = try Fixture.envelope(Fixture.manifest(expires: UInt64(Fixture.now)), by: [1])
        Fixture.expect(.freeze, saying: "expired 0 seconds ago") { try Fixture.verify(envelope, keys) }
        try Fixture.verify(envelope, keys, now: Fixture.now - 1)
        // Also where it is the one that was seen.
        let last = try Fixture.verify(envelope, keys, now: Fixture.now - 1).seen
        Fixture.expect(.freeze, saying: "10 days") {
            try Fixture.verify(envelope, keys, after: last, now: Fixture.now + 10 * Int64(Fixture.day))
        }
    }

    @Test func fastForwardOfTime() throws {
        let ahead = UInt64(Fixture.now) + Fixture.day
        try Fixture.verify(Fixture.envelope(Fixture.manifest(created: ahead), by: [1]), keys)
        for now in [Fixture.now - 1, 0, -1, .min] {
            Fixture.expect(.fastForward, saying: "clock") {
                try Fixture.verify(Fixture.envelope(Fixture.manifest(created: ahead), by: [1]), keys, now: now)
            }
        }
    }

    @Test func fastForwardOfSerials() throws {
        let last = try seen(Fixture.manifest(serial: 5))
        let most: UInt64 = 1_000_005
        try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: most), by: [1]), keys, after: last)
        for serial in [most + 1, 1 << 53 - 1] as [UInt64] {
            Fixture.expect(.fastForward, saying: "jumps from 5") {
                try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: serial), by: [1]), keys, after: last)
            }
        }
        // Who looks for the first time has nothing to measure by.
        try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: 1 << 53 - 1), by: [1]), keys)
        Fixture.expect(.invalidRequest) { try Fixture.manifest(serial: 1 << 53) }
        for serial in ["9007199254740992", "18446744073709551615"] {
            let payload = try Fixture.changed(Fixture.manifest().payload, ["serial": .number(serial)])
            let envelope = try Fixture.signer([1]).sign(payload, type: .collection)
            Fixture.expect(.fastForward) { try Fixture.verify(envelope, keys) }
        }
    }

    @Test func oneSerialForTwoThings() throws {
        let last = try seen(Fixture.manifest(serial: 5))
        Fixture.expect(.forked) {
            try Fixture.verify(Fixture.envelope(Fixture.manifest(serial: 5, size: 6), by: [1]), keys, after: last)
        }
    }

    @Test func mixAndMatch() throws {
        let last = try seen(Fixture.manifest(serial: 5))
        // Another collection of the same people.
        let other = try Fixture.envelope(Fixture.manifest(serial: 6, collection: "testing"), by: [1])
        Fixture.expect(.mixAndMatch, saying: "testing") { try Fixture.verify(other, keys, after: last) }
        let set = try Fixture.told([1]).successor(Fixture.envelope(Fixture.first([1]), by: [1]), for: "main")
        Fixture.expect(.mixAndMatch, saying: "testing") { try Fixture.verify(other, set) }
        // A set of keys that is kept back.
        Fixture.expect(.mixAndMatch, saying: "key set 1") {
            try Fixture.verify(Fixture.envelope(Fixture.manifest(keySet: 1), by: [1]), keys)
        }
        // An index of another time.
        Fixture.expect(.mixAndMatch, saying: "stone.index") {
            try Fixture.index.check(size: 4, sha256: Fixture.indexDigest, for: "main")
        }
        let others = Array("other".utf8).withUnsafeBytes { SHA256Digest(hashing: $0) }
        Fixture.expect(.mixAndMatch) { try Fixture.index.check(size: 5, sha256: others, for: "main") }
        try Fixture.index.check(size: 5, sha256: Fixture.indexDigest, for: "main")
    }

    @Test func endlessData() throws {
        Fixture.expect(.endlessData, saying: "5 bytes") {
            try Fixture.index.check(size: 6, sha256: Fixture.indexDigest, for: "main")
        }
        let envelope = try Fixture.envelope(Fixture.manifest(), by: [1])
        Fixture.expect(.endlessData) {
            try Fixture.verify(envelope + [UInt8](repeating: 0x20, count: 512 << 10), keys)
        }
        let payload = try Fixture.changed(
            Fixture.manifest().payload,
            [
                "index": .object([
                    "path": .string("i"), "sha256": .string(Fixture.indexDigest.hexadecimal),
                    "size": .number("4294967297"),
                ])
            ])
        Fixture.expect(.endlessData) {
            try Fixture.verify(Fixture.signer([1]).sign(payload, type: .collection), keys)
        }
    }

    @Test func whatFetchingFindsHasNamesToo() {
        let errors: [TrustError] = [
            .endlessData("main", "a", byteCountMax: 1), .slowRetrieval("main", "a", byteCount: 1, seconds: 60),
            .arbitraryPackage("main", package: "a"), .extraneousDependency("main", package: "a", dependency: "b"),
        ]
        for error in errors { Fixture.expect(error.code) { () throws -> Void in throw error } }
        #expect(errors[2].marks == .badStone && errors[3].marks == .badStone)
        // Names for programs, which stay.
        #expect(
            TrustError.Code.allCases.prefix(9).map(\.rawValue) == [
                "arbitraryPackage", "rollBack", "freeze", "fastForward", "endlessData", "mixAndMatch", "wrongKey",
                "extraneousDependency", "slowRetrieval",
            ])
    }

    /// A signature of one type is none of another, whatever the payload.
    @Test func typesAreApart() throws {
        let manifest = try Fixture.signer([1]).sign(Fixture.manifest().payload, type: .keys)
        Fixture.expect(.wrongKey) { try Fixture.verify(manifest, keys) }
        let set = try Fixture.signer([1]).sign(Fixture.first([1]).payload, type: .collection)
        Fixture.expect(.wrongKey) { try keys.successor(set, for: "main") }
        // Nor is one of the bare payload, or of a payload that brings another type's prefix.
        let payload = try Fixture.manifest().payload
        for signed in [payload, Array("moss-keys-v1\nmoss-collection-v1\n".utf8) + payload] {
            let signature = Hexadecimal.encode(try Fixture.secret(1).sign(signed))
            let right = Hexadecimal.encode(
                try Fixture.secret(1).sign(Array("moss-collection-v1\n".utf8) + payload))
            let text = String(decoding: try Fixture.envelope(Fixture.manifest(), by: [1]), as: UTF8.self)
            #expect(text.contains(right))
            Fixture.expect(.wrongKey) { try Fixture.verify(Array(text.replacing(right, with: signature).utf8), keys) }
        }
        // Signed as one type, and saying that it is the other.
        let wrong = try Fixture.signer([1]).sign(Fixture.first([1]).payload, type: .collection)
        Fixture.expect(.malformed, saying: "type") { try Fixture.verify(wrong, keys) }
    }

    // MARK: What is kept

    @Test func whatWasSeenIsReadBack() throws {
        let envelope = try Fixture.envelope(Fixture.manifest(serial: 5), by: [1])
        let seen = try Fixture.verify(envelope, keys).seen
        #expect(try CollectionManifest.recall(envelope, for: "main", keys: [keys]) == seen)
        // Long after, and after the keys were changed.
        let set = try Fixture.told([2])
        #expect(try CollectionManifest.recall(envelope, for: "main", keys: [keys, set]) == seen)
        Fixture.expect(.damagedRecord) { try CollectionManifest.recall(envelope, for: "main", keys: [set]) }
        Fixture.expect(.damagedRecord) { try CollectionManifest.recall([], for: "main", keys: [keys]) }
    }
}
