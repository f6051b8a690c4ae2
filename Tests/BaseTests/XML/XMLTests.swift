import TestSupport
import Testing
import XML

/// Text in, elements or an error out.
@Suite struct XMLTests {
    private func read(_ text: String, limits: XMLLimits = XMLLimits()) throws(XMLError) -> XMLElement {
        try XMLElement.read(Array(text.utf8), limits: limits)
    }

    private func outline(_ element: XMLElement) -> String {
        let children = element.children.map(outline).joined(separator: " ")
        return element.name + (element.text.isEmpty ? "" : "=\(element.text)")
            + (children.isEmpty ? "" : "(\(children))")
    }

    @Test(
        arguments: [
            ("<a/>", "a"), ("<a></a >", "a"), ("<?xml version=\"1.0\"?>\n<!-- x --><a>1</a>\n<!-- y -->", "a=1"),
            ("<a xmlns=\"u\" b='\"'><b>x</b><b/>\n</a>", "a(b=x b)"), ("<s3:a><s3:b>1</s3:b></s3:a>", "a(b=1)"),
            ("<a>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;</a>", "a=<>&\"'AB"), ("<a><![CDATA[<&]]>]]&gt;</a>", "a=<&]]>"),
            ("\u{FEFF}<a> é </a>", "a=é"), ("<a>&#1;</a>", "a=\u{1}"), ("<a>x<b>y</b>z</a>", "a=xz(b=y)"),
        ])
    func reads(_ text: String, _ outline: String) throws {
        #expect(try self.outline(read(text)) == outline)
    }

    @Test(
        arguments: [
            ("", XMLError.Code.malformed), ("a", .malformed), ("<a>", .malformed), ("<a></b>", .malformed),
            ("<a/><b/>", .malformed), ("<a/>x", .malformed), ("</a>", .malformed), ("<a b></a>", .malformed),
            ("<a b=c></a>", .malformed), ("<a b=\"<\"/>", .malformed), ("<a b=\"1\"c=\"2\"/>", .malformed),
            ("<a><![CDATA[</a>", .malformed), ("<!-- <a/>", .malformed), ("<1/>", .malformed), ("<a>&</a>", .malformed),
            ("<a/", .malformed), ("<a", .malformed), ("<", .malformed), ("<a>&x", .malformed),
            ("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", .forbidden), ("<a>&x;</a>", .forbidden),
            ("<a>&#0;</a>", .forbidden), ("<a>&#xD800;</a>", .forbidden), ("<a>&#+65;</a>", .forbidden),
            ("<a>&#99999999;</a>", .forbidden), ("<a><!ELEMENT></a>", .forbidden),
        ])
    func refuses(_ text: String, _ code: XMLError.Code) {
        let error = #expect(throws: XMLError.self) { try read(text) }
        #expect(error?.code == code, "\(String(describing: error))")
    }

    @Test func keepsWithinBounds() throws {
        let limits = XMLLimits(byteCountMax: 200, elementCountMax: 5, depthMax: 3)
        #expect(try outline(read("<a><b><c/></b><d/><e/></a>", limits: limits)) == "a(b(c) d e)")
        #expect(throws: XMLError.self) { try read("<a><b><c><d/></c></b></a>", limits: limits) }
        #expect(throws: XMLError.self) { try read("<a><b/><b/><b/><b/><b/></a>", limits: limits) }
        #expect(throws: XMLError.self) { try read("<a>" + String(repeating: " ", count: 200) + "</a>", limits: limits) }
        // Depth costs no calls.
        let deep = 200_000
        let text = String(repeating: "<a>", count: deep) + String(repeating: "</a>", count: deep)
        #expect(throws: XMLError.self) { try read(text) }
        #expect(throws: XMLError.self) { try XMLElement.read([0x3c, 0x61, 0x3e, 0xff, 0x3c, 0x2f, 0x61, 0x3e]) }
    }

    /// What is no XML is refused, wherever it is wrong; nothing makes the reader trap.
    @Test func survivesAnything() {
        var generator = SeededGenerator.forTest()
        let good = Array("<?xml version='1.0'?><a x=\"1\"><b>&amp;&#x41;<![CDATA[x]]></b><!-- y --><c:d/></a>".utf8)
        let alphabet = Array("<>/&;#x!?-[]=\"' ab:".utf8) + [0, 0x80, 0xc3, 0xff]
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = alphabet[Int.random(in: 0..<alphabet.count, using: &generator)]
                case 1: bytes.remove(at: place)
                default: bytes.insert(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)], at: place)
                }
            }
            _ = try? XMLElement.read(bytes)
            _ = try? XMLElement.read(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &generator))))
        }
    }
}
