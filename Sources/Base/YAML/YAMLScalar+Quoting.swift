extension YAMLScalar {
    /// `text` as a double-quoted scalar on one line, which reads back as the same text wherever a scalar may stand.
    package static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\\(scalar)"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            default:
                if needsEscape(scalar.value) {
                    let digits = String(scalar.value, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                } else {
                    result.unicodeScalars.append(scalar)
                }
            }
        }
        return result + "\""
    }

    /// Controls, what some readers take for the end of a line, and what no YAML text may hold. All have four digits.
    private static func needsEscape(_ value: UInt32) -> Bool {
        value < 0x20 || (0x7f...0x9f).contains(value) || [0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff].contains(value)
    }
}
