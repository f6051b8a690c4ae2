internal import ArgumentParser
internal import CommandLineSupport

struct ListExplicitCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "explicit", abstract: "List the installed packages that were asked for.")
    static let title = "list explicit"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        context.show(PackageListReport(packages: try context.installedPackages().filter { $0.isExplicit == true }))
    }
}
