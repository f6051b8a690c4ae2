import BytePath
import PackageModel

/// The file that describes an installed Python distribution: headers as in mail, then perhaps a text.
enum PythonMetadata {
    /// Whether the file describes a distribution: `*.dist-info/METADATA`, `*.egg-info/PKG-INFO` or a file `*.egg-info`.
    static func isMetadata(_ path: BytePath) -> Bool {
        let parts = path.components.suffix(2)
        guard let last = parts.last, let directory = parts.first else { return false }
        if last.elementsEqual("METADATA".utf8) { return directory.hasSuffix(".dist-info") }
        if last.elementsEqual("PKG-INFO".utf8) { return directory.hasSuffix(".egg-info") }
        return last.hasSuffix(".egg-info")
    }

    /// The distribution, by its name as PEP 503 normalises it: lower case, runs of "-", "_" and "." become one "-".
    ///
    /// nil where no name is said, or one of several lines.
    static func provider(_ metadata: [UInt8]) -> Capability? {
        guard let name = name(metadata) else { return nil }
        var normalized = ""
        for character in name.lowercased() {
            let isSeparator = "-_.".contains(character)
            if isSeparator && normalized.last == "-" { continue }
            normalized.append(isSeparator ? "-" : character)
        }
        return Capability(.python, normalized)
    }

    /// The last `Name:` among the headers, which end at the first empty line behind them.
    private static func name(_ metadata: [UInt8]) -> String? {
        var name: String?
        var isName = false
        var isBegun = false
        for line in metadata.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            if text.allSatisfy(isBlank) {
                if isBegun { break }
                continue
            }
            if let first = text.first, isBlank(first) {
                // A name that goes on in another line is none.
                if isName { name = nil }
                continue
            }
            isName = false
            guard let colon = text.firstIndex(of: UInt8(ascii: ":")) else { continue }
            isBegun = true
            isName = String(decoding: text[..<colon], as: UTF8.self).lowercased() == "name"
            if isName { name = trimmed(text[(colon + 1)...]) }
        }
        return name
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> String? {
        let start = text.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return nil }
        return String(decoding: start[...last], as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
