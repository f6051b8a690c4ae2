/// One pass over a text; elements that are open stand on a stack of its own, so that depth costs no calls.
struct XMLReader {
    private let bytes: [UInt8]
    private let limits: XMLLimits
    private var place = 0
    private var elementCount = 0
    private var open: [Open] = []

    /// An element whose end has not come yet.
    private struct Open {
        /// With its prefix, as its end has to repeat it.
        var name: ArraySlice<UInt8>
        var text: [UInt8] = []
        var children: [XMLElement] = []
    }

    init(_ bytes: [UInt8], _ limits: XMLLimits) {
        self.bytes = bytes
        self.limits = limits
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { place = 3 }
    }

    mutating func document() throws(XMLError) -> XMLElement {
        try skipBetween()
        var root: XMLElement?
        while root == nil {
            guard place < bytes.count else { throw malformed("the text ends in the middle") }
            root = try step()
        }
        try skipBetween()
        guard place == bytes.count else { throw malformed("something follows the outermost element") }
        return root ?? XMLElement("")
    }

    /// Takes one piece of markup, or the text up to the next one.
    /// - Returns: the outermost element, once it has ended.
    private mutating func step() throws(XMLError) -> XMLElement? {
        guard bytes[place] == UInt8(ascii: "<") else {
            try takeText()
            return nil
        }
        if try skipMark() { return nil }
        if take("<![CDATA[") {
            guard !open.isEmpty else { throw malformed("text outside of elements") }
            open[open.count - 1].text += try taking(upTo: "]]>")
            return nil
        }
        if starts(with: "<!") { throw forbidden("declarations are not read") }
        return take("</") ? try takeEnd() : try takeStart()
    }

    // MARK: Elements

    private mutating func takeStart() throws(XMLError) -> XMLElement? {
        place += 1
        let name = try takeName()
        elementCount += 1
        guard elementCount <= limits.elementCountMax else {
            throw XMLError(.tooLarge, place, "there are more than \(limits.elementCountMax) elements")
        }
        guard open.count < limits.depthMax else {
            throw XMLError(.tooDeep, place, "elements are more than \(limits.depthMax) deep in each other")
        }
        try skipAttributes()
        open.append(Open(name: name))
        if take("/>") { return close() }
        guard take(">") else { throw malformed("\">\" was expected") }
        return nil
    }

    private mutating func takeEnd() throws(XMLError) -> XMLElement? {
        let name = try takeName()
        skipBlanks()
        guard take(">") else { throw malformed("\">\" was expected") }
        guard open.last?.name.elementsEqual(name) == true else {
            throw malformed("an element ends that is not the one that was begun last")
        }
        return close()
    }

    private mutating func close() -> XMLElement? {
        let ended = open.removeLast()
        let local = ended.name.lastIndex(of: UInt8(ascii: ":")).map { ended.name[($0 + 1)...] } ?? ended.name
        let element = XMLElement(
            String(decoding: local, as: UTF8.self), text: String(decoding: Self.trimmed(ended.text), as: UTF8.self),
            children: ended.children)
        if open.isEmpty { return element }
        open[open.count - 1].children.append(element)
        return nil
    }

    private mutating func skipAttributes() throws(XMLError) {
        while true {
            let start = place
            skipBlanks()
            guard place < bytes.count, ![UInt8(ascii: ">"), UInt8(ascii: "/")].contains(bytes[place]) else { return }
            guard place > start else { throw malformed("a blank was expected before an attribute") }
            _ = try takeName()
            skipBlanks()
            guard take("=") else { throw malformed("\"=\" was expected behind an attribute's name") }
            skipBlanks()
            guard place < bytes.count, [UInt8(ascii: "\""), UInt8(ascii: "'")].contains(bytes[place]) else {
                throw malformed("an attribute's value stands in quotes")
            }
            let quote = bytes[place]
            guard let end = bytes[(place + 1)...].firstIndex(where: { $0 == quote || $0 == UInt8(ascii: "<") }),
                bytes[end] == quote
            else { throw malformed("an attribute's value has no end") }
            place = end + 1
        }
    }

    private mutating func takeName() throws(XMLError) -> ArraySlice<UInt8> {
        let isFirst = { (byte: UInt8) in (65...90).contains(byte & 0xdf) || byte == 0x5f || byte >= 0x80 }
        let name = bytes[place...].prefix { isFirst($0) || (0x30...0x3a).contains($0) || [0x2d, 0x2e].contains($0) }
        guard let first = name.first, isFirst(first) else { throw malformed("a name was expected") }
        place = name.endIndex
        return name
    }

    // MARK: Text

    private mutating func takeText() throws(XMLError) {
        guard !open.isEmpty else { throw malformed("text outside of elements") }
        var text: [UInt8] = []
        while place < bytes.count, bytes[place] != UInt8(ascii: "<") {
            if bytes[place] == UInt8(ascii: "&") {
                text += try takeReference()
            } else {
                text.append(bytes[place])
                place += 1
            }
        }
        open[open.count - 1].text += text
    }

    /// One of the five names that every text knows, or a character by its number.
    ///
    /// Numbers of control characters are not XML, and names of objects have such: what else could a server write?
    private mutating func takeReference() throws(XMLError) -> [UInt8] {
        let start = place
        guard let end = bytes[place...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else {
            throw malformed("\"&\" begins a reference, and this is none")
        }
        let name = String(decoding: bytes[(start + 1)..<end], as: UTF8.self)
        place = end + 1
        switch name {
        case "amp": return [UInt8(ascii: "&")]
        case "lt": return [UInt8(ascii: "<")]
        case "gt": return [UInt8(ascii: ">")]
        case "quot": return [UInt8(ascii: "\"")]
        case "apos": return [UInt8(ascii: "'")]
        default: break
        }
        let isHexadecimal = name.hasPrefix("#x")
        let digits = name.dropFirst(isHexadecimal ? 2 : 1)
        guard name.hasPrefix("#"), digits.utf8.first != UInt8(ascii: "+"),
            let number = UInt32(digits, radix: isHexadecimal ? 16 : 10), number > 0,
            let scalar = Unicode.Scalar(number)
        else {
            place = start
            throw forbidden("&\(name); is not known")
        }
        return Array(String(Character(scalar)).utf8)
    }

    private static func trimmed(_ text: [UInt8]) -> ArraySlice<UInt8> {
        guard let first = text.firstIndex(where: { !isBlank($0) }),
            let last = text.lastIndex(where: { !isBlank($0) })
        else { return [] }
        return text[first...last]
    }

    // MARK: What is passed over

    private mutating func skipBetween() throws(XMLError) {
        repeat { skipBlanks() } while try skipMark()
    }

    /// A comment or an instruction.
    private mutating func skipMark() throws(XMLError) -> Bool {
        if take("<!--") {
            _ = try taking(upTo: "-->")
        } else if take("<?") {
            _ = try taking(upTo: "?>")
        } else {
            return false
        }
        return true
    }

    private mutating func skipBlanks() {
        while place < bytes.count, Self.isBlank(bytes[place]) { place += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0a, 0x0d].contains(byte) }

    // MARK: Bytes

    private func starts(with text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes[place...].starts(with: $0) }
    }

    private mutating func take(_ text: StaticString) -> Bool {
        guard starts(with: text) else { return false }
        place += text.utf8CodeUnitCount
        return true
    }

    /// What lies before `end`; goes on behind that.
    private mutating func taking(upTo end: StaticString) throws(XMLError) -> ArraySlice<UInt8> {
        let start = place
        while place < bytes.count {
            let here = place
            if take(end) { return bytes[start..<here] }
            place += 1
        }
        place = start
        throw malformed("this has no end")
    }

    private func malformed(_ message: String) -> XMLError { XMLError(.malformed, place, message) }

    private func forbidden(_ message: String) -> XMLError { XMLError(.forbidden, place, message) }
}
