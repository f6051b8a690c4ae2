internal import ArgumentParser

struct KeyGroup: NounCommand {
    static let configuration = CommandConfiguration(
        commandName: "key", abstract: "Keep keys, and say who may sign for a collection.",
        discussion: """
            Secret keys lie in moss/keys below XDG_CONFIG_HOME, or below ~/.config. Sets of public keys, and how many of \
            them have to sign, lie in the directory `keys` of a collection, each signed by enough keys of the one before.
            """,
        subcommands: [
            KeyCreateCommand.self, KeyListCommand.self, KeyShowCommand.self, KeySignCommand.self, KeyRotateCommand.self,
            KeyRevokeCommand.self,
        ])
}
