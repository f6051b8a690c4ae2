import CommandLineSupport
import Foundation
import MossCommands
import PackageModel
import Testing

/// JSON that can be shown as it is: nothing in it is an order to a terminal, and all of it is what it was.
@Suite struct JSONDocumentTests {
    private static let hostile =
        "a\u{1b}[31m\u{7f}\u{80}\u{9b}2J\u{9f}\r\n\u{7}\u{8}\u{61c}\u{200e}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}"
        + "\u{feff}\u{e0041}\\u001b\\\"é日本\u{1f600}"

    private func check(_ text: String) {
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0..<0x20, 0x7f..<0xa0, 0x61c, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff,
                0xe0000...0xe007f:
                Issue.record("U+\(String(scalar.value, radix: 16)) is in the document")
            default: break
            }
        }
    }

    @Test func nothingReachesATerminalAndAllOfItIsThere() throws {
        let metadata = PackageMetadata(name: Self.hostile, version: Self.hostile, release: 1, summary: Self.hostile)
        let text = JSONDocument.text(
            schema: "moss/1", command: "info", notices: [Self.hostile], data: PackageDetails(metadata))
        check(text)
        let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let data = try #require(document["data"] as? [String: Any])
        for key in ["name", "version", "summary"] {
            #expect((data[key] as? String).map { Array($0.utf8) } == Array(Self.hostile.utf8))
        }
        #expect((document["notices"] as? [String])?.first.map { Array($0.utf8) } == Array(Self.hostile.utf8))
    }

    @Test func errorsToo() throws {
        let failure = CommandFailure(.failed, code: "failed", Self.hostile)
        let text = JSONDocument.text(schema: "moss/1", command: "info", failure: failure)
        check(text)
        let document = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect((document["error"] as? [String: Any])?["message"] as? String == Self.hostile)
    }
}
