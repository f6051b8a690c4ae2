import KDL
import TestSupport
import Testing

/// Text in, nodes or an error with its place out.
@Suite struct KDLReadingTests {
    private func read(_ text: String, limits: KDLLimits = .default) throws(KDLError) -> [KDLNode] {
        try KDLNode.read(Array(text.utf8), limits: limits)
    }

    /// `a 1 "b" c=#true {d; e}`, texts always in quotes, with what is not plain ASCII escaped.
    private func outline(_ nodes: [KDLNode]) -> String {
        nodes.map { node in
            let arguments = node.arguments.map { " " + outline($0) }.joined()
            let properties = node.properties.map { " \($0.name)=" + outline($0.value) }.joined()
            let children = node.children.isEmpty ? "" : " {\(outline(node.children))}"
            return (node.type.map { "(\($0))" } ?? "") + node.name + arguments + properties + children
        }.joined(separator: "; ")
    }

    private func outline(_ value: KDLValue) -> String {
        let type = value.type.map { "(\($0))" } ?? ""
        switch value.content {
        case .text(let text): return type + quoted(text)
        case .number(let text): return type + text
        case .boolean(let value): return type + "\(value)"
        case .null: return type + "null"
        }
    }

    private func quoted(_ text: String) -> String {
        let escaped = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case "\n": "\\n"
            case " "..."~": "\(scalar)"
            default: "\\u{\(String(scalar.value, radix: 16))}"
            }
        }
        return "\"\(escaped.joined())\""
    }

    @Test(arguments: [
        ("", ""), ("\u{feff}", ""), ("// only this", ""), ("/* a /* b */ c */\n\n", ""), ("a", "a"),
        ("a\nb;c;\nd", "a; b; c; d"),
        ("a 1 b=2 3", "a 1 3 b=2"), ("a b=1 c=2 b=3", "a b=3 c=2"), ("a{}", "a"), ("a {\n}\n", "a"),
        ("a { b { c 1; }; d }", "a {b {c 1}; d}"), ("a {b}", "a {b}"), ("a { b } // c", "a {b}"),
        ("\"a b\" \"c\"", "a b \"c\""), ("a b c-d", "a \"b\" \"c-d\""),
        ("a - + -a .b -.c", "a \"-\" \"+\" \"-a\" \".b\" \"-.c\""),
        ("é ü=\"ö\"", "é ü=\"\\u{f6}\""), ("a \\\n 1", "a 1"), ("a \\ // c\n 1", "a 1"),
        ("a \\ /* b */ \n b", "a \"b\""),
        ("a /* b */ 1/* c */", "a 1"), ("a\u{a0}1\u{3000}2", "a 1 2"),
        ("a\r\nb\rc\u{85}d\u{c}e\u{b}f\u{2028}g", "a; b; c; d; e; f; g"),
        ("a b = 1 c= 2", "a b=1 c=2"), ("a \"b c\"=1", "a b c=1"),
        ("a #true #false #null", "a true false null"), ("a true false null", "a true false null"),
        ("a b=true c=#false", "a b=true c=false"), ("a #inf #-inf #nan", "a #inf #-inf #nan"),
        ("a 0 -1 +2 1_0 1.5e-3 1E+2 0xfF_0 -0o17 0b1_1", "a 0 -1 +2 1_0 1.5e-3 1E+2 0xfF_0 -0o17 0b1_1"),
        ("(t)a (u8)1 b=(\"x y\")2 ( d ) \"e\"", "(t)a (u8)1 (d)\"e\" b=(x y)2"),
        // Left out.
        ("/-a 1 { b }\nc", "c"), ("/- \n /* x */ a\nc", "c"), ("a /-1 2 /- b=3 c=4", "a 2 c=4"),
        ("a /-{ b } { c }", "a {c}"),
        ("a { b } /-{ c }", "a {b}"), ("a /-{ b }\nc", "a; c"), ("/- kdl-version 2\na", "a"), ("a { /-b\nc }", "a {c}"),
        // Texts.
        (#"a "\"\\\/\b\f\n\r\t\s\u{41}\u{10ffff}""#, #"a "\"\\/\u{8}\u{c}\n\u{d}\u{9} A\u{10ffff}""#),
        ("a \"b\\   \n  c\"", "a \"bc\""), (##"a #"b\n"c"#"##, #"a "b\\n\"c""#),
        (###"a ##"b"#c"## d"###, ##"a "b\"#c" "d""##),
        (#"a r"b\" c"#, #"a "b\\" "c""#), (##"a r#"b"c"# r b=r"\""##, #"a "b\"c" "r" b="\\""#),
        ("a \"\" #\"\"#", "a \"\" \"\""),
        ("a \"\"\"\n  b\n    c\n\n  \"\"\"", #"a "b\n  c\n""#), ("a \"\"\"\n\"\"\" 1", "a \"\" 1"),
        ("a \"\"\"\n\t\"b\"\\n\r\n\t\t\"\" \\\n   c\n\t\"\"\"", #"a "\"b\"\n\n\u{9}\"\" c""#),
        ("a \"\"\"\n   \\s b\n   \n \t\n   \"\"\"", #"a "  b\n\n""#), ("a #\"\"\"\n b\\\n \"\"\"# 1", #"a "b\\" 1"#),
        ("a \"\u{300}\"", "a \"\\u{300}\""),
    ])
    func textsAreRead(text: String, outline expected: String) throws {
        #expect(outline(try read(text)) == expected)
    }

    @Test(
        arguments: [
            ("}", 1, 1, "closes nothing"), ("a }", 1, 3, "closes nothing"), ("a\n  {\n", 2, 3, "a node's name"),
            ("a {\nb", 1, 3, "not closed"),
            ("a { b } { c }", 1, 9, "has its children already"), ("a { b } 1", 1, 9, "has to end"),
            ("a /-{ b } 1", 1, 11, "has to end"),
            ("a \"b\"c", 1, 6, "a space is missing"), ("a \"b\"\"c\"", 1, 6, "a space is missing"),
            ("a#true", 1, 2, "a space is missing"),
            ("a 1=2", 1, 3, "name of a property"), ("a (t)b=2", 1, 3, "name of a property"),
            ("a b=", 1, 5, "a value was expected"),
            ("a b==1", 1, 5, "a value was expected"), ("true", 1, 1, "a node's name"), ("1 2", 1, 1, "a node's name"),
            ("#null 1", 1, 1, "a node's name"),
            ("(a", 1, 3, "\")\" was expected"), ("()a", 1, 2, "a type's name"), ("a (t)", 1, 6, "a value was expected"),
            ("a #yes", 1, 3, "no keyword #yes"), ("a #", 1, 3, "no keyword"), ("a inf", 1, 3, "needs quotes"),
            ("a nan b", 1, 3, "needs quotes"),
            ("a 1x", 1, 3, "no number"), ("a 0x", 1, 3, "no number"), ("a 0xg", 1, 3, "no number"),
            ("a 1.", 1, 3, "no number"), ("a .1", 1, 3, "no number"),
            ("a 1e", 1, 3, "no number"), ("a 0b2", 1, 3, "no number"), ("a 0x_1", 1, 3, "no number"),
            ("a 1._5", 1, 3, "no number"), ("a --1", nil, nil, ""),
            ("a\n\"b", 2, 1, "does not end"), ("a \"b\nc\"", 1, 3, "does not end on its line"),
            ("a #\"b\"", 1, 4, "does not end"),
            ("a r\"b", 1, 4, "does not end"), (#"a "\x""#, 1, 5, "no such escape"), (#"a "\u{}""#, 1, 7, "hexadecimal"),
            (#"a "\u{d800}""#, 1, 11, "hexadecimal"),
            (#"a "\u{1234567}""#, 1, 13, "hexadecimal"), (#"a "\u{110000}""#, 1, 13, "hexadecimal"),
            (#"a "\u0041""#, 1, 5, "no such escape"),
            ("a \"\"\"b\"\"\"", 1, 6, "the line has to end"), ("a \"\"\"\nb\n", 1, 3, "does not end"),
            ("a \"\"\"\nb\"\"\"", 2, 5, "line of their own"),
            ("a \"\"\"\n b\n  \"\"\"", 1, 3, "indented"), ("a \"\"\"\n \\sb\n  \"\"\"", 1, 3, "indented"),
            ("a /* b", 1, 3, "does not end"),
            ("/* /* */", 1, 1, "does not end"), ("a \\ b", 1, 5, "has to end"), ("/-", 1, 3, "a node's name"),
            ("a /-", 1, 5, "a value was expected"),
            ("a {/-}", 1, 6, "a node's name"), (";", 1, 1, "a node's name"), ("a;;", 1, 3, "a node's name"),
            ("a [1]", 1, 3, "a value was expected"),
            ("// \u{7}", 1, 4, "U+7"), ("é\nü \"\u{202e}\"", 2, 4, "U+202E"), ("a\u{feff}", 1, 2, "U+FEFF"),
            ("\r\na\r\n(", 3, 2, "a type's name"),
        ] as [(String, Int?, Int?, String)])
    func malformedTextsNameTheirPlace(text: String, line: Int?, column: Int?, message: String) throws {
        guard let line, let column else {
            // Nearly an error: a text of KDL 2.
            #expect(throws: Never.self) { try read(text) }
            return
        }
        let error = try #require(throws: KDLError.self) { try read(text) }
        #expect(error.code == .malformed || error.code == .unexpected)
        #expect(error.mark == KDLMark(line: line, column: column), "\(error)")
        #expect(error.message.contains(message), "\(error)")
    }

    @Test func whatIsNotUTF8NamesItsPlace() throws {
        for bytes: [UInt8] in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]] {
            let text = [0xef, 0xbb, 0xbf] + Array("é 1\r\nb é".utf8) + bytes
            let error = try #require(throws: KDLError.self) { try KDLNode.read(text) }
            #expect(error.code == .notUTF8 && error.mark == KDLMark(line: 2, column: 4))
            #expect("\(error)" == "line 2, column 4: the text is not UTF-8")
        }
    }

    @Test func nodesAndValuesKnowTheirPlace() throws {
        let nodes = try read("a {\r\n  é (u8)1 b=\"c\"\n}\n")
        let child = try #require(nodes.first?.children.first)
        #expect(child.mark == KDLMark(line: 2, column: 3))
        #expect(child.arguments.first?.mark == KDLMark(line: 2, column: 5))
        #expect(child.properties.first?.value.mark == KDLMark(line: 2, column: 13))
        #expect("\(child.unexpected("x"))" == "line 2, column 3: x")
    }

    // MARK: Bounds

    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            (RepeatedText("a{", count: 1_000_000), KDLError.Code.tooDeep),
            (RepeatedText("/-a {", count: 500_000), .tooDeep),
            (RepeatedText("/*", count: 1_000_000), .malformed),
            (RepeatedText("(a)", count: 500_000), .malformed),
            (RepeatedText("#", count: 1_000_000), .malformed),
            (RepeatedText("a #", "#\"", count: 500_000), .malformed),
            (RepeatedText("a\n", count: 300_000), .tooLarge),
            (RepeatedText("a", " /-1", count: 300_000), .tooLarge),
            (RepeatedText("a", " b=1", count: 300_000), .tooLarge),
            (RepeatedText("a", count: 5 << 20), .tooLarge),
        ])
    func whatIsTooMuchIsRefused(text: RepeatedText, code: KDLError.Code) throws {
        #expect(try #require(throws: KDLError.self) { try read(text.text) }.code == code)
    }

    @Test(.timeLimit(.minutes(1))) func manyPropertiesCostNoMoreThanTheyAre() throws {
        let text = "a" + (0..<150_000).map { " p\($0)=1" }.joined()
        #expect(try read(text).first?.properties.count == 150_000)
    }

    @Test func limitsAreExact() throws {
        let limits = KDLLimits(byteCountMax: 14, itemCountMax: 4, depthMax: 2)
        #expect(outline(try read("a { b { c 1 }}", limits: limits)) == "a {b {c 1}}")
        #expect(throws: KDLError.self) { try read("a { b { c 1 } }", limits: limits) }
        #expect(throws: KDLError.self) { try read("a{b{c{}}}", limits: limits) }
        #expect(throws: KDLError.self) { try read("a 1 2 3 4", limits: limits) }
        #expect(throws: KDLError.self) { try read("a;b;c;d;e", limits: limits) }
    }

    // MARK: Values

    @Test func expectationsAreSaidWhereTheyFail() throws {
        let values = try #require(try read("a text #true 10 -0x1F +0b1_1 1.5 \"7\" #null 300").first).arguments
        #expect(try values[0].text(or: "") == "text")
        #expect(try values[1].boolean(or: ""))
        #expect(try values[2].integer(UInt8.self, or: "") == 10)
        #expect(try values[3].integer(Int.self, or: "") == -31)
        #expect(try values[4].integer(UInt64.self, or: "") == 3)
        for (value, read) in [
            (values[1], { _ = try $0.text(or: "no") }), (values[0], { _ = try $0.boolean(or: "no") }),
            (values[3], { _ = try $0.integer(UInt.self, or: "no") }),
            (values[5], { _ = try $0.integer(Int.self, or: "no") }),
            (values[6], { _ = try $0.integer(Int.self, or: "no") }), (values[7], { _ = try $0.text(or: "no") }),
            (values[8], { _ = try $0.integer(UInt8.self, or: "no") }),
        ] as [(KDLValue, (KDLValue) throws -> Void)] {
            let error = try #require(throws: KDLError.self) { try read(value) }
            #expect(error.code == .unexpected && error.message == "no" && error.mark == value.mark)
        }
    }
}
