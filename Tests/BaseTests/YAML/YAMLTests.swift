import TestSupport
import Testing
import YAML

/// Text in, values or an error with its place out.
@Suite struct YAMLTests {
    private func read(_ text: String, limits: YAMLLimits = .default) throws(YAMLError) -> YAMLNode? {
        try YAMLNode.read(Array(text.utf8), limits: limits)
    }

    /// `{a: "b", c: ["d"]}`, each plain scalar without quotes, others with their style's mark.
    private func outline(_ node: YAMLNode?) -> String {
        guard let node else { return "nothing" }
        switch node.content {
        case .scalar(let scalar):
            let mark = [.plain: "", .singleQuoted: "'", .doubleQuoted: "\"", .literal: "|", .folded: ">"][scalar.style]
            return (node.tag.map { "!<\($0)>" } ?? "") + "\(mark ?? "")\(scalar.text)"
        case .sequence(let nodes): return "[" + nodes.map(outline).joined(separator: ", ") + "]"
        case .mapping(let mapping):
            return "{"
                + mapping.pairs.map { "\($0.key.text): \(outline($0.value))" }.joined(separator: ", ") + "}"
        }
    }

    @Test(arguments: [
        ("", "nothing"), ("# only this\n", "nothing"), ("---\n", ""), ("\u{feff}a: 1\nb: 2\n", "{a: 1, b: 2}"),
        ("a: 1\r\nb: [x, y]\r\n", "{a: 1, b: [x, y]}"), ("- - a\n  - b\n- c\n", "[[a, b], c]"),
        ("b: 'x'\na: \"y\\n\"\n", "{b: 'x, a: \"y\n}"),
        ("s: |\n  one\n   two\n\n  three\nf: >\n  one\n  two\n", "{s: |one\n two\n\nthree\n, f: >one two\n}"),
        ("s: |-\n  one\n", "{s: |one}"), ("a: &x [1, 2]\nb: *x\n", "{a: [1, 2], b: [1, 2]}"),
        ("&k a: 1\nb: *k\n", "{a: 1, b: a}"), ("a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}"),
        ("a: !!str 1\nb: !mine 2\n", "{a: !<tag:yaml.org,2002:str>1, b: !<!mine>2}"),
        ("\"a\\0\\u0085\": 1\n", "{a\0\u{85}: 1}"), ("é: 1\ne\u{301}: 2\n", "{é: 1, e\u{301}: 2}"),
        ("%YAML 1.1\n---\na: 1\n...\n", "{a: 1}"), ("<<: {a: 1}\n", "{<<: {a: 1}}"),
    ])
    func textsAreRead(text: String, outline expected: String) throws {
        #expect(outline(try read(text)) == expected)
    }

    @Test(arguments: [
        ("a: [\n", YAMLError.Code.malformed, 2, "while parsing"),
        ("a: 1\n\tb: 2\n", .malformed, 2, ""), ("a: b: c\n", .malformed, 1, "mapping values"),
        ("a: \"x\n", .malformed, 2, "unexpected end of stream"),
        ("a: 1\nb: \u{1}\n", .malformed, 2, "control characters"),
        ("a: 1\nb: 2\na: 3\nb: 4\n", .duplicateKeys, 3, "these keys come twice: a, b"),
        ("x:\n  - {k: 1, \"k\": 2}\n", .duplicateKeys, 2, "these keys come twice: k"),
        ("a: *b\n", .unknownAnchor, 1, "\"b\""), ("a: &a [*a]\n", .unknownAnchor, 1, "\"a\""),
        ("[a]: 1\n", .compositeKey, 1, "one value"), ("? {a: 1}\n: 2\n", .compositeKey, 1, "one value"),
        ("x: &l [1]\n*l : 2\n", .compositeKey, 2, "one value"),
        ("a: 1\n---\nb: 2\n", .severalDocuments, 2, "second document"),
        ("a: 1\n--- x\n...\n", .severalDocuments, 2, ""),
    ])
    func malformedTextsNameTheirPlace(text: String, code: YAMLError.Code, line: Int, message: String) throws {
        let error = try #require(throws: YAMLError.self) { try read(text) }
        #expect(error.code == code)
        #expect(error.mark.line == line, "\(error)")
        #expect(message.isEmpty || error.message.contains(message), "\(error)")
    }

    @Test func whatIsNotUTF8NamesItsPlace() throws {
        let error = try #require(throws: YAMLError.self) { try YAMLNode.read(Array("a: é\nb: é".utf8) + [0xff]) }
        #expect(error.code == .notUTF8)
        #expect(error.mark == YAMLMark(line: 2, column: 5))
        for text: [UInt8] in [[0xff, 0xfe, 0x61, 0], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]] {
            #expect(throws: YAMLError.self) { try YAMLNode.read(text) }
        }
    }

    @Test func nodesKnowTheirPlace() throws {
        let node = try #require(try read("a:\n  - é: x\n    b: [y]\n"))
        let item = try #require(try node.mapping(or: "")[key: "a"]?.sequence(or: "").first)
        #expect(item.mark == YAMLMark(line: 2, column: 5))
        let pair = try #require(try item.mapping(or: "").pairs.last)
        #expect(pair.keyMark == YAMLMark(line: 3, column: 5) && pair.value.mark == YAMLMark(line: 3, column: 8))
    }

    // MARK: Bounds

    /// Each level says the last one nine times.
    private func laughs(_ levels: Int, last: String = "x") -> String {
        let lines = (1...levels).map {
            "l\($0): &l\($0) [\(Array(repeating: "*l\($0 - 1)", count: 9).joined(separator: ","))]\n"
        }
        return "l0: &l0 \(last)\n" + lines.joined()
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (RepeatedText("[", count: 1_000_000), YAMLError.Code.tooDeep),
            (RepeatedText("- ", count: 500_000), .tooDeep),
            (RepeatedText("? ", count: 500_000), .compositeKey),
            (RepeatedText("{a: ", count: 500_000), .tooDeep),
            (RepeatedText("- a\n", count: 300_000), .tooLarge),
            (RepeatedText("a", count: 5 << 20), .tooLarge),
        ])
    func whatIsTooMuchIsRefused(text: RepeatedText, code: YAMLError.Code) throws {
        #expect(try #require(throws: YAMLError.self) { try read(text.text) }.code == code)
    }

    @Test func deepIndentationIsRefused() throws {
        let text = (0..<2000).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(try #require(throws: YAMLError.self) { try read(text) }.code == .tooDeep)
    }

    @Test(.timeLimit(.minutes(1))) func aliasesAreCountedAsWhatTheyRepeat() throws {
        #expect(try #require(throws: YAMLError.self) { try read(laughs(11)) }.code == .tooLarge)
        // Of text too, and of depth.
        let long = String(repeating: "x", count: 1 << 16)
        #expect(try #require(throws: YAMLError.self) { try read(laughs(4, last: long)) }.code == .tooLarge)
        let chain = (1..<100).map { "l\($0): &l\($0) [*l\($0 - 1)]\n" }.joined()
        #expect(try #require(throws: YAMLError.self) { try read("l0: &l0 x\n" + chain) }.code == .tooDeep)
        #expect(try read(laughs(4)) != nil)
    }

    @Test func limitsAreExact() throws {
        let limits = YAMLLimits(byteCountMax: 12, nodeCountMax: 4, textByteCountMax: 4, depthMax: 2)
        #expect(outline(try read("[[ab], cd]", limits: limits)) == "[[ab], cd]")
        #expect(throws: YAMLError.self) { try read("[[ab], cde]", limits: limits) }
        #expect(throws: YAMLError.self) { try read("[[[]]]", limits: limits) }
        #expect(throws: YAMLError.self) { try read("[a,b,c,d]", limits: limits) }
        #expect(throws: YAMLError.self) { try read("[[ab],  cd]  ", limits: limits) }
    }

    /// Bytes that are nearly YAML: nothing but a value or an error comes of them.
    @Test(.timeLimit(.minutes(1))) func anyBytesAreAValueOrAnError() {
        var generator = SeededGenerator.forTest()
        let words = [
            "- ", ": ", "? ", "[", "]", "{", "}", ",", "\n", "  ", "&a ", "*a", "!t ", "|\n", ">\n", "\"", "'", "%",
            "---\n",
            "...\n", "#", "a", "b", "é", "\\x", "\t", "\r", "\0", "\u{85}", "\u{2028}", "\u{feff}", "@", "`", "1",
        ].map { Array($0.utf8) }
        for _ in 0..<3000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                bytes += words.randomElement(using: &generator) ?? []
                if Int.random(in: 0..<50, using: &generator) == 0 {
                    bytes.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            _ = try? YAMLNode.read(bytes)
        }
    }

    // MARK: Expectations and quoting

    @Test func expectationsAreSaidWhereTheyFail() throws {
        let mapping = try #require(try read("n: 12\nq: \"7\"\nb: true\ne:\nl: [x]\nm: {}\ny: yes\n")).mapping(or: "")
        func value(_ key: String) throws -> YAMLNode { try #require(mapping[key: key]) }
        #expect(try value("n").integer(UInt8.self, or: "") == 12)
        #expect(try value("q").integer(Int.self, or: "") == 7)
        #expect(try value("b").boolean(or: ""))
        #expect(try value("e").scalar(or: "").isNull)
        #expect(try !YAMLScalar("null", style: .doubleQuoted).isNull && value("e").text(or: "") == "")
        #expect(mapping[key: "none"] == nil)
        let complaints: [(String, Int, (YAMLNode) throws -> Void)] = [
            ("l", 5, { _ = try $0.text(or: "no text") }), ("m", 6, { _ = try $0.sequence(or: "no list") }),
            ("n", 1, { _ = try $0.mapping(or: "no map") }), ("y", 7, { _ = try $0.boolean(or: "no boolean") }),
            ("b", 3, { _ = try $0.integer(Int.self, or: "no number") }),
        ]
        for (key, line, read) in complaints {
            let error = try #require(throws: YAMLError.self) { try read(value(key)) }
            #expect(error.code == .unexpected && error.mark.line == line && error.message.hasPrefix("no "))
            #expect("\(error)" == "line \(line), column \(error.mark.column): \(error.message)")
        }
    }

    @Test func quotedTextReadsBack() throws {
        var generator = SeededGenerator.forTest()
        var texts = (0..<0x11).map { plane in
            String(String.UnicodeScalarView((0..<0x1_0000).compactMap { Unicode.Scalar(UInt32(plane << 16 + $0)) }))
        }
        texts += ["", " ", "a: b", "- a", "null", "#", "'", "\"\\\n\t\r\0", "%", "...", "---"]
        for _ in 0..<500 {
            let scalars = (0..<8).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0..<0x300, using: &generator)) }
            texts.append(String(String.UnicodeScalarView(scalars)))
        }
        for text in texts {
            let quoted = YAMLScalar.quoted(text)
            #expect(try #require(try read(quoted)).text(or: "").utf8.elementsEqual(text.utf8))
            // Keys on one line have at most 1024 characters.
            guard quoted.unicodeScalars.count <= 1000 else { continue }
            let pairs = try #require(try read("\(quoted): [\(quoted), {\(quoted): x}]\n")).mapping(or: "").pairs
            #expect(pairs.first?.key.text.utf8.elementsEqual(text.utf8) == true)
        }
    }
}
