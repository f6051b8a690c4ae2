import Digests
import JSON
import Signatures
import TestSupport
import Testing
import Trust

private typealias Fixture = TrustFixture

/// Documents that are none, and documents that were meddled with.
@Suite struct TrustHostileTests {
    private func refuse(
        _ text: String, _ code: TrustError.Code = .malformed, _ location: SourceLocation = #_sourceLocation
    )
        throws
    {
        let keys = try Fixture.told([1])
        Fixture.expect(code, location) { try Fixture.verify(Array(text.utf8), keys) }
        Fixture.expect(code, location) { try keys.successor(Array(text.utf8), for: "main") }
        #expect(CollectionManifest.claimedKeySet(Array(text.utf8)) == nil, sourceLocation: location)
    }

    @Test func envelopesThatAreNone() throws {
        let id = try Fixture.id(1).text
        let signature = String(repeating: "0", count: 128)
        for text in [
            "", "{", "null", "[]", "7", "\"\"", "{}", "{\"payload\":\"\"}", "{\"signatures\":[]}",
            "{\"payload\":null,\"signatures\":[]}", "{\"payload\":\"\",\"signatures\":null}",
            "{\"payload\":\"\",\"signatures\":{}}", "{\"payload\":\"\",\"signatures\":[7]}",
            "{\"payload\":\"\",\"signatures\":[],\"more\":1}", "{\"payload\":\"\",\"payload\":\"\",\"signatures\":[]}",
            "{\"payload\":\"\",\"signatures\":[{\"key\":\"\(id)\"}]}",
            "{\"payload\":\"\",\"signatures\":[{\"key\":\"\(id)\",\"signature\":\"\(signature)\",\"x\":0}]}",
            "{\"payload\":\"\",\"signatures\":[{\"key\":\"\(id)0\",\"signature\":\"\(signature)\"}]}",
            "{\"payload\":\"\",\"signatures\":[{\"key\":\"\(id.dropLast())A\",\"signature\":\"\(signature)\"}]}",
            "{\"payload\":\"\",\"signatures\":[{\"key\":\"\(id)\",\"signature\":\"\(signature.dropLast())g\"}]}",
            "{\"payload\":\"\",\"signatures\":[{\"key\":\"\(id)\",\"signature\":\"\(signature.dropLast(2))\"}]}",
            "{\"payload\":\"\",\"signatures\":[{\"key\":\"\(id)\",\"signature\":\"\(signature)00\"}]}",
        ] { try refuse(text) }
    }

    /// One text for one content: no other alphabet, no missing or other padding, no bits that stand for nothing.
    @Test func base64() throws {
        for payload in [
            "A", "AA", "AAA", "AA=", "A===", "====", "=AAA", "AA=A", "AB==", "AAB=", "AA-_", "AAA=AAAA", " AAA",
            "AAA\\n",
            "ÀAA", "AA==AA==",
        ] { try refuse("{\"payload\":\"\(payload)\",\"signatures\":[]}") }
        // What is written is read, whatever its length.
        var random = SeededGenerator.forTest()
        for count in 0..<200 {
            let payload = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = try Fixture.signer([1]).sign(payload, type: .keys)
            #expect(try Envelope(reading: text, file: "x").payload == payload)
        }
    }

    @Test func tooMuchOfAnything() throws {
        let signatures = (0..<65).map { number in
            let id = String(repeating: "0", count: 30) + (number < 16 ? "0" : "") + String(number, radix: 16)
            return "{\"key\":\"\(id)\",\"signature\":\"\(String(repeating: "0", count: 128))\"}"
        }
        try refuse("{\"payload\":\"\",\"signatures\":[\(signatures.joined(separator: ","))]}")
        try refuse(String(repeating: "[", count: 100_000))
        try refuse(String(repeating: " ", count: 600 << 10), .endlessData)
        try refuse("{\"payload\":\"" + String(repeating: "A", count: 4 << 20) + "\",\"signatures\":[]}", .endlessData)
        let set = try Fixture.told([1])
        let keys = JSONValue.array((0..<65).map { _ in .object(["public": .string("00")]) })
        let manyKeys = try Fixture.changed(Fixture.first([1]).payload, ["keys": keys])
        Fixture.expect(.malformed, saying: "more than 64") {
            try set.successor(Fixture.signer([1]).sign(manyKeys, type: .keys), for: "main")
        }
        let deltas = JSONValue.array([JSONValue](repeating: .object([:]), count: 513))
        let manyDeltas = try Fixture.changed(Fixture.manifest().payload, ["deltas": deltas])
        Fixture.expect(.malformed, saying: "more than 512") {
            try Fixture.verify(Fixture.signer([1]).sign(manyDeltas, type: .collection), set)
        }
    }

    @Test func manifestsThatAreNone() throws {
        let keys = try Fixture.told([1])
        let digest = JSONValue.string(Fixture.indexDigest.hexadecimal)
        func file(_ path: String, _ more: [String: JSONValue] = [:]) -> JSONValue {
            .object(["path": .string(path), "sha256": digest, "size": .number("1")].merging(more) { $1 })
        }
        let delta = file("d", ["from": digest])
        let changes: [[String: JSONValue?]] = [
            ["type": .string("moss-keys")], ["type": nil], ["collection": .string("")],
            ["collection": .string("a b")], ["collection": .string("../x")], ["collection": nil],
            ["serial": .number("0")], ["serial": .number("-1")], ["serial": .number("1.0")], ["serial": .number("1e3")],
            ["serial": .string("1")], ["serial": .number("18446744073709551616")], ["serial": nil],
            ["serial": .null], ["created": nil], ["created": .number("9007199254740992")],
            ["expires": .number("1")], ["expires": nil], ["keySet": nil], ["index": nil],
            ["index": .string("stone.index")], ["index": file("")], ["files": .null], ["files": file("/etc/passwd")],
            ["index": .object(["path": .string("i"), "sha256": .string("00"), "size": .number("1")])],
            ["deltas": .array([file("d")])], ["deltas": .array([delta, delta])], ["deltas": .object([:])],
        ]
        let paths = [
            "..", ".", "../x", "a/../b", "a/..", "./a", "a//b", "a/", "/a", "http://x/y", "file:x", "c:x", "a\\b",
            "a b",
            "a%2fb", "a?b", "a#b", "é", "a\u{0}b", String(repeating: "a", count: 513),
        ]
        for change in changes + paths.map({ ["index": file($0)] }) {
            let payload = try Fixture.changed(Fixture.manifest().payload, change)
            let envelope = try Fixture.signer([1]).sign(payload, type: .collection)
            Fixture.expect(.malformed, saying: "") { try Fixture.verify(envelope, keys) }
        }
        for payload in [[], Array("x".utf8), Array("[]".utf8), [0xff]] {
            Fixture.expect(.malformed) {
                try Fixture.verify(Fixture.signer([1]).sign(payload, type: .collection), keys)
            }
        }
    }

    @Test func setsOfKeysThatAreNone() throws {
        let keys = try Fixture.told([1])
        let key = JSONValue.object(["public": .string(try Fixture.secret(1).publicKey.hexadecimal)])
        let weak = JSONValue.object(["public": .string("01" + String(repeating: "00", count: 31))])
        let id = JSONValue.string(try Fixture.id(1).text)
        let changes: [[String: JSONValue?]] = [
            ["type": .string("moss-collection")], ["version": .number("0")], ["version": nil],
            ["version": .number("9007199254740992")], ["collection": nil], ["threshold": .number("0")],
            ["threshold": .number("2")], ["threshold": .number("1.5")], ["keys": .array([])], ["keys": nil],
            ["keys": .array([key, key])], ["keys": .array([key, weak])], ["keys": .array([.string("x")])],
            ["revoked": .array([id])], ["revoked": .array([.string("x")])], ["revoked": .array([.number("1")])],
            ["serialReset": .object(["keySet": .number("2"), "serial": .number("1")])],
            ["serialReset": .object(["keySet": .number("1"), "serial": .number("0")])], ["serialReset": .number("1")],
        ]
        for change in changes {
            let payload = try Fixture.changed(Fixture.first([1]).payload, change)
            Fixture.expect(.malformed) {
                try keys.successor(Fixture.signer([1]).sign(payload, type: .keys), for: "main")
            }
        }
    }

    // MARK: Meddling

    /// Whatever is done to an envelope: what verifies afterwards says what was signed.
    private func expectSafe(_ envelope: [UInt8], _ set: KeySet, _ manifest: CollectionManifest) throws {
        do {
            let verified = try Fixture.verify(envelope, set)
            #expect(verified.manifest == manifest, "\(String(decoding: envelope, as: UTF8.self))")
        } catch is TrustError {}
    }

    @Test func noBitOfAnEnvelopeMatters() throws {
        let set = try Fixture.told([1, 2], threshold: 2)
        let manifest = try Fixture.manifest()
        let envelope = try Fixture.envelope(manifest, by: [1, 2])
        try expectSafe(envelope, set, manifest)
        for place in 0..<(8 * envelope.count) {
            var changed = envelope
            changed[place / 8] ^= 1 << UInt8(place % 8)
            try expectSafe(changed, set, manifest)
        }
    }

    @Test func piecesOfEnvelopesMakeNoOther() throws {
        let set = try Fixture.told([1, 2], threshold: 2)
        let manifest = try Fixture.manifest(serial: 3)
        let sources = [
            try Fixture.envelope(manifest, by: [1, 2]),
            // Signed by one, or for something else.
            try Fixture.envelope(Fixture.manifest(serial: 4), by: [1]),
            try Fixture.envelope(Fixture.manifest(serial: 5), by: [2]),
            try Fixture.signer([1, 2]).sign(Fixture.manifest(serial: 6).payload, type: .keys),
        ]
        var random = SeededGenerator.forTest()
        for _ in 0..<3000 {
            var text = sources[0]
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let other = sources[Int.random(in: 0..<sources.count, using: &random)]
                let count = Int.random(in: 0...80, using: &random)
                let start = Int.random(in: 0...max(0, text.count - count), using: &random)
                let from = Int.random(in: 0...(other.count - min(other.count, count)), using: &random)
                let piece = Bool.random(using: &random) ? other[from..<min(other.count, from + count)] : []
                text.replaceSubrange(start..<min(text.count, start + count), with: piece)
            }
            try expectSafe(text, set, manifest)
        }
        // Payloads and signatures exchanged as wholes.
        let members = try sources.map { try JSONValue.read($0).members() }
        for (place, one) in members.enumerated() {
            for (otherPlace, other) in members.enumerated() where place != otherPlace {
                var mixed = one
                mixed["signatures"] = other["signatures"]
                let text = JSONValue.object(mixed).text()
                Fixture.expect(.wrongKey) { try Fixture.verify(text, set) }
            }
        }
    }
}
