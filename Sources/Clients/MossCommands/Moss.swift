internal import ArgumentParser
internal import CommandLineSupport

/// The root of the command tree.
struct Moss: NounCommand {
    /// How it talks outside of commands.
    static let voice = ProgramOutput(of: "moss")

    static let configuration = CommandConfiguration(
        commandName: "moss",
        abstract: "Installs packages as states of /usr: complete, switched in one step, and never lost.",
        discussion: """
            Global options may stand before or after the command. The short names li, la, ls, lu (list), it (install), \
            rm (remove), up (sync), fe (fetch), sr (search), sf (search-file), ix (index) and ar, lr, rr, ur, er, dr \
            (repo) stand for commands as the first word only, so packages may have these names too.

            Exit codes: \(MossExit.summary)
            """,
        version: MossCommands.version,
        groupedSubcommands: [
            Subcommands.roots, Subcommands.changes, Subcommands.views, Subcommands.questions, Subcommands.stones,
        ])
}

/// A command that only has subcommands: without one it shows its help.
protocol NounCommand: ParsableCommand {}

private enum Subcommands {
    static var roots: CommandGroup {
        .init(
            name: "Roots and collections",
            subcommands: [
                InitCommand.self, RepoGroup.self, KeyGroup.self, TidyCommand.self, GcCommand.self, FsckCommand.self,
                StoreGroup.self,
            ])
    }

    static var changes: CommandGroup {
        .init(
            name: "Changes",
            subcommands: [
                InstallCommand.self, UpgradeCommand.self, RemoveCommand.self, SyncCommand.self, UndoCommand.self,
                RedoCommand.self, StateGroup.self,
            ])
    }

    static var views: CommandGroup {
        .init(
            name: "Views", subcommands: [MountCommand.self, UnmountCommand.self, TryCommand.self, BisectCommand.self])
    }

    static var questions: CommandGroup {
        .init(
            name: "Questions",
            subcommands: [
                ListGroup.self, InfoCommand.self, SearchCommand.self, SearchFileCommand.self, ProvidesCommand.self,
                BlameCommand.self, DuCommand.self,
            ])
    }

    static var stones: CommandGroup {
        .init(
            name: "Stones",
            subcommands: [
                FetchCommand.self, InspectCommand.self, ExtractCommand.self, IndexCommand.self, PublishCommand.self,
                VersionCommand.self,
            ])
    }
}
