import BytePath

/// The control file of a .deb: who the package is and what it wants.
struct DebianControl: Sendable {
    let name: String
    let version: String
    /// Debian's word: `amd64`, `all`.
    let architecture: String
    let fields: ControlParagraph

    /// Reads and checks the file; what ends up in file names has no characters Debian does not allow.
    init(_ bytes: [UInt8], of file: BytePath) throws(DebianImportError) {
        fields = ControlParagraph(parsing: bytes)
        name = try Self.field("Package", of: file, fields, allowed: "+-._")
        version = try Self.field("Version", of: file, fields, allowed: "+-.:~")
        architecture = try Self.field("Architecture", of: file, fields, allowed: "-")
    }

    private static func field(
        _ key: String, of file: BytePath, _ fields: ControlParagraph, allowed: String
    ) throws(DebianImportError) -> String {
        guard let value = fields[key] else {
            throw DebianImportError(.badControl, file, "its control file has no \(key)")
        }
        let isLegal = value.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: allowed.utf8.contains(byte)
            }
        }
        guard isLegal, value.utf8.first != UInt8(ascii: "."), value.utf8.count <= 128 else {
            throw DebianImportError(.badControl, file, "\(key) cannot be \"\(value)\"")
        }
        return value
    }

    /// The recipe that built the package, without a version.
    var sourceName: String {
        fields["Source"].map { String($0.prefix { $0 != " " && $0 != "(" }) } ?? name
    }

    /// The first line of Description.
    var summary: String {
        fields["Description"].map { String($0.prefix { $0 != "\n" }) } ?? ""
    }

    /// The other lines of Description; lines with only a dot become empty.
    var description: String {
        guard let lines = fields["Description"]?.split(separator: "\n", omittingEmptySubsequences: false) else {
            return ""
        }
        return lines.dropFirst().map { $0.trimmingBlanks == "." ? "" : $0 }.joined(separator: "\n")
    }

    /// Virtual names, without their versions.
    var virtualNames: [String] {
        PackageRelation.list(fields["Provides"]).map(\.name)
    }

    /// The word stones have for the architecture; nil for `all`.
    var stoneArchitecture: String? {
        switch architecture {
        case "all": nil
        case "amd64": "x86_64"
        case "arm64": "aarch64"
        case "i386": "i686"
        default: architecture
        }
    }
}
