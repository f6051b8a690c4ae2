internal import Downloads
internal import JSON

/// Objects that a collection's pointers do not name any more, and since when: a JSON object in the store, `.moss-retired`.
///
/// Without it nothing is wrong: what is not needed any more stays for the whole time once more.
struct RetiredObjects: Hashable, Sendable {
    static let name = ".moss-retired"
    static let sizeMax: UInt64 = 64 << 20
    private static let version = 1

    /// By key below the collection's prefix, in seconds since 1970.
    var since: [String: Int64] = [:]

    private struct Text: Encodable {
        var version: Int
        var retired: [String: Int64]
    }

    var encoded: [UInt8] {
        do {
            return try JSONValue(encoding: Text(version: Self.version, retired: since)).text(isPretty: true)
        } catch {
            preconditionFailure("text and numbers cannot be encoded: \(error)")
        }
    }

    init() {}

    /// What a text says; nothing where it cannot be used.
    init(_ bytes: [UInt8]) {
        guard let json = try? JSONValue.read(bytes, byteCountMax: Int(Self.sizeMax)),
            case .number(let version) = try? json.member("version"), version == "\(Self.version)",
            let members = try? json.member("retired")?.members()
        else { return }
        since = members.compactMapValues { value in
            if case .number(let text) = value { Int64(text) } else { nil }
        }
    }
}
