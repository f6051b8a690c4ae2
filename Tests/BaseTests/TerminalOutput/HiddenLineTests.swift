import TerminalOutput
import Testing

@Suite struct HiddenLineTests {
    /// What becomes of typed bytes: the line, or nil where it was broken off or never ended.
    private func typed(_ text: String, byteCountMax: Int = 20) -> String? {
        var line = HiddenLine(byteCountMax: byteCountMax)
        for byte in text.utf8 {
            switch line.take(byte) {
            case .more: continue
            case .complete: return String(decoding: line.bytes, as: UTF8.self)
            case .brokenOff: return nil
            }
        }
        return nil
    }

    @Test func keys() {
        #expect(typed("word\nmore") == "word")
        #expect(typed("word\r") == "word")
        #expect(typed("worx\u{7f}d\n") == "word")
        #expect(typed("aé\u{8}b\n") == "ab")
        #expect(typed("\u{7f}a\n") == "a")
        #expect(typed("wrong\u{15}right\n") == "right")
        #expect(typed("word\u{4}") == "word")
        #expect(typed("\n") == "")
        #expect(typed("\u{4}") == nil)
        #expect(typed("word\u{3}\n") == nil)
        #expect(typed("word") == nil)
    }

    @Test func longLinesAreSeenToBeTooLong() {
        #expect(typed(String(repeating: "x", count: 20) + "\n")?.count == 20)
        #expect(typed(String(repeating: "x", count: 5000) + "\n")?.count == 21)
    }
}
