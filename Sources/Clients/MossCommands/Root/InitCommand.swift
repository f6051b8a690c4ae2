internal import ArgumentParser
internal import CommandLineSupport
internal import Installation

struct InitCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a root of a new or empty directory.",
        discussion: "Does nothing to a directory that is a root already, and refuses one that holds anything else.")
    static let title = "init"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        let isNew = try Installation.initialise(context.root)
        context.show(InitReport(root: PathText(context.root), isNew: isNew))
        if isNew && !global.json {
            context.note("packages come from collections; add one with `moss \(context.rootOption)repo add NAME URI`")
        }
    }
}
