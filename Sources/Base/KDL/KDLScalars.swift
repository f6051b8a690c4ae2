/// Which characters mean what in KDL.
extension Unicode.Scalar {
    var isKDLSpace: Bool {
        switch value {
        case 0x09, 0x20, 0xa0, 0x1680, 0x2000...0x200a, 0x202f, 0x205f, 0x3000: true
        default: false
        }
    }

    /// Carriage return and line feed together are one end of a line.
    var isKDLNewline: Bool {
        switch value {
        case 0x0a...0x0d, 0x85, 0x2028, 0x2029: true
        default: false
        }
    }

    /// Controls and marks that turn text around, which stand nowhere in a text but as escapes.
    var isKDLForbidden: Bool {
        switch value {
        case 0...0x08, 0x0e...0x1f, 0x7f, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }

    /// Whether it can stand in a text without quotes.
    var isKDLWord: Bool {
        if isKDLSpace || isKDLNewline || isKDLForbidden { return false }
        switch self {
        case "\\", "/", "(", ")", "{", "}", ";", "[", "]", "\"", "#", "=": return false
        default: return true
        }
    }

    var isDecimalDigit: Bool { ("0"..."9").contains(self) }
}

extension String {
    /// Whether it reads as a text when it stands without quotes, and not as a number or keyword, nor as nearly one.
    var isKDLWord: Bool {
        guard unicodeScalars.allSatisfy(\.isKDLWord), !Self.keywords.contains(self) else { return false }
        var rest = unicodeScalars[...]
        if rest.first == "+" || rest.first == "-" {
            rest.removeFirst()
            if rest.isEmpty { return true }
        }
        if rest.first == "." {
            rest.removeFirst()
            return rest.first?.isDecimalDigit != true
        }
        return rest.first.map { !$0.isDecimalDigit } ?? false
    }

    private static let keywords: Set<String> = ["true", "false", "null", "inf", "-inf", "nan"]
}
