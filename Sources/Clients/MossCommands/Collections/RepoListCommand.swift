internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Installation

struct RepoListCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the collections, the preferred one first.")
    static let title = "repo list"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        context.show(CollectionListReport(try context.openForReading().collections.list()))
    }
}
