internal import BytePath
internal import Digests
internal import JSON
internal import LinuxSystem

/// What publishing remembers of a collection: a JSON file in it, `.moss-publication`.
///
/// Without it nothing is wrong: files are hashed instead of believed, and what is not needed any more stays for the whole
/// time of grace once more.
struct PublicationRecord: Hashable, Sendable {
    static let name: BytePath = ".moss-publication"
    private static let version = 1
    private static let sizeMax = 256 << 20

    /// A former index and what came of making a delta of it; nil where that was not worth it.
    struct Attempt: Hashable, Sendable {
        var base: SHA256Digest
        var delta: Publication.Part?
    }

    var index: SHA256Digest?
    var files: Publication.Part?
    /// From former indexes to this one.
    var attempts: [Attempt] = []
    /// Former indexes, the newest first.
    var former: [SHA256Digest] = []
    /// Files that nothing names any more, by their path as a reference, and since when, in seconds since 1970.
    var retired: [String: Int64] = [:]
}

extension PublicationRecord {
    private struct Text: Encodable {
        struct Part: Encodable {
            var path: String
            var sha256: String
            var size: UInt64
        }
        struct Attempt: Encodable {
            var from: String
            var delta: Part?
        }
        var version: Int
        var index: String?
        var files: Part?
        var attempts: [Attempt]
        var former: [String]
        var retired: [String: Int64]
    }

    var encoded: [UInt8] {
        let part = { (part: Publication.Part) in
            Text.Part(path: part.path.display, sha256: part.digest.hexadecimal, size: part.size)
        }
        let text = Text(
            version: Self.version, index: index?.hexadecimal, files: files.map(part),
            attempts: attempts.map { Text.Attempt(from: $0.base.hexadecimal, delta: $0.delta.map(part)) },
            former: former.map(\.hexadecimal), retired: retired)
        do {
            return try JSONValue(encoding: text).text(isPretty: true)
        } catch {
            preconditionFailure("text and numbers cannot be encoded: \(error)")
        }
    }

    /// What is in the file; nothing where it cannot be used.
    static func read(in directory: borrowing Descriptor) -> PublicationRecord {
        guard let bytes = try? directory.readFile(name, limit: sizeMax),
            let record = try? Self(decoding: JSONValue.read(bytes, byteCountMax: sizeMax))
        else { return PublicationRecord() }
        return record
    }

    private init(decoding json: JSONValue) throws {
        struct Unusable: Error {}
        func number<Number: FixedWidthInteger>(_ value: JSONValue?) throws -> Number {
            guard case .number(let text) = value, let number = Number(text) else { throw Unusable() }
            return number
        }
        func digest(_ value: JSONValue) throws -> SHA256Digest {
            guard let digest = SHA256Digest(hexadecimal: try value.string()) else { throw Unusable() }
            return digest
        }
        func part(_ value: JSONValue) throws -> Publication.Part {
            guard let path = try value.member("path"), let hash = try value.member("sha256") else { throw Unusable() }
            return Publication.Part(
                path: BytePath(try path.string()), digest: try digest(hash), size: try number(value.member("size")))
        }
        func elements(_ name: String) throws -> [JSONValue] {
            guard case .array(let elements) = try json.member(name) else { throw Unusable() }
            return elements
        }
        guard try number(json.member("version")) == Self.version else { throw Unusable() }
        index = try json.member("index").map(digest)
        files = try json.member("files").map(part)
        attempts = try elements("attempts").map { attempt in
            guard let from = try attempt.member("from") else { throw Unusable() }
            return Attempt(base: try digest(from), delta: try attempt.member("delta").map(part))
        }
        former = try elements("former").map(digest)
        retired = try (json.member("retired")?.members() ?? [:]).mapValues { try number($0) }
    }
}
