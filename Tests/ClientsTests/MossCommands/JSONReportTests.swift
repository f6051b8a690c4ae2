import BytePath
import DebianImport
import FoundationEssentials
import JSON
import MossCommands
import Testing

/// The documents of real reports are what Foundation's encoder made of them, byte for byte.
@Suite struct JSONReportTests {
    private static var plan: PlanReport {
        var plan = PlanReport()
        plan.coming = [
            .init(name: "nano", version: "7.2-3", explicit: true, reason: "asked for"),
            .init(name: "zlib", version: "1.3-5", explicit: false, reason: "\"follows\" \\ /usr\n", replaces: "1.2-4"),
        ]
        plan.going = [.init(name: "vi", version: "1-1", reason: "é日本\u{1b}")]
        plan.becomingExplicit = ["bash"]
        plan.bytesToFetch = .max
        return plan
    }

    private static let reports: [any Encodable & Sendable] = [
        PlanReport(), plan, ChangeReport(plan: plan, dryRun: true, state: nil),
        PackageListReport(
            packages: [PackageLine(name: "a", version: "1-1", summary: "s", isExplicit: true)], mark: .explicit),
        OutdatedReport(packages: [.init(name: "nano", installed: "7-1", available: "8-2", collection: "main")]),
        FileSearchReport(files: [.init("share/x", package: "p")]), FileSearchReport(files: []),
    ]

    private func check(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let expected = try encoder.encode(value)
        #expect(try JSONValue(encoding: value, keys: .snakeCase).text() == Array(expected))
    }

    @Test(arguments: reports.indices) func reportsOfMoss(row: Int) throws {
        try check(Self.reports[row])
    }

    @Test func reportsOfConversions() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = """
            {"schema": 1, "failures": [{"source": "a/b.deb", "code": "x", "message": "\\"é\\"\\n"}], "packages":
             [{"name": "n", "version": "1", "architecture": "x86_64", "source": "s", "stone": "t", "entries": 3,
               "contentBytes": 18446744073709551615, "stoneBytes": 0, "dropped": []}]}
            """
        for text in [#"{"schema": 1, "failures": [], "packages": []}"#, text] {
            let report = try JSONDecoder().decode(ConversionReport.self, from: Data(text.utf8))
            #expect(report.json == String(decoding: try encoder.encode(report), as: UTF8.self) + "\n")
        }
    }
}
