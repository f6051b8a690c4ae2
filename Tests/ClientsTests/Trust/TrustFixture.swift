import BytePath
import Digests
import JSON
import Signatures
import TestSupport
import Testing
import Trust

/// Keys that are the same each time, and documents signed by them.
enum TrustFixture {
    static let now: Int64 = 1_800_000_000
    static let day: UInt64 = 86_400

    static func secret(_ number: UInt8) throws -> SecretKey {
        try #require(SecretKey(bytes: [UInt8](repeating: number, count: 32)))
    }

    static func key(_ number: UInt8) throws -> KeySet.Key { KeySet.Key(try secret(number).publicKey) }

    static func id(_ number: UInt8) throws -> KeyID { try key(number).id }

    static func signer(_ numbers: [UInt8]) throws -> Signer { Signer(try numbers.map(secret)) }

    /// What a user was told.
    static func told(_ numbers: [UInt8], threshold: Int = 1) throws -> KeySet {
        try KeySet(trusting: numbers.map { try secret($0).publicKey }, threshold: threshold, for: "main")
    }

    static func first(_ numbers: [UInt8], threshold: Int = 1, collection: String = "main") throws -> KeySet {
        try KeySet.first(collection: collection, keys: numbers.map(key), threshold: threshold, for: collection)
    }

    static func envelope(_ set: KeySet, by numbers: [UInt8]) throws -> [UInt8] {
        try signer(numbers).sign(set.payload, type: .keys)
    }

    static let indexDigest = Array("index".utf8).withUnsafeBytes { SHA256Digest(hashing: $0) }
    static let index = CollectionManifest.File(path: "stone.index", sha256: indexDigest, size: 5)

    static func manifest(
        serial: UInt64 = 1, collection: String = "main", created: UInt64 = UInt64(now) - day,
        expires: UInt64 = UInt64(now) + 30 * day, keySet: UInt64 = 0, size: UInt64 = 5
    ) throws -> CollectionManifest {
        try CollectionManifest(
            collection: collection, serial: serial, created: created, expires: expires, keySet: keySet,
            index: .init(path: "stone.index", sha256: indexDigest, size: size))
    }

    static func envelope(_ manifest: CollectionManifest, by numbers: [UInt8]) throws -> [UInt8] {
        try signer(numbers).sign(manifest.payload, type: .collection)
    }

    @discardableResult
    static func verify(
        _ envelope: [UInt8], _ keys: KeySet, after lastSeen: SeenManifest? = nil, now: Int64 = now,
        limits: TrustLimits = .standard
    ) throws -> VerifiedManifest {
        try CollectionManifest.verify(envelope, for: "main", keys: keys, lastSeen: lastSeen, now: now, limits: limits)
    }

    /// That something fails with this code, and says about which collection, why and what helps.
    static func expect<Value>(
        _ code: TrustError.Code, saying words: String = "", _ location: SourceLocation = #_sourceLocation,
        _ body: () throws -> Value
    ) {
        do {
            let value = try body()
            Issue.record("it went well: \(value)", sourceLocation: location)
        } catch let error as TrustError {
            #expect(error.code == code, "\(error)", sourceLocation: location)
            #expect(words.isEmpty || error.description.contains(words), "\(error)", sourceLocation: location)
            #expect(!error.subject.isEmpty && !error.cause.isEmpty && !error.remedy.isEmpty, sourceLocation: location)
            #expect(error.description.hasPrefix("\(error.subject): "), sourceLocation: location)
            #expect(!error.description.contains("moss "), "\(error)", sourceLocation: location)
        } catch {
            Issue.record("\(error)", sourceLocation: location)
        }
    }

    /// The payload with members set to other values, or taken out.
    static func changed(_ payload: [UInt8], _ changes: [String: JSONValue?]) throws -> [UInt8] {
        var members = try JSONValue.read(payload).members()
        for (name, value) in changes { members[name] = value }
        return JSONValue.object(members).text()
    }
}
