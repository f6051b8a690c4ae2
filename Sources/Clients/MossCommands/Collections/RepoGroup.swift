internal import ArgumentParser

struct RepoGroup: NounCommand {
    static let configuration = CommandConfiguration(
        commandName: "repo", abstract: "Configure and update collections of packages.",
        subcommands: [
            RepoAddCommand.self, RepoListCommand.self, RepoRemoveCommand.self, RepoEnableCommand.self,
            RepoDisableCommand.self, RepoUpdateCommand.self,
        ], aliases: ["collection"])
}
