internal import ArgumentParser
internal import CommandLineSupport
internal import Installation
internal import LinuxSystem
internal import States

struct TidyCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "tidy", abstract: "Finish what is left to do in the background.",
        discussion: "Removes trees that nobody uses any more and prepares a spare tree for the next change.")
    static let title = "tidy"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        let tidied = try context.openForTidying().tidy()
        for files in tidied.kept { context.remark(LocalFilesReport(files).line(context.root)) }
        for error in tidied.stuck { context.remark("a former tree cannot be removed yet: \(error)") }
        context.show(TidyReport(tidied))
    }
}
