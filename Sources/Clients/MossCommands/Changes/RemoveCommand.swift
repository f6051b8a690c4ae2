internal import ArgumentParser
internal import Installation

struct RemoveCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove packages, what needs them, and what only they needed.")
    static let title = "remove"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Flag(help: "Keep packages that nothing explicit needs any more.")
    var keepOrphans = false

    @Argument(help: "Packages to remove.")
    var name: [String]

    func perform(_ context: CommandContext) throws {
        try context.carryOut(.remove(name, keepsOrphans: keepOrphans), plan)
    }
}
