internal import ArgumentParser

struct StoreGroup: NounCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Work on the store itself.", subcommands: [StoreRebuildCommand.self])
}
