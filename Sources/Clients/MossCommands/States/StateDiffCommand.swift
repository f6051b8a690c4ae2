internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import FileTree
internal import Installation
internal import PackageModel

struct StateDiffCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "diff", abstract: "Show how one state differs from another.")
    static let title = "state diff"

    @OptionGroup var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "List the paths too.")
    var files = false

    @Argument(help: "The state to start from.")
    var a: StateReference

    @Argument(help: "The state to compare with it.")
    var b: StateReference

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let (old, new) = (try a.state(in: installation), try b.state(in: installation))
        let difference = try installation.difference(old, new)
        var report = StateDiffReport(difference)
        if files {
            var paths: [StateDiffReport.Path] = []
            try installation.forEachDifferingPath(old, new) { directory, change in
                paths.append(StateDiffReport.Path(directory, change))
            }
            report.paths = paths
        }
        context.show(report)
    }
}
