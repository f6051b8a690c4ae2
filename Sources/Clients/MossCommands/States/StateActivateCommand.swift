internal import ArgumentParser
internal import Installation
internal import States

struct StateActivateCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "activate", abstract: "Make any state the active one; nothing is removed by it.")
    static let title = "state activate"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Argument(help: "The number or the name of the state.")
    var id: StateReference

    func perform(_ context: CommandContext) throws {
        try context.carryOut(plan) { .activate(try id.state(in: $0).number) }
    }
}
