internal import ArgumentParser
internal import Installation

struct UndoCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo", abstract: "Activate the state from which the active one was made.")
    static let title = "undo"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    func perform(_ context: CommandContext) throws {
        try context.carryOut(.undo, plan)
    }
}
