import FoundationEssentials

/// `usr/lib/os-release`, made from `usr/lib/os-info.json`.
enum ReleaseFile {
    /// The part of os-info.json that os-release repeats.
    private struct Description: Decodable {
        struct Metadata: Decodable {
            struct Identity: Decodable {
                var id: String?
                var id_like: String?
                var name: String?
                var display: String?
                var ansi_color: String?
            }
            struct Version: Decodable {
                var full: String?
                var short: String?
                var build_id: String?
                var codename: String?
            }
            var identity: Identity?
            var version: Version?
        }
        struct Resources: Decodable {
            struct Link: Decodable { var url: String? }
            var websites: [String: Link]?
        }
        var metadata: Metadata?
        var resources: Resources?
    }

    /// The text for what `json` describes; a deliberately generic one without it, or when it cannot be read.
    static func text(_ json: [UInt8]?) -> [UInt8] {
        let description = json.flatMap { try? JSONDecoder().decode(Description.self, from: Data($0)) }
        let identity = description?.metadata?.identity
        let version = description?.metadata?.version
        let name = identity?.name ?? "Unbranded OS"
        let sites = description?.resources?.websites ?? [:]
        let fields: [(String, String?)] = [
            ("NAME", name), ("ID", identity?.id ?? "unbranded"), ("VERSION_ID", version?.short),
            ("VERSION", version?.full),
            ("PRETTY_NAME", identity?.display ?? [name, version?.full].compactMap { $0 }.joined(separator: " ")),
            ("ID_LIKE", identity?.id_like), ("HOME_URL", sites["homepage"]?.url),
            ("DOCUMENTATION_URL", sites["documentation"]?.url), ("SUPPORT_URL", sites["support"]?.url),
            ("BUG_REPORT_URL", sites["bug_tracker"]?.url), ("ANSI_COLOR", identity?.ansi_color),
            ("BUILD_ID", version?.build_id), ("VERSION_CODENAME", version?.codename),
        ]
        let lines = fields.compactMap { key, value in value.map { "\(key)=\"\(escaped($0))\"\n" } }
        return Array(lines.joined().utf8)
    }

    /// Values stand in double quotes, on one line; what a shell would expand there must not be.
    ///
    /// Byte by byte, as shells read: with a combining mark behind it a quote is another character and still a quote.
    private static func escaped(_ value: String) -> String {
        var bytes: [UInt8] = []
        // The carriage return and other controls end lines for some readers and belong into no name.
        for byte in value.utf8.prefix(valueByteCountMax) where byte >= 0x20 && byte != 0x7f {
            if "\"\\$`".utf8.contains(byte) { bytes.append(UInt8(ascii: "\\")) }
            bytes.append(byte)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        return String(String.UnicodeScalarView(text.unicodeScalars.filter { !Self.endsLines($0) }))
    }

    /// Longer values name nothing.
    private static let valueByteCountMax = 4096

    /// The next-line control and Unicode's line separators, which are several bytes.
    private static func endsLines(_ scalar: Unicode.Scalar) -> Bool {
        (0x80..<0xa0).contains(scalar.value) || (0x2028...0x2029).contains(scalar.value)
    }
}
