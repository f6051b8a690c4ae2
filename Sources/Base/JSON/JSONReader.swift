/// Reads bytes that are known to be UTF-8.
struct JSONReader {
    private let bytes: [UInt8]
    private let depthMax: Int
    private var position = 0
    private var depth = 0

    init(_ bytes: [UInt8], depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    mutating func readText() throws(JSONError) -> JSONValue {
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { position = 3 }
        skipSpace()
        let value = try readValue()
        skipSpace()
        guard position == bytes.count else { throw malformed("there is more after the value") }
        return value
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private func malformed(_ message: String) -> JSONError {
        JSONError(.malformed, at: position, next == nil ? "the text ends where it must not" : message)
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { position += 1 }
    }

    /// Whether the next byte was `character`, which then is read.
    private mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func readValue() throws(JSONError) -> JSONValue {
        guard let byte = next else { throw malformed("") }
        switch Unicode.Scalar(byte) {
        case "{": return .object(try nested { (reader) throws(JSONError) in try reader.readMembers() })
        case "[": return .array(try nested { (reader) throws(JSONError) in try reader.readElements() })
        case "\"": return .string(try readString())
        case "t": return try readWord("true", .boolean(true))
        case "f": return try readWord("false", .boolean(false))
        case "n": return try readWord("null", .null)
        case "-", "0"..."9": return .number(try readNumber())
        default: throw malformed("a value was expected")
        }
    }

    private mutating func nested<Value>(
        _ read: (inout JSONReader) throws(JSONError) -> Value
    ) throws(JSONError) -> Value {
        guard depth < depthMax else {
            throw JSONError(.tooDeep, at: position, "arrays and objects are more than \(depthMax) deep")
        }
        depth += 1
        defer { depth -= 1 }
        position += 1
        skipSpace()
        return try read(&self)
    }

    private mutating func readWord(_ word: StaticString, _ value: JSONValue) throws(JSONError) -> JSONValue {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, word.withUTF8Buffer({ bytes[position..<end].elementsEqual($0) }) else {
            throw malformed("a value was expected")
        }
        position = end
        return value
    }

    private mutating func readElements() throws(JSONError) -> [JSONValue] {
        var elements: [JSONValue] = []
        if skip("]") { return elements }
        while true {
            elements.append(try readValue())
            skipSpace()
            if skip("]") { return elements }
            guard skip(",") else { throw malformed("\",\" or \"]\" was expected") }
            skipSpace()
        }
    }

    private mutating func readMembers() throws(JSONError) -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        if skip("}") { return members }
        while true {
            let start = position
            guard next == UInt8(ascii: "\"") else { throw malformed("a name in quotes was expected") }
            let name = try readString()
            skipSpace()
            guard skip(":") else { throw malformed("\":\" was expected") }
            skipSpace()
            let value = try readValue()
            guard members.updateValue(value, forKey: name) == nil else {
                throw JSONError(.duplicateName, at: start, "the name \"\(name)\" comes twice")
            }
            skipSpace()
            if skip("}") { return members }
            guard skip(",") else { throw malformed("\",\" or \"}\" was expected") }
            skipSpace()
        }
    }

    private mutating func readNumber() throws(JSONError) -> String {
        let start = position
        _ = skip("-")
        if !skip("0") { try skipDigits() }
        if skip(".") { try skipDigits() }
        if skip("e") || skip("E") {
            if !skip("+") { _ = skip("-") }
            try skipDigits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// One digit or more.
    private mutating func skipDigits() throws(JSONError) {
        let start = position
        while let byte = next, (0x30...0x39).contains(byte) { position += 1 }
        guard position > start else { throw malformed("a digit was expected") }
    }

    private mutating func readString() throws(JSONError) -> String {
        position += 1
        var text: [UInt8] = []
        while true {
            let start = position
            while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") {
                position += 1
            }
            text += bytes[start..<position]
            if skip("\"") { return String(decoding: text, as: UTF8.self) }
            guard skip("\\") else { throw malformed("a control character has to be escaped") }
            text += String(try readEscape()).utf8
        }
    }

    private mutating func readEscape() throws(JSONError) -> Unicode.Scalar {
        let start = position
        guard let byte = next else { throw malformed("") }
        position += 1
        switch Unicode.Scalar(byte) {
        case "\"": return "\""
        case "\\": return "\\"
        case "/": return "/"
        case "b": return "\u{8}"
        case "f": return "\u{c}"
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "u": break
        default:
            position = start
            throw malformed("there is no such escape")
        }
        let unit = try readUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard (0xd800..<0xdc00).contains(unit), skip("\\"), skip("u") else { throw halfAPair(start) }
        let low = try readUnit()
        guard (0xdc00..<0xe000).contains(low),
            let scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(low) - 0xdc00))
        else { throw halfAPair(start) }
        return scalar
    }

    private func halfAPair(_ start: Int) -> JSONError {
        JSONError(.malformed, at: start, "half of a surrogate pair is no character")
    }

    private mutating func readUnit() throws(JSONError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw malformed("four hexadecimal digits were expected")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }
}
