/// Reads nodes; characters that stand nowhere in KDL are refused at the start.
struct KDLReader {
    private let scalars: [Unicode.Scalar]
    private let limits: KDLLimits
    private var position = 0
    private(set) var mark = KDLMark.none
    private var itemCount = 0
    private var depth = 0

    init(_ text: String.UnicodeScalarView, limits: KDLLimits) {
        scalars = Array(text)
        self.limits = limits
    }

    mutating func readDocument() throws(KDLError) -> [KDLNode] {
        if let place = scalars.firstIndex(where: \.isKDLForbidden) {
            while position < place { advance() }
            let code = String(scalars[place].value, radix: 16, uppercase: true)
            throw malformed("the character U+\(code) can stand here as an escape only")
        }
        let nodes = try readNodes()
        guard next == nil else { throw malformed("this \"}\" closes nothing") }
        return nodes
    }

    // MARK: Characters

    var next: Unicode.Scalar? { scalar(ahead: 0) }

    func scalar(ahead count: Int) -> Unicode.Scalar? {
        position + count < scalars.count ? scalars[position + count] : nil
    }

    mutating func advance() {
        let scalar = scalars[position]
        position += 1
        let isHalf = scalar == "\r" && next == "\n"
        mark.step(over: isHalf ? nil : scalar == "\n" || scalar == "\r")
    }

    func isAt(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes in
            bytes.indices.allSatisfy { scalar(ahead: $0) == Unicode.Scalar(bytes[$0]) }
        }
    }

    /// Whether `text`, in ASCII, came next, which then is read.
    mutating func skip(_ text: StaticString) -> Bool {
        guard isAt(text) else { return false }
        for _ in 0..<text.utf8CodeUnitCount { advance() }
        return true
    }

    /// The end of a line and what follows it immediately, if it is the second half.
    mutating func skipNewline() -> Bool {
        guard let scalar = next, scalar.isKDLNewline else { return false }
        advance()
        if scalar == "\r", next == "\n" { advance() }
        return true
    }

    func malformed(_ message: String) -> KDLError {
        KDLError(.malformed, mark, next == nil ? "the text ends where it must not: \(message)" : message)
    }

    // MARK: Space

    /// Spaces, comments inside of lines, and ends of lines behind a backslash; returns whether there was any.
    @discardableResult
    mutating func skipNodeSpace() throws(KDLError) -> Bool {
        let start = position
        while let scalar = next {
            if scalar.isKDLSpace {
                advance()
            } else if isAt("/*") {
                try skipBlockComment()
            } else if scalar == "\\" {
                advance()
                while let space = next, space.isKDLSpace || isAt("/*") {
                    if space.isKDLSpace { advance() } else { try skipBlockComment() }
                }
                guard skipLineComment() || skipNewline() || next == nil else {
                    throw malformed("behind this backslash the line has to end")
                }
            } else {
                break
            }
        }
        return position > start
    }

    /// The same, with ends of lines and comments up to them.
    private mutating func skipLineSpace() throws(KDLError) {
        while try skipNodeSpace() || skipLineComment() || skipNewline() {}
    }

    /// With the end of the line.
    private mutating func skipLineComment() -> Bool {
        guard isAt("//") else { return false }
        while let scalar = next, !scalar.isKDLNewline { advance() }
        _ = skipNewline()
        return true
    }

    private mutating func skipBlockComment() throws(KDLError) {
        let start = mark
        var open = 0
        repeat {
            if skip("/*") {
                open += 1
            } else if skip("*/") {
                open -= 1
            } else if next != nil {
                advance()
            } else {
                throw KDLError(.malformed, start, "this comment does not end")
            }
        } while open > 0
    }

    // MARK: Nodes

    /// Up to the end of the text or a closing brace, which is left.
    private mutating func readNodes() throws(KDLError) -> [KDLNode] {
        var nodes: [KDLNode] = []
        while true {
            try skipLineSpace()
            guard let scalar = next, scalar != "}" else { return nodes }
            if skip("/-") {
                try skipLineSpace()
                _ = try readNode()
            } else {
                nodes.append(try readNode())
            }
        }
    }

    private mutating func readNode() throws(KDLError) -> KDLNode {
        try countItem()
        let start = mark
        let type = try readType()
        var node = KDLNode(try readName("a node's name was expected"), type: type, at: start)
        var places: [[UInt8]: Int] = [:]
        var hasChildren = false
        var takesEntries = true
        while true {
            let isSpaced = try skipNodeSpace()
            guard let scalar = next, scalar != "}", !skipLineComment(), !skipNewline(), !skip(";") else { return node }
            let isLeftOut = skip("/-")
            if isLeftOut { try skipLineSpace() }
            if next == "{" {
                guard isLeftOut || !hasChildren else { throw malformed("\(node.name) has its children already") }
                let children = try readChildren()
                takesEntries = false
                if isLeftOut { continue }
                node.children = children
                hasChildren = true
            } else {
                guard takesEntries else { throw malformed("behind the children of \(node.name) its line has to end") }
                guard isSpaced else { throw malformed("a space is missing before this") }
                let (name, value) = try readEntry()
                guard !isLeftOut else { continue }
                guard let name else {
                    node.arguments.append(value)
                    continue
                }
                if let place = places[Array(name.utf8)] {
                    node.properties[place].value = value
                } else {
                    places[Array(name.utf8)] = node.properties.count
                    node.properties.append(.init(name, value))
                }
            }
        }
    }

    private mutating func readChildren() throws(KDLError) -> [KDLNode] {
        let start = mark
        guard depth < limits.depthMax else {
            throw KDLError(.tooDeep, start, "nodes are more than \(limits.depthMax) deep")
        }
        depth += 1
        defer { depth -= 1 }
        advance()
        let children = try readNodes()
        guard skip("}") else { throw KDLError(.malformed, start, "this \"{\" is not closed") }
        return children
    }

    /// An argument, or a property where there is a name.
    private mutating func readEntry() throws(KDLError) -> (name: String?, value: KDLValue) {
        try countItem()
        let value = try readValue()
        let behind = (position, mark)
        try skipNodeSpace()
        guard next == "=" else {
            (position, mark) = behind
            return (nil, value)
        }
        guard case .text(let name) = value.content, value.type == nil else {
            throw value.unexpected("the name of a property is a text")
        }
        advance()
        try skipNodeSpace()
        return (name, try readValue())
    }

    private mutating func readValue() throws(KDLError) -> KDLValue {
        let start = mark
        let type = try readType()
        return KDLValue(try readContent("a value was expected"), type: type, at: start)
    }

    /// `(NAME)` and the space behind it; nil where there is none.
    private mutating func readType() throws(KDLError) -> String? {
        guard skip("(") else { return nil }
        try skipNodeSpace()
        let type = try readName("a type's name was expected")
        try skipNodeSpace()
        guard skip(")") else { throw malformed("\")\" was expected") }
        try skipNodeSpace()
        return type
    }

    private mutating func readName(_ complaint: String) throws(KDLError) -> String {
        let start = mark
        guard case .text(let name) = try readContent(complaint) else {
            throw KDLError(.malformed, start, "\(complaint); numbers and keywords are none without quotes")
        }
        return name
    }

    private mutating func countItem() throws(KDLError) {
        itemCount += 1
        guard itemCount <= limits.itemCountMax else {
            throw KDLError(.tooLarge, mark, "the text has more than \(limits.itemCountMax) nodes and values")
        }
    }
}
