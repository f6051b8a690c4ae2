internal import ArgumentParser
internal import Installation

struct StateActivateCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Make any state the active one; nothing is removed by it.")
    static let title = "state activate"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Argument(help: "The number of the state.")
    var id: UInt64

    func perform(_ context: CommandContext) throws {
        try context.carryOut(.activate(id), plan)
    }
}
