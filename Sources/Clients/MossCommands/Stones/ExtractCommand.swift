internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport

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
                report.directories.append(try StoneExtractor(file.path, into: outputDir.path).extract())
            } catch {
                throw CommandFailure(any: error).after(report.directories.map(\.path))
            }
        }
        context.show(report)
    }
}
