import Foundation
import JSON
import TestSupport
import Testing

/// What RFC 8259 has, and nothing else.
@Suite struct JSONReadingTests {
    private func read(_ text: String) throws(JSONError) -> JSONValue { try JSONValue.read(Array(text.utf8)) }

    @Test(arguments: [
        ("null", JSONValue.null), (" true\r\n\t", .boolean(true)), ("\u{feff}false", .boolean(false)),
        ("-0", .number("-0")), ("-1.50e+07", .number("-1.50e+07")), ("1E400", .number("1E400")),
        ("123456789012345678901234567890", .number("123456789012345678901234567890")), ("\"\"", .string("")),
        (#""a\"\\\/\b\f\n\r\t\u0041\u00e9\uD83d\ude00""#, .string("a\"\\/\u{8}\u{c}\n\r\tAé\u{1f600}")),
        (#""\u0000\u001f""#, .string("\0\u{1f}")),
        ("\"\u{7f}\u{2028}\u{10ffff}\"", .string("\u{7f}\u{2028}\u{10ffff}")),
        ("[]", .array([])), ("[ 1 , [ ] ]", .array([.number("1"), .array([])])), ("{ }", .object([:])),
        (#"{"a":{"a":1},"b" : [null]}"#, .object(["a": .object(["a": .number("1")]), "b": .array([.null])])),
    ])
    func textsAreRead(text: String, value: JSONValue) throws {
        #expect(try read(text) == value)
    }

    private static let malformed: [String] = [
        "", " ", "nul", "nulll", "True", "tru", "-", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "0x10", "1_0", "NaN",
        "Infinity",
        "--1", "1 2", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1,,2]", "{", "}", "{\"a\"", "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{'a':1}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}",
        "'a'",
        "\"", "\"a", "\"\\", "\"\\\"", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u+123\"", "\"a\nb\"",
        "\"\u{1}\"",
        "\"\t\"", #""\ud800""#, #""\udc00""#, #""\ud800\u0041""#, #""\ud800x""#, #""\ud800\n""#, #""\U0041""#, "/**/1",
        "1//",
        "[1]]", "\u{c}1", "\u{a0}1", "\u{feff}\u{feff}1", "1\u{0}", "\u{0}", "[\u{2028}]", "\"\\u００4１\"", "１",
    ]

    @Test(arguments: malformed) func malformedTextsAreRefused(text: String) throws {
        let error = try #require(throws: JSONError.self) { try read(text) }
        #expect(error.code == .malformed)
        #expect(error.offset.map { (0...text.utf8.count).contains($0) } == true)
    }

    @Test func whatIsTooMuchIsRefused() throws {
        for start in ["[", "{\"a\":", " [ "] {
            let error = try #require(throws: JSONError.self) { try read(String(repeating: start, count: 200_000)) }
            #expect(error.code == .tooDeep)
        }
        let deep = String(repeating: "[", count: 128) + String(repeating: "]", count: 128)
        #expect(try read(deep) != .null)
        #expect(try #require(throws: JSONError.self) { try read("[" + deep + "]") }.code == .tooDeep)
        #expect(
            try #require(throws: JSONError.self) { try JSONValue.read([0x31, 0x31], byteCountMax: 1) }.code == .tooLarge
        )
    }

    @Test func whatIsNotUTF8IsRefused() throws {
        for bytes: [UInt8] in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80]] {
            let text: [UInt8] = [0x22, 0x61] + bytes + [0x22]
            let error = try #require(throws: JSONError.self) { try JSONValue.read(text) }
            #expect(error.code == .notUTF8 && error.offset == 2)
        }
    }

    @Test func namesThatComeTwiceAreNamed() throws {
        let error = try #require(throws: JSONError.self) { try read(#"{"a":1, "\u0061":2}"#) }
        #expect(error.code == .duplicateName)
        #expect("\(error)" == "byte 8: the name \"a\" comes twice")
    }

    @Test func membersAreLookedUp() throws {
        let value = try read(#"{"a": "x", "b": null, "c": {"d": 1}}"#)
        #expect(try value.member("a")?.string() == "x")
        #expect(try value.member("b") == nil && value.member("z") == nil)
        #expect(throws: JSONError.self) { try value.member("c")?.string() }
        #expect(throws: JSONError.self) { try value.member("a")?.member("x") }
    }

    // MARK: Against Foundation

    private func value(_ object: Any) -> JSONValue {
        switch object {
        case is NSNull: .null
        case let number as NSNumber where CFBooleanTypeName(number): .boolean(number.boolValue)
        case let number as NSNumber: .number("\(number.doubleValue)")
        case let text as String: .string(text)
        case let array as [Any]: .array(array.map(value))
        case let object as [String: Any]: .object(object.mapValues(value))
        default: .null
        }
    }

    private func CFBooleanTypeName(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }

    /// Numbers as doubles, since Foundation keeps no text of them.
    private func withDoubles(_ value: JSONValue) -> JSONValue {
        switch value {
        case .number(let text): .number("\(Double(text) ?? .nan)")
        case .array(let values): .array(values.map(withDoubles))
        case .object(let members): .object(members.mapValues(withDoubles))
        default: value
        }
    }

    /// Texts that are JSON or nearly so: what both take means the same, and what Foundation refuses is refused.
    @Test func agreesWithFoundation() throws {
        var generator = SeededGenerator.forTest()
        let words = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\"", "\"\\u0041\\ud83d\\ude00\"", "1", "-0.5e3", "true", "null",
            " ", "\n",
            "\"é\"", "[]", "{}", "[1,", "{\"c\":", "\"d\":", "\\", "\"", "0", "12", "e", ".",
        ]
        var both = 0
        for _ in 0..<20_000 {
            let text = (0..<Int.random(in: 1...7, using: &generator))
                .map { _ in words.randomElement(using: &generator) ?? "" }.joined()
            let theirs = try? JSONSerialization.jsonObject(with: Data(text.utf8), options: .fragmentsAllowed)
            do {
                let ours = try withDoubles(read(text))
                // It keeps no number that is too large for a double.
                guard !"\(ours)".contains("inf") else { continue }
                #expect(try ours == value(#require(theirs, "only we take \(text)")), "\(text)")
                both += 1
            } catch let error as JSONError {
                // It believes one of two members, and takes a comma for the end of an array.
                let ends = text.filter { !$0.isWhitespace }
                let isKnown = error.code == .duplicateName || ends.contains(",]") || ends.contains(",}")
                #expect(theirs == nil || isKnown, "only Foundation takes \(text)")
            }
        }
        #expect(both > 500)
    }

    @Test func whatIsWrittenReadsBack() throws {
        let value = JSONValue.object([
            "a": .array([.null, .boolean(true), .number("1.5e3"), .string("\u{0}\"\\/\u{1f}é\u{1f600}")]),
            "": .object([:]),
            "\n": .array([]),
        ])
        for isPretty in [false, true] { #expect(try JSONValue.read(value.text(isPretty: isPretty)) == value) }
    }
}
