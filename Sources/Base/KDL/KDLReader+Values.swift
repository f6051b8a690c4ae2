/// Texts, numbers and keywords.
extension KDLReader {
    mutating func readContent(_ complaint: String) throws(KDLError) -> KDLValue.Content {
        if next == "\"" { return .text(try readQuoted()) }
        if let count = rawHashCount { return .text(try readRaw(hashCount: count)) }
        let start = mark
        let isKeyword = skip("#")
        var word = ""
        while let scalar = next, scalar.isKDLWord {
            word.unicodeScalars.append(scalar)
            advance()
        }
        if isKeyword {
            guard let content = Self.keyword(word) else {
                throw KDLError(.malformed, start, "there is no keyword #\(word)")
            }
            return content
        }
        switch word {
        case "": throw malformed(complaint)
        // Keywords of KDL 1; its successor has no such texts, so that nothing is taken for something else.
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        case "null": return .null
        default: break
        }
        if word.isKDLWord { return .text(word) }
        guard Self.isNumber(word) else {
            throw KDLError(.malformed, start, "\(word) is no number, and as a text it needs quotes")
        }
        return .number(word)
    }

    private static func keyword(_ word: String) -> KDLValue.Content? {
        switch word {
        case "true": .boolean(true)
        case "false": .boolean(false)
        case "null": .null
        case "inf", "-inf", "nan": .number("#\(word)")
        default: nil
        }
    }

    // MARK: Numbers

    static func isNumber(_ word: String) -> Bool {
        var rest = word.unicodeScalars[...]
        if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
        for (prefix, digits) in [("0x", "0123456789abcdefABCDEF"), ("0o", "01234567"), ("0b", "01")]
        where rest.starts(with: prefix.unicodeScalars) {
            rest = rest.dropFirst(2)
            return skipDigits(&rest, digits.unicodeScalars) && rest.isEmpty
        }
        let decimal = "0123456789".unicodeScalars
        guard skipDigits(&rest, decimal) else { return false }
        if rest.first == "." {
            rest.removeFirst()
            guard skipDigits(&rest, decimal) else { return false }
        }
        if rest.first == "e" || rest.first == "E" {
            rest.removeFirst()
            if rest.first == "+" || rest.first == "-" { rest.removeFirst() }
            guard skipDigits(&rest, decimal) else { return false }
        }
        return rest.isEmpty
    }

    /// One digit, then more or underscores.
    private static func skipDigits(
        _ rest: inout String.UnicodeScalarView.SubSequence, _ digits: String.UnicodeScalarView
    ) -> Bool {
        guard let first = rest.first, digits.contains(first) else { return false }
        rest = rest.drop { $0 == "_" || digits.contains($0) }
        return true
    }

    // MARK: Texts in quotes

    /// How many `#` stand before the quote of a raw text that comes next; nil where there is none.
    private var rawHashCount: Int? {
        var count = next == "r" ? 1 : 0
        let start = count
        while scalar(ahead: count) == "#" { count += 1 }
        // Of KDL 1 is `r` with any number of them, of KDL 2 at least one without it.
        return scalar(ahead: count) == "\"" && count > 0 ? count - start : nil
    }

    private mutating func readRaw(hashCount: Int) throws(KDLError) -> String {
        while next != "\"" { advance() }
        return try readQuoted(hashCount: hashCount)
    }

    /// - Parameter hashCount: of a raw text, how many `#` stand behind its quotes; nil for one with escapes.
    private mutating func readQuoted(hashCount: Int? = nil) throws(KDLError) -> String {
        let start = mark
        let isLong = skip("\"\"\"")
        if !isLong { _ = skip("\"") }
        if isLong, !skipNewline() { throw malformed("behind these three quotes the line has to end") }
        var lines = [TextLine()]
        while let scalar = next {
            if skipQuotes(isLong, hashCount ?? 0) {
                return isLong ? try unindented(lines, start) : lines[0].text
            }
            if skipNewline() {
                guard isLong else { throw KDLError(.malformed, start, "this text does not end on its line") }
                lines.append(TextLine())
                continue
            }
            advance()
            if hashCount != nil || scalar != "\\" {
                lines[lines.count - 1].append(scalar, isEscaped: false)
            } else if let scalar = try readEscape() {
                lines[lines.count - 1].append(scalar, isEscaped: true)
            }
        }
        throw KDLError(.malformed, start, "this text does not end")
    }

    private mutating func skipQuotes(_ isLong: Bool, _ hashCount: Int) -> Bool {
        guard isLong ? isAt("\"\"\"") : next == "\"" else { return false }
        let quoteCount = isLong ? 3 : 1
        for place in 0..<hashCount where scalar(ahead: quoteCount + place) != "#" { return false }
        for _ in 0..<(quoteCount + hashCount) { advance() }
        return true
    }

    /// What stands behind a backslash; nil for space, which is left out with all that follows it.
    private mutating func readEscape() throws(KDLError) -> Unicode.Scalar? {
        guard let scalar = next else { return nil }
        if scalar.isKDLSpace || scalar.isKDLNewline {
            while let space = next, space.isKDLSpace || space.isKDLNewline { advance() }
            return nil
        }
        let simple: [Unicode.Scalar: Unicode.Scalar] = [
            "\"": "\"", "\\": "\\", "/": "/", "b": "\u{8}", "f": "\u{c}", "n": "\n", "r": "\r", "t": "\t", "s": " ",
        ]
        if let meaning = simple[scalar] {
            advance()
            return meaning
        }
        guard skip("u{") else { throw malformed("there is no such escape") }
        var code: UInt32 = 0
        var count = 0
        while let digit = next, let value = Character(digit).hexDigitValue, digit.isASCII, count < 6 {
            code = code << 4 | UInt32(value)
            count += 1
            advance()
        }
        guard count > 0, next == "}", let scalar = Unicode.Scalar(code) else {
            throw malformed("one to six hexadecimal digits of a character and \"}\" were expected")
        }
        advance()
        return scalar
    }

    // MARK: Texts of several lines

    /// A line with its escapes replaced.
    private struct TextLine {
        var scalars = String.UnicodeScalarView()
        /// Of spaces at the start that are no escapes.
        var indentation = String.UnicodeScalarView()
        var isBlank = true

        var text: String { String(scalars) }

        mutating func append(_ scalar: Unicode.Scalar, isEscaped: Bool) {
            scalars.append(scalar)
            if isEscaped || !scalar.isKDLSpace { isBlank = false }
            if isBlank { indentation.append(scalar) }
        }
    }

    /// The lines without the indentation of the last, which holds the quotes only.
    private func unindented(_ lines: [TextLine], _ start: KDLMark) throws(KDLError) -> String {
        guard let last = lines.last, last.isBlank else {
            throw malformed("the three quotes that end a text stand on a line of their own")
        }
        var texts: [String] = []
        for line in lines.dropLast() {
            guard !line.isBlank else {
                texts.append("")
                continue
            }
            guard line.indentation.starts(with: last.indentation) else {
                throw KDLError(
                    .malformed, start, "each line of this text has to be indented like the quotes that end it")
            }
            texts.append(String(line.scalars.dropFirst(last.indentation.count)))
        }
        return texts.joined(separator: "\n")
    }
}
