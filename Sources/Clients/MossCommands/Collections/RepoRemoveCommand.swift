internal import ArgumentParser
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Installation

struct RepoRemoveCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Forget a collection; installed packages stay.")
    static let title = "repo remove"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name of the collection.")
    var name: CollectionArgument

    func perform(_ context: CommandContext) throws {
        try context.openForChanging().collections.remove(name.id)
        context.show(CollectionChangeReport(name: name.id.text, change: "removed"))
    }
}
