import KDL
import TestSupport
import Testing

/// What holds of any text and any nodes.
@Suite struct KDLPropertyTests {
    private static let words = [
        "a", "b1", "é", " ", "  ", "\n", "\r\n", ";", "{", "}", "(", ")", "=", "/-", "//", "/*", "*/", "\\", "\"",
        "\"\"\"", "#", "##",
        "#\"", "\"#", "r\"", "#true", "true", "#null", "#inf", "0x1f", "-1.5e3", "1_0", ".", "-", "+", "\\n", "\\u{41}",
        "\\s", "\t",
        "\u{a0}", "\u{2028}", "\u{feff}", "a 1 b=2\n", "a {\n", "\"\"\"\n  x\n  \"\"\"", "[", "\0", "\u{200e}",
    ].map { Array($0.utf8) }

    /// Bytes that are nearly KDL: nothing but nodes or an error comes of them.
    @Test(.timeLimit(.minutes(1))) func anyBytesAreNodesOrAnError() {
        var generator = SeededGenerator.forTest()
        for _ in 0..<8000 {
            var bytes: [UInt8] = []
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                bytes += Self.words.randomElement(using: &generator) ?? []
                if Int.random(in: 0..<60, using: &generator) == 0 {
                    bytes.append(UInt8.random(in: 0...255, using: &generator))
                }
            }
            TextFuzzing.checkKDL(bytes)
        }
    }

    /// A real file with bytes changed, left out, doubled and cut.
    @Test(.timeLimit(.minutes(1))) func mutatedFilesAreNodesOrAnError() {
        var generator = SeededGenerator.forTest()
        let text = """
            // The vendor's.
            site {
                description "our \\"mirror\\"" /* for now */
                base-uri #"https://pkg.example.org/"#
                version stream/unstable; priority 0x0A
                mirrors "https://a.example/" \\
                    "https://b.example/"
                /-active #false
                note \"""
                    two
                      lines
                    \"""
                (u8)active true type=(t)r"x"
            }
            """
        for _ in 0..<4000 {
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<max(1, bytes.count), using: &generator)
                guard place < bytes.count else { break }
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[place...].prefix(20), at: place)
                case 3: bytes.insert(contentsOf: Self.words.randomElement(using: &generator) ?? [], at: place)
                default: bytes.removeSubrange(place...)
                }
            }
            TextFuzzing.checkKDL(bytes)
        }
    }

    @Test func whatIsWrittenReadsBack() throws {
        var generator = SeededGenerator.forTest()
        var texts = (0..<0x11).map { plane in
            String(String.UnicodeScalarView((0..<0x1_0000).compactMap { Unicode.Scalar(UInt32(plane << 16 + $0)) }))
        }
        texts += [
            "", " ", "true", "-inf", "inf", "-", "-1", ".5", "+.5", "..", "a=b", "a\\b", "1a", "\"\"\"", "#", "r",
        ]
        for _ in 0..<500 {
            let scalars = (0..<8).compactMap { _ in Unicode.Scalar(UInt32.random(in: 0..<0x300, using: &generator)) }
            texts.append(String(String.UnicodeScalarView(scalars)))
        }
        for text in texts {
            let node = KDLNode(
                text, [KDLValue(.text(text)), KDLValue(.null), KDLValue(.number("-0x1f")), KDLValue(.boolean(true))],
                properties: [.init(text, KDLValue(.text(text)))],
                children: [KDLNode(text), KDLNode("b", [KDLValue(.boolean(false))])])
            let read = try KDLNode.read(KDLNode.text([node, node]))
            #expect(
                read.map(TextFuzzing.withoutMarks) == [node, node].map(TextFuzzing.withoutMarks),
                "\(text.debugDescription)")
        }
    }

    @Test func simpleNodesAreWrittenAsPeopleWriteThem() {
        let node = KDLNode(
            "site",
            children: [
                KDLNode("description", [KDLValue(.text("our \"mirror\"\n"))]),
                KDLNode("priority", [KDLValue(.number("10"))]),
                KDLNode("active", [KDLValue(.boolean(true))]), KDLNode("1 2", [KDLValue(.null)]),
            ])
        let text = """
            site {
                description "our \\"mirror\\"\\n"
                priority 10
                active #true
                "1 2" #null
            }

            """
        #expect(String(decoding: KDLNode.text([node]), as: UTF8.self) == text)
    }
}
