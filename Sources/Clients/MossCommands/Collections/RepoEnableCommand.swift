internal import ArgumentParser
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Installation

struct RepoEnableCommand: MossCommand {
    static let configuration = CommandConfiguration(commandName: "enable", abstract: "Use a collection again.")
    static let title = "repo enable"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name of the collection.")
    var name: CollectionArgument

    func perform(_ context: CommandContext) throws {
        try context.openForChanging().collections.setActive(true, name.id)
        context.show(CollectionChangeReport(name: name.id.text, change: "enabled"))
    }
}
