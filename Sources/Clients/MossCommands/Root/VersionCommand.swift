internal import ArgumentParser
internal import CommandLineSupport

struct VersionCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Print the versions of moss, of its formats and of its JSON.")
    static let title = "version"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) {
        context.show(VersionReport())
    }
}
