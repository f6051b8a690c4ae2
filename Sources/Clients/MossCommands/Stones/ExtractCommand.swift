internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import StoneFiles
internal import TerminalOutput

struct ExtractCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "extract", abstract: "Unpack stones into directories, to look at what they hold.",
        discussion: """
            Each goes to NAME-VERSION-RELEASE.ARCH/usr, which must not exist yet. Every file is verified. Owners and \
            the setuid, setgid and sticky bits are not applied; devices, pipes and sockets are left out.
            """)
    static let title = "extract"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Where the directories go.", valueName: "dir"),
        completion: .directory)
    var outputDir = PathArgument(".")

    @Argument(help: "Stones to unpack.")
    var file: [PathArgument]

    func perform(_ context: CommandContext) throws {
        var report = ExtractReport(directories: [])
        for file in file {
            do {
                report.directories.append(.init(try extract(file.path)))
            } catch {
                throw CommandFailure(any: error).after(report.directories.map(\.path))
            }
        }
        context.show(report)
    }

    private func extract(_ stone: BytePath) throws(ExtractionError) -> StoneExtractor.Extracted {
        let display = ProgressDisplay()
        defer { display.finish() }
        return try StoneExtractor(stone, into: outputDir.path).extract { done, total in
            display.report(ProgressLine("Extracting", done: done, total: total, unit: .bytes))
        }
    }
}
