internal import ArgumentParser

struct ListGroup: NounCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List installed, available or outdated packages.",
        subcommands: [
            ListInstalledCommand.self, ListAvailableCommand.self, ListExplicitCommand.self, ListSyncCommand.self,
        ])
}
