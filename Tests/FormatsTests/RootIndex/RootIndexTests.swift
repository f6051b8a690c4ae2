import RootIndex
import TestSupport
import Testing

@Suite struct RootIndexTests {
    private static let example = """
        { "formats": { "v0": { "upgrade_via": "tag/last-v0", "more": 1 }, "v1": [7] },
          "streams": { "volatile": { "format": "v1", "history": "9" }, "unstable": { "format": "v0", "history": "7", "tag": "last-v0" } },
          "tags": { "last-v0": { "format": "v0", "history": "7" }, "gone": { "format": "v0", "history": "1" } },
          "history": { "7": { "format": "v0" }, "9": { "format": "v1" }, "old": { "format": "legacy" } }, "unknown": {} }
        """

    private func read(_ text: String) throws(RootIndexError) -> RootIndex { try RootIndex.read(Array(text.utf8)) }

    private func version(_ text: String) throws -> ScopedIdentifier { try #require(ScopedIdentifier(text)) }

    @Test(arguments: [
        ("stream/unstable", "7", RootIndex.Format.v0), ("stream/volatile", "9", .other("v1")),
        ("tag/last-v0", "7", .v0),
        ("history/9", "9", .other("v1")), ("history/old", "old", .legacy),
    ])
    func versionsComeToHistories(text: String, history: String, format: RootIndex.Format) throws {
        let index = try read(Self.example)
        let resolution = try index.resolve(version(text))
        #expect(resolution.history.text == history && resolution.format == format)
        #expect(index.streams.values.compactMap(\.tag?.text) == ["last-v0"])
        #expect(try index.upgradeVia == version("tag/last-v0"))
    }

    @Test(arguments: [
        ("stream/none", RootIndexError.Code.unknownVersion, "there is no stream/none; there are: unstable, volatile"),
        ("tag/volatile", .unknownVersion, "there is no tag/volatile; there are: gone, last-v0"),
        ("history/8", .unknownVersion, "there is no history/8"),
        ("tag/gone", .danglingVersion, "names the history 1, which is not there"),
        (
            "stream/volatile", .unsupportedFormat,
            "stream/volatile is in the format v1, which is not known here; tag/last-v0 still is in the format v0"
        ),
    ])
    func versionsThatLeadNowhereSaySo(text: String, code: RootIndexError.Code, message: String) throws {
        let error = try #require(throws: RootIndexError.self) { try read(Self.example).resolveSupported(version(text)) }
        #expect(error.code == code && "\(error)".contains(message), "\(error)")
    }

    /// What cannot help is not named as help.
    @Test(arguments: ["null", "\"tag/none\"", "\"tag/gone\"", "\"stream/volatile\"", "\"history/9\""])
    func upgradesThatLeadNowhereAreNotAdvised(upgrade: String) throws {
        let text = Self.example.replacing("\"tag/last-v0\", \"more\"", with: "\(upgrade), \"more\"")
        let error = try #require(throws: RootIndexError.self) {
            try read(text).resolveSupported(version("stream/volatile"))
        }
        #expect(
            error.code == .unsupportedFormat && "\(error)".hasSuffix("no version is named that leads there from v0"),
            "\(error)")
    }

    @Test(arguments: [
        ("\"formats\"", "\"format\"", "formats is missing"), ("\"v0\": {", "\"v9\": {", "formats.v0 is missing"),
        ("\"streams\"", "\"stream\"", "streams is missing"), ("\"tags\"", "\"tag\"", "tags is missing"),
        ("\"history\": { \"7\"", "\"histories\": { \"7\"", "history is missing"),
        ("\"tag/last-v0\"", "\"last-v0\"", "formats.v0.upgrade_via: \"last-v0\" is none of"),
        ("\"tag/last-v0\"", "7", "formats.v0.upgrade_via is no text"),
        ("\"format\": \"v1\", \"history\"", "\"history\"", "streams.volatile has no format"),
        ("\"v1\", \"history\": \"9\"", "\"v1\"", "streams.volatile has no history"),
        ("\"history\": \"9\"", "\"history\": \"../9\"", "streams.volatile.history: \"../9\" is no identifier"),
        ("\"history\": \"9\"", "\"history\": 9", "streams.volatile.history is no text"),
        ("\"tag\": \"last-v0\"", "\"tag\": \"-\"", "streams.unstable.tag: \"-\" is no identifier"),
        ("\"old\"", "\"../old\"", "history: \"../old\" is no identifier"),
        ("\"old\"", "\"\"", "history: \"\" is no identifier"),
        ("\"old\": { \"format\": \"legacy\" }", "\"old\": 1", "history.old is no object"),
        ("\"legacy\"", "null", "history.old has no format"), ("\"legacy\"", "1", "history.old.format is no text"),
        ("\"gone\"", "\"last-v0\"", "comes twice"),
        ("\"unknown\": {}", "\"unknown\": ", "value was expected"),
    ])
    func whatIsNeededIsDemanded(part: String, other: String, message: String) throws {
        let text = Self.example.replacing(part, with: other, maxReplacements: 1)
        try #require(text != Self.example)
        let error = try #require(throws: RootIndexError.self) { try read(text) }
        #expect(
            error.code == .malformed && "\(error)".hasPrefix("this is no root index: ") && "\(error)".contains(message),
            "\(error)")
    }

    @Test func otherTextsAreNone() {
        for text in ["", "null", "[]", "{}", "{\"formats\": []}", String(repeating: "[", count: 100_000)] {
            #expect(throws: RootIndexError.self) { try read(text) }
        }
    }

    @Test func identifiersAreNarrow() throws {
        for text in ["a", "7", "last-v0", "A-", String(repeating: "x", count: 255)] {
            #expect(IndexIdentifier(text)?.text == text)
        }
        for text in ["", "-a", "a_b", "a/b", "a.b", "..", "é", "a ", String(repeating: "x", count: 256)] {
            #expect(IndexIdentifier(text) == nil)
        }
        for text in ["stream/a", "tag/a-1", "history/7"] { #expect(try version(text).text == text) }
        for text in [
            "", "a", "stream", "stream/", "/a", "Stream/a", "stream/a/", "stream//a", "streams/a", "stream/-a",
            "history/ 7",
        ] {
            #expect(ScopedIdentifier(text) == nil)
        }
    }

    @Test(.timeLimit(.minutes(1))) func mutatedTextsAreAnIndexOrAnError() {
        var generator = SeededGenerator.forTest()
        let words = [
            "\"", "{", "}", ",", ":", "null", "\"7\"", "\"v0\"", "\"legacy\"", "\"tag/x\"", "-", "/", "\"history\": {}",
            "é",
        ].map { Array($0.utf8) }
        for _ in 0..<5000 {
            var bytes = Array(Self.example.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<4, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0x20...0x7e, using: &generator)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: bytes[place...].prefix(12), at: place)
                default: bytes.insert(contentsOf: words.randomElement(using: &generator) ?? [], at: place)
                }
            }
            TextFuzzing.checkRootIndex(bytes)
        }
    }
}
