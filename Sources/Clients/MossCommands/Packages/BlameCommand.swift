internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Installation

struct BlameCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "blame", abstract: "Show which package a path comes from, and since which state it is as it is.")
    static let title = "blame"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A path below /usr.")
    var path: PathArgument

    func perform(_ context: CommandContext) throws {
        let blame = try context.openForReading().blame(path.path)
        context.show(BlameReport(blame))
    }
}
