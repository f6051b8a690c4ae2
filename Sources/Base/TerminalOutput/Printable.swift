import BytePath

/// Text that may be shown: names and descriptions come from anywhere, and terminals obey what they are sent.
extension String {
    /// The bytes as one line of text: control characters and what is not UTF-8 as `\xNN`.
    package init(printable bytes: some Collection<UInt8>) {
        if bytes.allSatisfy({ $0 >= 0x20 && $0 < 0x7f }) {
            self = String(decoding: bytes, as: UTF8.self)
            return
        }
        self.init(escaping: bytes, where: \.isControl)
    }

    /// This text as one line without control characters.
    package var printable: String { String(printable: utf8) }

    /// This JSON document with the same characters as `\u` escapes, which mean them to whoever reads it as JSON and
    /// nothing to a terminal. Outside of strings JSON has none, and encoders write those below 0x20 so themselves.
    package var printableJSON: String {
        guard unicodeScalars.contains(where: { $0.isControl && $0 != "\n" }) else { return self }
        var text = ""
        for scalar in unicodeScalars {
            guard scalar.isControl, scalar != "\n" else {
                text.unicodeScalars.append(scalar)
                continue
            }
            for unit in UTF16.encode(scalar) ?? .init() {
                let digits = String(unit, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
        }
        return text
    }

    /// Columns that the text takes on a terminal.
    package var displayWidth: Int {
        if utf8.allSatisfy({ $0 < 0x80 }) { return utf8.count }
        return unicodeScalars.reduce(0) { $0 + $1.displayWidth }
    }

    /// The text cut to `width` columns, with an ellipsis where something is missing.
    package func truncated(to width: Int) -> String {
        guard displayWidth > width else { return self }
        guard width > 0 else { return "" }
        var result = ""
        var used = 0
        for scalar in unicodeScalars {
            used += scalar.displayWidth
            if used > width - 1 { break }
            result.unicodeScalars.append(scalar)
        }
        return result + "…"
    }
}

extension Unicode.Scalar {
    /// Controls, line separators, the marks that make text run the other way, and others that nobody sees.
    fileprivate var isControl: Bool {
        switch value {
        case 0..<0x20, 0x7f..<0xa0, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2060...0x206f, 0xfeff, 0xfff9...0xfffb,
            0xe0000...0xe007f:
            true
        default: false
        }
    }

    fileprivate var displayWidth: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: return 0
        default: break
        }
        switch value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f,
            0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return 2
        default: return 1
        }
    }
}
