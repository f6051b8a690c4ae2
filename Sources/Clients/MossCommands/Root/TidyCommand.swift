internal import ArgumentParser
internal import Installation

struct TidyCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidy", abstract: "Finish what is left to do in the background.",
        discussion: "Removes trees that nobody uses any more and prepares a spare tree for the next change.")
    static let title = "tidy"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        context.show(TidyReport(treesInUse: try context.openForTidying().tidy()))
    }
}
