/// Byte for byte what Foundation's encoder writes, so that documents stay what they were.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []
    private let isPretty: Bool
    private var level = 0

    init(isPretty: Bool) {
        self.isPretty = isPretty
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: bytes += "null".utf8
        case .boolean(let value): bytes += (value ? "true" : "false").utf8
        case .number(let text): bytes += text.utf8
        case .string(let text): write(text)
        case .array(let elements):
            open("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { separate() }
                indent()
                write(element)
            }
            close("]")
        case .object(let members):
            open("{")
            for (index, member) in members.sorted(by: Self.precedes).enumerated() {
                if index > 0 { separate() }
                indent()
                write(member.key)
                bytes += (isPretty ? " : " : ":").utf8
                write(member.value)
            }
            close("}")
        }
    }

    /// By bytes: in which order `String` has them depends on the Unicode version.
    private static func precedes(_ first: (key: String, value: JSONValue), _ second: (key: String, value: JSONValue))
        -> Bool
    {
        first.key.utf8.lexicographicallyPrecedes(second.key.utf8)
    }

    private mutating func open(_ bracket: Unicode.Scalar) {
        bytes.append(UInt8(ascii: bracket))
        level += 1
        if isPretty { bytes.append(UInt8(ascii: "\n")) }
    }

    private mutating func separate() {
        bytes += (isPretty ? ",\n" : ",").utf8
    }

    private mutating func close(_ bracket: Unicode.Scalar) {
        level -= 1
        if isPretty { bytes.append(UInt8(ascii: "\n")) }
        indent()
        bytes.append(UInt8(ascii: bracket))
    }

    private mutating func indent() {
        if isPretty { bytes += repeatElement(UInt8(ascii: " "), count: 2 * level) }
    }

    private mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0a: bytes += "\\n".utf8
            case 0x0c: bytes += "\\f".utf8
            case 0x0d: bytes += "\\r".utf8
            case 0..<0x20: bytes += ((byte < 0x10 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
