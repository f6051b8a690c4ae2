import BytePath
import HelperProcess
import TestSupport
import Testing

/// Words of a command line, written and read.
@Suite struct HelperArgumentsTests {
    private enum Colour: String, CaseIterable { case red, green }

    @Test func whatIsWrittenIsRead() throws {
        var random = SeededGenerator.forTest()
        for _ in 0..<200 {
            let path = BytePath(
                bytes: (0..<Int.random(in: 0...20, using: &random)).map { _ in
                    UInt8.random(in: 1...255, using: &random)
                })
            let number = Int32.random(in: 0...Int32.max, using: &random)
            var words = HelperArguments()
            words.add("--path", path)
            words.add("--none", path: nil)
            words.add("--none", number: nil)
            words.add("--none", if: false)
            words.add("--flag", if: true)
            words.add("--number", number: number)
            words.add("--colour", choice: Colour.green)
            words.add("--", path, path)
            var reader = HelperArgumentReader(words.words)
            #expect(reader.next() == "--path")
            #expect(try reader.value(of: "--path") == path)
            #expect(reader.next() == "--flag" && reader.next() == "--number")
            #expect(try reader.number(of: "--number") == number)
            #expect(reader.next() == "--colour")
            let colour: Colour = try reader.choice(of: "--colour")
            #expect(colour == .green && reader.next() == "--")
            #expect(reader.rest == [path, path])
            #expect(try reader.values(of: "--", count: 2) == [path, path])
            #expect(reader.next() == nil && reader.rest.isEmpty)
        }
    }

    @Test(arguments: ["", "-1", "+1", "01", "1 ", "x", "2147483648", "\u{661}"])
    func numbersHaveOneForm(word: String) {
        var reader = HelperArgumentReader([BytePath(word)])
        #expect(throws: HelperArgumentReader.Malformed("--n", "needs a number")) { try reader.number(of: "--n") }
    }

    @Test func whatIsMissingIsNamed() {
        var reader = HelperArgumentReader(["blue"])
        #expect(throws: HelperArgumentReader.Malformed("--o", "has fewer words than it says")) {
            try reader.values(of: "--o", count: 2)
        }
        #expect(throws: HelperArgumentReader.Malformed("--o", "has fewer words than it says")) {
            try reader.values(of: "--o", count: -1)
        }
        #expect(throws: HelperArgumentReader.Malformed("--o", "is none of red, green")) {
            let _: Colour = try reader.choice(of: "--o")
        }
        #expect(throws: HelperArgumentReader.Malformed("--o", "needs a value")) { try reader.value(of: "--o") }
    }
}
