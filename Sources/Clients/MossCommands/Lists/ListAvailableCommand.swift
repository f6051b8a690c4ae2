internal import ArgumentParser
internal import CollectionIndex
internal import CommandLineSupport
internal import Installation

struct ListAvailableCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "available", abstract: "List the packages of all enabled collections.")
    static let title = "list available"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        let packages = try context.openForReading().collections.registry().all()
        context.show(PackageListReport(packages: packages.map { PackageLine($0) }))
    }
}
