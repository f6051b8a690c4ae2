internal import JSON

/// `usr/lib/os-release`, made from `usr/lib/os-info.json`.
enum ReleaseFile {
    /// The part of os-info.json that os-release repeats.
    private struct Description {
        private var identity: JSONValue?
        private var version: JSONValue?
        private var websites: JSONValue?

        init(_ json: JSONValue) throws(JSONError) {
            let metadata = try json.member("metadata")
            identity = try metadata?.member("identity")
            version = try metadata?.member("version")
            websites = try json.member("resources")?.member("websites")
        }

        func identity(_ name: String) throws(JSONError) -> String? { try identity?.member(name)?.string() }

        func version(_ name: String) throws(JSONError) -> String? { try version?.member(name)?.string() }

        func website(_ name: String) throws(JSONError) -> String? {
            try websites?.member(name)?.member("url")?.string()
        }
    }

    /// The text for what `json` describes; a deliberately generic one without it, or when it cannot be read.
    static func text(_ json: [UInt8]?) -> [UInt8] {
        let described = json.flatMap { (json) -> [(String, String?)]? in
            try? Self.fields(of: Description(JSONValue.read(json)))
        }
        let fields = described ?? [("NAME", unbrandedName), ("ID", unbrandedID), ("PRETTY_NAME", unbrandedName)]
        let lines = fields.compactMap { key, value in value.map { "\(key)=\"\(escaped($0))\"\n" } }
        return Array(lines.joined().utf8)
    }

    private static let unbrandedName = "Unbranded OS"
    private static let unbrandedID = "unbranded"

    /// In the order of the file; nil for what is not said.
    private static func fields(of it: Description) throws(JSONError) -> [(String, String?)] {
        let name = try it.identity("name") ?? unbrandedName
        let version = try it.version("full")
        return [
            ("NAME", name), ("ID", try it.identity("id") ?? unbrandedID), ("VERSION_ID", try it.version("short")),
            ("VERSION", version),
            (
                "PRETTY_NAME",
                try it.identity("display") ?? [name, version].compactMap { $0 }.joined(separator: " ")
            ),
            ("ID_LIKE", try it.identity("id_like")), ("HOME_URL", try it.website("homepage")),
            ("DOCUMENTATION_URL", try it.website("documentation")), ("SUPPORT_URL", try it.website("support")),
            ("BUG_REPORT_URL", try it.website("bug_tracker")), ("ANSI_COLOR", try it.identity("ansi_color")),
            ("BUILD_ID", try it.version("build_id")), ("VERSION_CODENAME", try it.version("codename")),
        ]
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
