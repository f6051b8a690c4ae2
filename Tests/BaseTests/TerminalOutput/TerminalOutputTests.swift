import BytePath
import Glibc
import LinuxSystem
import TerminalOutput
import Testing

@Suite struct TerminalOutputTests {
    /// Text as it comes out at a width; nil stands for a pipe.
    private func text(
        _ width: Int?, colours: Bool = false, _ write: (TerminalStream) -> Void
    ) -> String {
        let stream = TerminalStream(capturingAtWidth: width, colours: colours)
        write(stream)
        return stream.capturedText
    }

    // MARK: Tables

    private var table: Table {
        var table = Table([.left, .right], indentation: 1)
        table.add("nano", "7", "small editor")
        table.add("ü", "1234", "two")
        return table
    }

    @Test func tablesAlignColumnsAndLeaveNoSpaceAtTheEnd() {
        #expect(text(nil, table.write) == " nano     7  small editor\n ü     1234  two\n")
    }

    @Test func onATerminalTheLastColumnIsCut() {
        #expect(text(24, table.write) == " nano     7  small edit…\n ü     1234  two\n")
    }

    @Test func aNarrowTerminalCutsNothing() {
        #expect(text(14, table.write) == text(nil, table.write))
    }

    @Test func coloursDoNotCountAsWidth() {
        var table = Table()
        table.add(.init("a", .red), "x")
        table.add("bbb", "y")
        #expect(text(80, colours: true, table.write) == "\u{1b}[31ma\u{1b}[0m    x\nbbb  y\n")
    }

    @Test func rowsMayHaveDifferentLengths() {
        var table = Table()
        table.add("a very long last cell")
        table.add("b", "c")
        table.rows.append([])
        #expect(text(nil, table.write) == "a very long last cell\nb  c\n\n")
    }

    // MARK: Columns and paragraphs

    @Test func columnsRunDownAndThenAcross() {
        let columns = Columns(["a", "bb", "c", "d", "e"], indentation: 2)
        #expect(text(11, columns.write) == "  a   d\n  bb  e\n  c\n")
        #expect(text(nil, columns.write) == "  a\n  bb\n  c\n  d\n  e\n")
        #expect(text(80, Columns([]).write) == "")
    }

    @Test func paragraphsAreBrokenAtSpaces() {
        let lines = WrappedText.lines("one two three four five\n\nsix", width: 24, indentation: 2)
        #expect(lines == ["  one two three four", "  five", "", "  six"])
        #expect(WrappedText.lines(String(repeating: "x", count: 30), width: 22) == [String(repeating: "x", count: 30)])
    }

    // MARK: Text from outside

    @Test(arguments: [
        ("plain", "plain"), ("ünïcödé 漢", "ünïcödé 漢"),
        // an escape sequence that would colour, and one that would set the window's title
        ("\u{1b}[31mred", "\\x1b[31mred"), ("\u{9d}0;title\u{7}", "\\xc2\\x9d0;title\\x07"),
        ("two\nlines", "two\\x0alines"),
        // a mark that turns the text's direction
        ("a\u{202e}b", "a\\xe2\\x80\\xaeb"),
    ]) func controlCharactersAreShownNotSent(_ input: String, _ expected: String) {
        #expect(input.printable == expected)
    }

    @Test func bytesThatAreNotUTF8AreShown() {
        #expect(String(printable: [0x61, 0xff, 0xc3, 0x28, 0xe2, 0x82]) == "a\\xff\\xc3(\\xe2\\x82")
        #expect(String(printable: [UInt8]()) == "")
    }

    @Test func widthIsWhatATerminalShows() {
        #expect("abc".displayWidth == 3)
        #expect("e\u{301}".displayWidth == 1)
        #expect("漢字".displayWidth == 4)
        #expect("漢字漢字".truncated(to: 6) == "漢字…")
        #expect("abc".truncated(to: 3) == "abc")
        #expect("abc".truncated(to: 0) == "")
    }

    // MARK: Measures

    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1536, "1.5 KiB"), (10 * 1024, "10 KiB"),
            (1_048_575, "1.0 MiB"), (1_048_576, "1.0 MiB"), (241_172_480, "230 MiB"), (UInt64.max, "16384 PiB"),
        ] as [(UInt64, String)]) func sizes(_ bytes: UInt64, _ expected: String)
    {
        #expect(Measures.size(bytes) == expected)
    }

    @Test(
        arguments: [
            (0, "0 ms"), (3_900_000, "3 ms"), (1_449_000_000, "1.4 s"), (125_000_000_000, "2 min 5 s"),
            (3_780_000_000_000, "1 h 3 min"),
        ] as [(UInt64, String)]) func durations(_ nanoseconds: UInt64, _ expected: String)
    {
        #expect(Measures.duration(nanoseconds: nanoseconds) == expected)
    }

    @Test func counts() {
        #expect(Measures.count(1, "state") == "1 state")
        #expect(Measures.count(0, "directory", "directories") == "0 directories")
    }

    // MARK: Progress and questions

    @Test func progressFitsTheLine() {
        let line = ProgressLine("Unpacking", done: 512 << 10, total: 1 << 20, unit: .bytes)
        #expect(line.text(width: 60) == "Unpacking          [=========          ]  512 KiB of 1.0 MiB")
        for width in 1...200 { #expect(line.text(width: width).displayWidth <= width) }
        #expect(ProgressLine("Staging", done: 7, total: 0, unit: .items).text(width: 60) == "Staging  7")
    }

    @Test func moreThanAllIsAll() {
        let line = ProgressLine("x", done: 9, total: 3, unit: .items)
        #expect(line.text(width: 79).contains("[==============================]"))
    }

    @Test(arguments: [
        ("y", true), ("Y", true), (" yes ", true), ("YES", true), ("", false), ("n", false), ("yesterday", false),
        ("no yes", false),
    ]) func onlyYesIsYes(_ answer: String, _ isYes: Bool) {
        #expect(Question.isYes(answer) == isYes)
    }

    // MARK: Streams

    @Test func aFullDeviceIsReportedAtTheEnd() throws {
        let full = try Descriptor.open("/dev/full", .write)
        let stream = TerminalStream(descriptor: full.raw)
        stream.line("text")
        #expect(throws: SystemError.self) { try stream.finish() }
    }

    @Test func aClosedPipeEndsQuietly() throws {
        TerminalStream.ignoreClosedPipes()
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        let stream = TerminalStream(descriptor: ends[1])
        for _ in 0..<100_000 { stream.line("more than fits into any pipe") }
        try stream.finish()
    }
}
