/// How the names of coding keys become names of members.
package enum JSONKeyNames: Hashable, Sendable {
    case unchanged
    /// `bytesToFetch` becomes `bytes_to_fetch`. The keys of dictionaries are data and stay what they are.
    case snakeCase

    func name(_ key: any CodingKey) -> String {
        self == .snakeCase ? Self.snakeCase(key.stringValue) : key.stringValue
    }

    /// Splits where a lower-case letter meets a capital, and before the last of several capitals that a lower-case
    /// letter follows; as Foundation's strategy of that name does, odd cases included.
    static func snakeCase(_ text: String) -> String {
        guard !text.isEmpty else { return text }
        var words: [Substring] = []
        var wordStart = text.startIndex
        var searchStart = text.index(after: wordStart)
        while let capital = text.unicodeScalars[searchStart...].firstIndex(where: isCapital) {
            words.append(text[wordStart..<capital])
            searchStart = capital
            guard let small = text.unicodeScalars[capital...].firstIndex(where: isSmall) else {
                wordStart = capital
                break
            }
            if small == text.index(after: capital) {
                wordStart = capital
            } else {
                let lastCapital = text.index(before: small)
                words.append(text[capital..<lastCapital])
                wordStart = lastCapital
            }
            searchStart = text.unicodeScalars.index(after: small)
        }
        words.append(text[wordStart...])
        return words.map { $0.lowercased() }.joined(separator: "_")
    }

    private static func isCapital(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return ("A"..."Z").contains(scalar) }
        let category = scalar.properties.generalCategory
        return category == .uppercaseLetter || category == .titlecaseLetter
    }

    private static func isSmall(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return ("a"..."z").contains(scalar) }
        return scalar.properties.generalCategory == .lowercaseLetter
    }
}
