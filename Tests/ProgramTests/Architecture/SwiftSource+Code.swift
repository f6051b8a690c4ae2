extension SwiftSource {
    /// The source with the text of comments and string literals blanked out, where lines keep their numbers; and what
    /// the literals say.
    static func codeAndLiterals(of bytes: [UInt8]) -> (code: [UInt8], literals: [String]) {
        var blanker = Blanker(bytes: bytes)
        blanker.run()
        return (blanker.code, blanker.texts)
    }

    /// Walks over source text; code is kept, the inside of comments and literals becomes spaces.
    private struct Blanker {
        /// A string literal that is open: how it ends and what leads into an interpolation.
        private struct Literal {
            var quotes: Int
            var pounds: Int
            /// Parentheses open inside the current interpolation; nil while in the text itself.
            var parentheses: Int?
            /// What it says so far.
            var text: [UInt8] = []
        }

        let bytes: [UInt8]
        var code: [UInt8] = []
        /// What the literals say that have ended.
        var texts: [String] = []
        private var index = 0
        private var literals: [Literal] = []

        init(bytes: [UInt8]) {
            self.bytes = bytes
            code.reserveCapacity(bytes.count)
        }

        mutating func run() {
            while index < bytes.count {
                if let literal = literals.last, literal.parentheses == nil {
                    stepInText(literal)
                } else {
                    stepInCode()
                }
            }
        }

        private mutating func stepInText(_ literal: Literal) {
            if starts(with: repeated("\"", literal.quotes) + repeated("#", literal.pounds)) {
                texts.append(String(decoding: literals.removeLast().text, as: UTF8.self))
                blank(literal.quotes + literal.pounds)
            } else if starts(with: "\\" + repeated("#", literal.pounds) + "(") {
                literals[literals.count - 1].parentheses = 1
                literals[literals.count - 1].text += Array("…".utf8)
                blank(literal.pounds + 2)
            } else {
                let count = starts(with: "\\") && literal.pounds == 0 ? 2 : 1
                literals[literals.count - 1].text += bytes[index...].prefix(count)
                blank(count)
            }
        }

        private mutating func stepInCode() {
            if starts(with: "//") {
                blank((bytes[index...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count) - index)
            } else if starts(with: "/*") {
                blankBlockComment()
            } else if let (quotes, pounds) = literalStart() {
                literals.append(Literal(quotes: quotes, pounds: pounds, parentheses: nil))
                blank(quotes + pounds)
            } else if let depth = literals.last?.parentheses, let change = parenthesisChange() {
                if depth + change == 0 {
                    literals[literals.count - 1].parentheses = nil
                    blank(1)
                } else {
                    literals[literals.count - 1].parentheses = depth + change
                    keep()
                }
            } else {
                keep()
            }
        }

        private func parenthesisChange() -> Int? {
            switch bytes[index] {
            case UInt8(ascii: "("): 1
            case UInt8(ascii: ")"): -1
            default: nil
            }
        }

        private func literalStart() -> (quotes: Int, pounds: Int)? {
            let pounds = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
            let quotes = bytes[(index + pounds)...].prefix { $0 == UInt8(ascii: "\"") }.count
            if quotes == 0 { return nil }
            return (quotes >= 3 ? 3 : 1, pounds)
        }

        private mutating func blankBlockComment() {
            var depth = 0
            repeat {
                if starts(with: "/*") {
                    depth += 1
                    blank(2)
                } else if starts(with: "*/") {
                    depth -= 1
                    blank(2)
                } else {
                    blank(1)
                }
            } while depth > 0 && index < bytes.count
        }

        private func repeated(_ text: String, _ count: Int) -> String {
            String(repeating: text, count: count)
        }

        private func starts(with text: String) -> Bool {
            bytes[index...].starts(with: text.utf8)
        }

        private mutating func keep() {
            code.append(bytes[index])
            index += 1
        }

        private mutating func blank(_ count: Int) {
            for byte in bytes[index...].prefix(count) {
                code.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
            }
            index = min(index + count, bytes.count)
        }
    }
}
