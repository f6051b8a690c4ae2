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
    var id: [StateSelector]

    func perform(_ context: CommandContext) throws {
        try context.removeStates(plan) { installation in
            let states = try installation.states()
            var chosen: Set<UInt64> = []
            for selector in id {
                switch selector {
                case .name(let name): chosen.insert(try name.state(in: installation).number)
                case .range(let range):
                    if let numbers = range.among(states.map(\.number)) {
                        chosen.formUnion(numbers)
                    } else {
                        chosen.insert(try installation.state(range.numbers.lowerBound).number)
                    }
                }
            }
            return states.filter { chosen.contains($0.number) }
        }
    }
}
