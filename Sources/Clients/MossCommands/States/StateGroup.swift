internal import ArgumentParser

struct StateGroup: NounCommand {
    static let configuration = CommandConfiguration(
        commandName: "state", abstract: "List, compare, activate, pin and remove states.",
        subcommands: [
            StateActiveCommand.self, StateListCommand.self, StateQueryCommand.self, StateDiffCommand.self,
            StateActivateCommand.self, StateVerifyCommand.self, StatePinCommand.self, StateUnpinCommand.self,
            StateRemoveCommand.self, StatePruneCommand.self,
        ])
}
