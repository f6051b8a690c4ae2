internal import ArgumentParser
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Installation

struct RepoDisableCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Leave a collection out of everything, but keep its configuration.")
    static let title = "repo disable"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name of the collection.")
    var name: CollectionArgument

    func perform(_ context: CommandContext) throws {
        try context.openForChanging().collections.setActive(false, name.id)
        context.show(CollectionChangeReport(name: name.id.text, change: "disabled"))
    }
}
