internal import ArgumentParser
internal import Installation
internal import States

struct StateRemoveCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove", abstract: "Remove states and everything that only they needed.",
        discussion: "Numbers inside a range that no state has are passed over.")
    static let title = "state remove"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Argument(help: "Numbers, ranges and names, such as 3, 8-12 or before-upgrade.")
    var id: [String]

    func perform(_ context: CommandContext) throws {
        try context.removeStates(plan) { installation in
            let states = try installation.states()
            var chosen: Set<UInt64> = []
            for text in id {
                guard let range = StateRange(text) else {
                    chosen.insert(try installation.state(text).number)
                    continue
                }
                guard let numbers = range.among(states.map(\.number)) else {
                    _ = try installation.state(range.numbers.lowerBound)
                    continue
                }
                chosen.formUnion(numbers)
            }
            return states.filter { chosen.contains($0.number) }
        }
    }
}
