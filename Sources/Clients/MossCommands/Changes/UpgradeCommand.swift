internal import ArgumentParser
internal import Installation

struct UpgradeCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Bring single installed packages to the versions the collections hold.",
        discussion: "What the new versions need comes along. What cannot follow is kept back, and the plan says why.")
    static let title = "upgrade"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Argument(help: "Installed packages.") var name: [String]

    func perform(_ context: CommandContext) throws {
        try context.carryOut(.upgrade(name), plan)
    }
}
