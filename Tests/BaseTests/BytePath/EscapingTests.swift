import BytePath
import Testing

/// Bytes that are not UTF-8, shown.
@Suite struct EscapingTests {
    @Test(
        arguments: [
            ([], ""), ([0x61, 0x0a], "a\n"), ([0xff, 0x61], "\\xffa"), ([0xc3], "\\xc3"), ([0xc3, 0xa9], "é"),
            ([0xe2, 0x82], "\\xe2\\x82"), ([0xf0, 0x9f, 0x98, 0x80], "😀"), ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
            ([0xc0, 0x80], "\\xc0\\x80"),
        ] as [([UInt8], String)])
    func whatIsTextStays(bytes: [UInt8], text: String) {
        #expect(String(escaping: bytes) == text)
        #expect(BytePath(bytes: bytes).display == text)
    }

    @Test func scalarsCanBeRefused() {
        let bytes: [UInt8] = [0x61, 0x01, 0xc3, 0xa9, 0xff]
        #expect(String(escaping: bytes, where: { $0.value < 32 || $0 == "é" }) == "a\\x01\\xc3\\xa9\\xff")
        #expect(String(escaping: bytes, as: { "<\($0)>" }) == "a\u{1}é<255>")
    }
}
