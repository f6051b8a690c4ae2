/// One paragraph of a Debian control file: fields with continuation lines.
struct ControlParagraph: Sendable {
    /// Keys in lower case; values without the line breaks' indentation, lines joined by newlines.
    private var fields: [String: String] = [:]

    /// Reads the first paragraph of `bytes`; text that is not UTF-8 is repaired, as it is for people to read.
    init(parsing bytes: [UInt8]) {
        self.init(lines: Self.lines(bytes))
    }

    private init(lines: some Sequence<Substring>) {
        var key = ""
        for line in lines {
            let text = line.trimmingBlanks
            if text.isEmpty && fields.isEmpty { continue }
            if text.isEmpty { return }
            if line.first == "#" { continue }
            if line.first == " " || line.first == "\t" {
                guard !key.isEmpty else { continue }
                // One blank belongs to the format, further ones to the text.
                fields[key, default: ""] += "\n" + line.dropFirst().trimmingBlanksAtEnd
            } else if let colon = line.firstIndex(of: ":") {
                key = line[..<colon].lowercased()
                fields[key] = String(line[line.index(after: colon)...].trimmingBlanks)
            } else {
                key = ""
            }
        }
    }

    /// Every paragraph of a file of several.
    static func all(_ bytes: [UInt8]) -> [ControlParagraph] {
        lines(bytes).split(omittingEmptySubsequences: true) { $0.trimmingBlanks.isEmpty }
            .map { ControlParagraph(lines: $0) }
    }

    private static func lines(_ bytes: [UInt8]) -> [Substring] {
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
            Substring(String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line, as: UTF8.self))
        }
    }

    /// A field by its name in any case; nil where it is missing or empty.
    subscript(name: String) -> String? {
        guard let value = fields[name.lowercased()], !value.isEmpty else { return nil }
        return value
    }
}

extension Substring {
    var trimmingBlanksAtEnd: Substring {
        var text = self
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }

    var trimmingBlanks: Substring {
        trimmingBlanksAtEnd.drop { $0 == " " || $0 == "\t" }
    }
}
