internal import ArgumentParser
internal import Installation

struct RedoCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "redo", abstract: "Activate the newest state that was made from the active one.")
    static let title = "redo"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    func perform(_ context: CommandContext) throws {
        try context.carryOut(.redo, plan)
    }
}
