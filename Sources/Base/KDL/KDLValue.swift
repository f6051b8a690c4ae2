/// One value of a KDL text.
package struct KDLValue: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        case text(String)
        /// As it is written, `#inf` and its like included, since no type of number holds all that a text can say.
        case number(String)
        case boolean(Bool)
        case null
    }

    package var content: Content
    /// The type it is annotated with, such as `u8` in `(u8)10`; nil for most.
    package var type: String?
    package var mark: KDLMark

    package init(_ content: Content, type: String? = nil, at mark: KDLMark) {
        self.content = content
        self.type = type
        self.mark = mark
    }

    /// A value to be written.
    package init(_ content: Content) {
        self.init(content, at: .none)
    }
}

/// What a reader of values wants there, or an error at the value's place with the sentence the reader gives.
extension KDLValue {
    package func text(or complaint: @autoclosure () -> String) throws(KDLError) -> String {
        guard case .text(let text) = content else { throw unexpected(complaint()) }
        return text
    }

    package func boolean(or complaint: @autoclosure () -> String) throws(KDLError) -> Bool {
        guard case .boolean(let value) = content else { throw unexpected(complaint()) }
        return value
    }

    /// A whole number in any radix that fits `Number`.
    package func integer<Number: FixedWidthInteger>(
        _ type: Number.Type = Number.self, or complaint: @autoclosure () -> String
    ) throws(KDLError) -> Number {
        guard case .number(let text) = content, let number = Self.integer(text, Number.self) else {
            throw unexpected(complaint())
        }
        return number
    }

    /// An error about this value.
    package func unexpected(_ message: String) -> KDLError {
        KDLError(.unexpected, mark, message)
    }

    private static func integer<Number: FixedWidthInteger>(_ text: String, _: Number.Type) -> Number? {
        var digits = text.utf8.filter { $0 != UInt8(ascii: "_") }[...]
        let sign = digits.first == UInt8(ascii: "-") ? "-" : ""
        if let first = digits.first, first == UInt8(ascii: "-") || first == UInt8(ascii: "+") { digits.removeFirst() }
        var radix = 10
        if digits.first == UInt8(ascii: "0"), let letter = digits.dropFirst().first {
            let radices: [UInt8: Int] = [0x78: 16, 0x6f: 8, 0x62: 2]
            if let known = radices[letter] {
                radix = known
                digits = digits.dropFirst(2)
            }
        }
        return Number(sign + String(decoding: digits, as: UTF8.self), radix: radix)
    }
}
