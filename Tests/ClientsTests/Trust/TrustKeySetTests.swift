import JSON
import Signatures
import TestSupport
import Testing
import Trust

private typealias Fixture = TrustFixture

/// How trust passes from one set of keys to the next.
@Suite struct TrustKeySetTests {
    /// A chain: keys 1-3 (2 of them), then 2-4, then 4-6 (3 of them), each signed by enough of both.
    private struct Chain {
        var sets: [KeySet] = []
        var envelopes: [[UInt8]] = []

        init() throws {
            try add(Fixture.first([1, 2, 3], threshold: 2), [1, 2])
            var change = KeySetChange()
            (change.added, change.removed) = ([try Fixture.key(4)], [try Fixture.id(1)])
            try add(sets[0].changed(by: change, for: "main"), [2, 3])
            change = KeySetChange()
            change.added = [try Fixture.key(5), try Fixture.key(6)]
            (change.removed, change.revoked) = ([try Fixture.id(2)], [try Fixture.id(3)])
            change.threshold = 3
            try add(sets[1].changed(by: change, for: "main"), [2, 3, 4, 5, 6])
        }

        private mutating func add(_ set: KeySet, _ signers: [UInt8]) throws {
            sets.append(set)
            envelopes.append(try Fixture.envelope(set, by: signers))
        }
    }

    @Test func aClientThatIsFarBehindWalks() throws {
        let chain = try Chain()
        let told = try Fixture.told([1, 2], threshold: 2)
        #expect(try told.followed(by: chain.envelopes, for: "main") == [told] + chain.sets)
        #expect(try chain.sets[0].followed(by: Array(chain.envelopes[1...]), for: "main") == chain.sets)
        #expect(chain.sets.map(\.version) == [1, 2, 3] && chain.sets[2].threshold == 3)
        #expect(chain.sets[2].revoked == [try Fixture.id(3)])
        #expect(KeySet.path(version: 3) == "keys/3.json")
    }

    /// Keys that somebody was told today are those of today's set.
    @Test func whoComesLateBeginsWithTheSetOfTheDay() throws {
        let chain = try Chain()
        let told = try Fixture.told([4, 5])
        #expect(try told.successor(chain.envelopes[2], for: "main") == chain.sets[2])
        Fixture.expect(.wrongKey) { try told.successor(chain.envelopes[0], for: "main") }
    }

    @Test func oldSetsAreNotTakenAgain() throws {
        let chain = try Chain()
        for (place, set) in chain.sets.enumerated() {
            for envelope in chain.envelopes[...place] {
                Fixture.expect(.rollBack) { try set.successor(envelope, for: "main") }
            }
        }
    }

    @Test func noSetIsLeftOut() throws {
        let chain = try Chain()
        Fixture.expect(.mixAndMatch, saying: "in the place of key set 2") {
            try chain.sets[0].successor(chain.envelopes[2], for: "main")
        }
    }

    @Test func bothSetsHaveToSign() throws {
        let chain = try Chain()
        let next = chain.sets[1]
        // 2 of 1-3, and 2 of 2-4.
        for numbers: [UInt8] in [[2, 3], [1, 2, 3], [1, 2, 4]] {
            #expect(try chain.sets[0].successor(Fixture.envelope(next, by: numbers), for: "main") == next)
        }
        for numbers: [UInt8] in [[1], [2], [1, 4], [3, 4], [1, 2], [1, 2, 7]] {
            Fixture.expect(.tooFewSignatures) {
                try chain.sets[0].successor(Fixture.envelope(next, by: numbers), for: "main")
            }
        }
        Fixture.expect(.wrongKey) { try chain.sets[0].successor(Fixture.envelope(next, by: [4, 7]), for: "main") }
        Fixture.expect(.wrongKey) { try chain.sets[0].successor(Fixture.envelope(next, by: []), for: "main") }
    }

    /// Whoever has one key of three cannot put others in the place of the rest.
    @Test func aStolenKeyMakesNoSet() throws {
        let trusted = try Fixture.first([1, 2, 3], threshold: 2)
        var change = KeySetChange()
        change.added = [try Fixture.key(8), try Fixture.key(9)]
        change.removed = [try Fixture.id(1), try Fixture.id(2)]
        let evil = try trusted.changed(by: change, for: "main")
        Fixture.expect(.tooFewSignatures, saying: "key set 1") {
            try trusted.successor(Fixture.envelope(evil, by: [3, 8, 9]), for: "main")
        }
        // Revoked, it signs nothing any more.
        var answer = KeySetChange()
        (answer.revoked, answer.added) = ([try Fixture.id(3)], [try Fixture.key(4)])
        let next = try trusted.changed(by: answer, for: "main")
        let set = try trusted.successor(Fixture.envelope(next, by: [1, 2]), for: "main")
        let manifest = try Fixture.manifest(keySet: 2)
        Fixture.expect(.tooFewSignatures, saying: "1 by revoked keys") {
            try Fixture.verify(Fixture.envelope(manifest, by: [1, 3]), set)
        }
        try Fixture.verify(Fixture.envelope(manifest, by: [1, 4]), set)
    }

    @Test func revokedKeysNeverComeBack() throws {
        let chain = try Chain()
        var change = KeySetChange()
        change.added = [try Fixture.key(3)]
        Fixture.expect(.invalidRequest, saying: "revoked") { try chain.sets[2].changed(by: change, for: "main") }
        // Nor where somebody who has enough keys says so.
        let payload = try Fixture.changed(chain.sets[2].payload, ["version": .number("4"), "revoked": .array([])])
        let envelope = try Fixture.signer([4, 5, 6]).sign(payload, type: .keys)
        Fixture.expect(.rollBack, saying: "for ever") { try chain.sets[2].successor(envelope, for: "main") }
    }

    @Test func aSetIsForOneCollection() throws {
        let trusted = try Fixture.told([1]).successor(Fixture.envelope(Fixture.first([1]), by: [1]), for: "main")
        let payload = try Fixture.changed(
            trusted.payload, ["version": .number("2"), "collection": .string("testing")])
        Fixture.expect(.mixAndMatch, saying: "testing") {
            try trusted.successor(Fixture.signer([1]).sign(payload, type: .keys), for: "main")
        }
    }

    @Test func changesThatMakeNoSense() throws {
        let set = try Fixture.first([1, 2], threshold: 2)
        func refuse(_ code: TrustError.Code, _ shape: (inout KeySetChange) throws -> Void) rethrows {
            var change = KeySetChange()
            try shape(&change)
            Fixture.expect(code) { try set.changed(by: change, for: "main") }
        }
        refuse(.invalidRequest) { _ in }
        try refuse(.invalidRequest) { $0.removed = [try Fixture.id(1)] }
        refuse(.invalidRequest) { $0.threshold = 3 }
        refuse(.invalidRequest) { $0.threshold = 0 }
        try refuse(.invalidRequest) { $0.added = [try Fixture.key(1)] }
        try refuse(.notFound) { $0.removed = [try Fixture.id(3)] }
        try refuse(.invalidRequest) { change in
            change.added = [KeySet.Key(try Fixture.secret(4).publicKey, comment: "two\nlines")]
        }
        Fixture.expect(.invalidRequest) { try Fixture.first([]) }
        Fixture.expect(.invalidRequest) { try Fixture.first([1], collection: "../x") }
        Fixture.expect(.invalidRequest) { try Fixture.told([1, 1]) }
        Fixture.expect(.invalidRequest) { try Fixture.told([1], threshold: 2) }
        // What was only removed can be revoked later on.
        var change = KeySetChange()
        change.revoked = [try Fixture.id(9)]
        #expect(try set.changed(by: change, for: "main").revoked == [Fixture.id(9)])
    }

    // MARK: Serials that begin anew

    @Test func newKeysLetSerialsBeginAnew() throws {
        let trusted = try Fixture.told([1]).successor(Fixture.envelope(Fixture.first([1]), by: [1]), for: "main")
        // Somebody with the key has driven the serial up.
        let spoilt = try Fixture.verify(
            Fixture.envelope(Fixture.manifest(serial: 1 << 53 - 1, keySet: 1), by: [1]), trusted)
        Fixture.expect(.rollBack) {
            try Fixture.verify(
                Fixture.envelope(Fixture.manifest(serial: 8, keySet: 1), by: [1]), trusted, after: spoilt.seen)
        }
        var change = KeySetChange()
        (change.added, change.revoked, change.serialReset) = ([try Fixture.key(2)], [try Fixture.id(1)], 8)
        let next = try trusted.changed(by: change, for: "main")
        let set = try trusted.successor(Fixture.envelope(next, by: [1, 2]), for: "main")
        #expect(set.nextSerial(after: spoilt.seen) == 8 && set.nextSerial(after: nil) == 8)
        let manifest = { (serial: UInt64, keySet: UInt64) in
            try Fixture.envelope(Fixture.manifest(serial: serial, keySet: keySet), by: [2])
        }
        let seen = try Fixture.verify(manifest(8, 2), set, after: spoilt.seen).seen
        // Before where they began anew, further ahead than ever, or under the former set.
        Fixture.expect(.rollBack, saying: "serials begin with 8") {
            try Fixture.verify(manifest(7, 2), set, after: spoilt.seen)
        }
        Fixture.expect(.fastForward) { try Fixture.verify(manifest(1_000_009, 2), set, after: spoilt.seen) }
        for last in [nil, spoilt.seen, seen] {
            Fixture.expect(.rollBack, saying: "began anew") { try Fixture.verify(manifest(9, 1), set, after: last) }
        }
        Fixture.expect(.rollBack) { try Fixture.verify(manifest(7, 2), set) }
        // From then on as always, also in later sets.
        var later = KeySetChange()
        later.added = [try Fixture.key(3)]
        let third = try set.successor(Fixture.envelope(set.changed(by: later, for: "main"), by: [2]), for: "main")
        #expect(third.serialReset == set.serialReset && third.nextSerial(after: seen) == 9)
        try Fixture.verify(manifest(9, 3), third, after: seen)
        Fixture.expect(.forked) {
            let other = try Fixture.manifest(serial: 8, keySet: 2, size: 6)
            return try Fixture.verify(Fixture.envelope(other, by: [2]), third, after: seen)
        }
        // What stands in a set about it is not taken back, or put into the past.
        for reset: JSONValue? in [
            nil, .object(["keySet": .number("2"), "serial": .number("1")]),
            .object(["keySet": .number("1"), "serial": .number("8")]),
        ] {
            let payload = try Fixture.changed(set.payload, ["version": .number("3"), "serialReset": reset])
            Fixture.expect(.rollBack) {
                try set.successor(Fixture.signer([2]).sign(payload, type: .keys), for: "main")
            }
        }
    }

    /// What was published under the former set stays good where enough of its keys stay.
    @Test func aManifestOfTheFormerSetIsSaidToBe() throws {
        let trusted = try Fixture.told([1]).successor(Fixture.envelope(Fixture.first([1]), by: [1]), for: "main")
        var change = KeySetChange()
        change.added = [try Fixture.key(2)]
        let set = try trusted.successor(
            Fixture.envelope(trusted.changed(by: change, for: "main"), by: [1]), for: "main")
        let envelope = try Fixture.envelope(Fixture.manifest(keySet: 1), by: [1])
        #expect(try Fixture.verify(envelope, set).warnings == [.formerKeySet(1)])
    }
}
