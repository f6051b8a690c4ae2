/// A URI or a reference to one, taken apart as RFC 3986 does it; nothing is decoded.
package struct URIParts: Hashable, Sendable {
    package var scheme: String?
    package var authority: String?
    package var path: String
    package var query: String?
    package var fragment: String?

    package init(_ text: String) {
        var rest = text.utf8[...]
        let end = { (bytes: Substring.UTF8View, stops: [UInt8]) in
            bytes.firstIndex { stops.contains($0) } ?? bytes.endIndex
        }
        let colon = end(rest, Array(":/?#".utf8))
        if colon < rest.endIndex, rest[colon] == UInt8(ascii: ":"), Self.isScheme(rest[..<colon]) {
            scheme = String(Substring(rest[..<colon]))
            rest = rest[rest.index(after: colon)...]
        }
        if rest.starts(with: "//".utf8) {
            rest = rest.dropFirst(2)
            let slash = end(rest, Array("/?#".utf8))
            authority = String(Substring(rest[..<slash]))
            rest = rest[slash...]
        }
        let question = end(rest, Array("?#".utf8))
        path = String(Substring(rest[..<question]))
        rest = rest[question...]
        if rest.first == UInt8(ascii: "?") {
            let hash = end(rest, Array("#".utf8))
            query = String(Substring(rest[..<hash].dropFirst()))
            rest = rest[hash...]
        }
        if rest.first == UInt8(ascii: "#") { fragment = String(Substring(rest.dropFirst())) }
    }

    package var text: String {
        (scheme.map { "\($0):" } ?? "") + (authority.map { "//\($0)" } ?? "") + path + (query.map { "?\($0)" } ?? "")
            + (fragment.map { "#\($0)" } ?? "")
    }

    /// What this reference means at `base`: section 5.2.2 of the RFC, in its strict form.
    package func resolved(against base: URIParts) -> URIParts {
        var result = self
        result.path = Self.withoutDotSegments(path)
        if scheme != nil { return result }
        result.scheme = base.scheme
        if authority != nil { return result }
        result.authority = base.authority
        if path.isEmpty {
            result.path = base.path
            result.query = query ?? base.query
        } else if path.utf8.first != UInt8(ascii: "/") {
            let isRoot = base.authority != nil && base.path.isEmpty
            let directory = base.path.utf8.lastIndex(of: UInt8(ascii: "/")).map { base.path[...$0] } ?? ""
            result.path = Self.withoutDotSegments((isRoot ? "/" : directory) + path)
        }
        return result
    }

    /// `.` and `..` taken out of a path from the root, above which nothing leads; any other path stays as it is.
    static func withoutDotSegments(_ path: String) -> String {
        guard path.utf8.first == UInt8(ascii: "/") else { return path }
        let segments = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        var kept: [Substring] = []
        for (place, segment) in segments.enumerated() {
            let isLast = place == segments.count - 1
            switch Substring(segment) {
            case ".": if isLast { kept.append("") }
            case "..":
                _ = kept.popLast()
                if isLast { kept.append("") }
            case let segment: kept.append(segment)
            }
        }
        return "/" + kept.joined(separator: "/")
    }

    private static func isScheme(_ bytes: Substring.UTF8View) -> Bool {
        guard let first = bytes.first, isLetter(first) else { return false }
        return bytes.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || "+-.".utf8.contains($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x41...0x5a).contains(byte & 0xdf) }
}
