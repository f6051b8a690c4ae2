import Foundation
import JSON
import TestSupport
import Testing

/// What is written equals, byte for byte, what Foundation's encoder writes.
@Suite struct JSONEncodingTests {
    /// Both texts of a value, in each form.
    private func check(_ value: some Encodable, sourceLocation: SourceLocation = #_sourceLocation) throws {
        for isPretty in [false, true] {
            for keys in [JSONKeyNames.unchanged, .snakeCase] {
                let encoder = JSONEncoder()
                encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
                if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
                if keys == .snakeCase { encoder.keyEncodingStrategy = .convertToSnakeCase }
                let expected = String(decoding: try encoder.encode(value), as: UTF8.self)
                let text = String(
                    decoding: try JSONValue(encoding: value, keys: keys).text(isPretty: isPretty), as: UTF8.self)
                #expect(text.utf8.elementsEqual(expected.utf8), "\(text)\n\(expected)", sourceLocation: sourceLocation)
            }
        }
    }

    private struct Name: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// A value of any shape, encoded through every kind of container.
    private indirect enum Shape: Encodable {
        case null, boolean(Bool), integer(Int64), unsigned(UInt64), double(Double), float(Float), text(String)
        case array([Shape]), object([(String, Shape)]), dictionary([String: Shape]), nested([(String, [Shape])])
        case optional(Int?), empty

        func encode(to encoder: any Encoder) throws {
            var single: any SingleValueEncodingContainer { encoder.singleValueContainer() }
            switch self {
            case .null:
                var container = single
                try container.encodeNil()
            case .boolean(let value): try value.encode(to: encoder)
            case .integer(let value): try value.encode(to: encoder)
            case .unsigned(let value): try value.encode(to: encoder)
            case .double(let value): try value.encode(to: encoder)
            case .float(let value): try value.encode(to: encoder)
            case .text(let value): try value.encode(to: encoder)
            case .array(let values): try values.encode(to: encoder)
            case .dictionary(let values):
                var container = single
                try container.encode(values)
            case .optional(let value): try value.encode(to: encoder)
            case .empty: break
            case .object(let members):
                for (name, value) in members {
                    // Asked for anew each time: it stays the same object.
                    var container = encoder.container(keyedBy: Name.self)
                    try container.encode(value, forKey: Name(stringValue: name))
                    try container.encodeIfPresent(String?.none, forKey: Name(stringValue: name + "Absent"))
                }
                _ = encoder.container(keyedBy: Name.self)
            case .nested(let members):
                var container = encoder.container(keyedBy: Name.self)
                for (name, values) in members {
                    var inner = container.nestedUnkeyedContainer(forKey: Name(stringValue: name + "List"))
                    for value in values { try inner.encode(value) }
                    try inner.encodeNil()
                    var object = inner.nestedContainer(keyedBy: Name.self)
                    try object.encode(inner.count, forKey: Name(stringValue: name))
                    var list = inner.nestedUnkeyedContainer()
                    try list.encode(contentsOf: [1, 2])
                    try name.encode(to: inner.superEncoder())
                    var map = container.nestedContainer(
                        keyedBy: Name.self, forKey: Name(stringValue: name + "Map"))
                    try map.encodeNil(forKey: Name(stringValue: name))
                    try name.encode(to: map.superEncoder(forKey: Name(stringValue: "aSuper")))
                }
                try 1.encode(to: container.superEncoder())
            }
        }
    }

    private static let words = [
        "", "a", "bytesToFetch", "URL", "myURLIs", "aBC", "A", "Ab", "_x", "x_", "x_Y", "aÉb", "éÀÉx", "ǅaB", "a1B2",
        "ABc",
        "a b", "\u{e9}", "e\u{301}", "/usr/share", "\"", "\\", "\u{8}\t\n\u{c}\r\u{0}\u{1f}\u{f}\u{10}\u{7f}", "\u{85}",
        "\u{2028}\u{2029}\u{feff}\u{ffff}", "日本", "\u{1f600}", "Z\u{301}a", "aZ\u{301}b", "iI\u{307}", "ßS", "10", "9",
        "ﬀA",
    ]

    private func shape(_ generator: inout SeededGenerator, depth: Int = 0) -> Shape {
        func word() -> String {
            (0..<Int.random(in: 1...2, using: &generator))
                .map { _ in Self.words.randomElement(using: &generator) ?? "" }.joined()
        }
        func shapes() -> [Shape] {
            (0..<Int.random(in: 0...3, using: &generator)).map { _ in shape(&generator, depth: depth + 1) }
        }
        switch Int.random(in: 0..<(depth < 4 ? 13 : 9), using: &generator) {
        case 0: return .null
        case 1: return .boolean(.random(using: &generator))
        case 2: return .integer(Int64.random(in: .min ... .max, using: &generator))
        case 3: return .unsigned(UInt64.random(in: .min ... .max, using: &generator))
        case 4:
            let double = Double(bitPattern: generator.next())
            return .double(double.isFinite ? double : 1e16)
        case 5:
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))
            return .float(float.isFinite ? float : -0.0)
        case 6: return .text(word())
        case 7: return .optional(.random(using: &generator) ? 1 : nil)
        case 8: return depth == 0 ? .array([.empty]) : .empty
        case 9: return .array(shapes())
        case 10: return .object(shapes().map { (word(), $0) })
        case 11: return .dictionary(Dictionary(shapes().map { (word(), $0) }, uniquingKeysWith: { $1 }))
        default:
            // Each name once: a list may not be asked for where an object is.
            let names = Set((0..<2).map { _ in word() })
            return .nested(names.sorted().map { ($0 + "x", shapes()) })
        }
    }

    @Test func randomValues() throws {
        var generator = SeededGenerator.forTest()
        for _ in 0..<3000 { try check(shape(&generator)) }
    }

    @Test func numbers() throws {
        let doubles: [Double] = [
            0, -0.0, 1, -1, 0.1, 1e15, 1e16, 1e17, 123_456_789_012_345_680, 1e-5, 1e-4, 1.5e300, .leastNonzeroMagnitude,
            .greatestFiniteMagnitude, .pi, 100, 1_234_567.0,
        ]
        try check(doubles)
        try check(doubles.map(Float.init).filter(\.isFinite))
        try check([Int8.min, .max])
        try check([UInt16.max])
        try check([Int64.min, .max])
        try check([UInt64.max])
        try check(["a": Optional(1), "b": nil])
        try check([3: "x", 1: "y"])
        try check("top")
        try check(Int?.none)
    }

    @Test func names() throws {
        for first in Self.words {
            for second in Self.words { try check(Shape.object([(first + second, .null)])) }
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity]) func numbersThatAreNoneAreErrors(number: Double) {
        #expect(throws: EncodingError.self) { try JSONValue(encoding: number) }
        #expect(throws: EncodingError.self) { try JSONValue(encoding: ["a": [Float(number)]]) }
    }

    @Test func nothingIsAnError() throws {
        #expect(throws: EncodingError.self) { try JSONValue(encoding: Shape.empty) }
        try check(["a": Shape.empty])
    }
}
