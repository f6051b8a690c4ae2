internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Installation
internal import States
internal import Trial
internal import ViewImage

struct BisectCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "bisect", abstract: "Find the first state in which a command fails.",
        usage: "moss bisect --good <state> --bad <state> -- <command> ...",
        discussion: """
            Runs the command in states between the two, as moss try does, halving what is left; nothing is activated. \
            Exit status 0 means good, 125 that the state cannot be judged, anything else bad.
            """)
    static let title = "bisect"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var view: ViewOptions
    @OptionGroup var sandbox: SandboxOptions

    @Option(help: ArgumentHelp("A state in which the command succeeds.", valueName: "state"))
    var good: StateReference

    @Option(help: ArgumentHelp("A later state in which it fails.", valueName: "state"))
    var bad: StateReference

    @Argument(parsing: .postTerminator, help: "The command and its arguments.")
    var command: [String] = []

    func validate() throws {
        guard !command.isEmpty else { throw ValidationError("name a command after --") }
    }

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let first = try good.state(in: installation).number
        let last = try bad.state(in: installation).number
        guard first < last else {
            throw CommandFailure(.usage, code: "usage", "state \(first) is not before state \(last)")
        }
        let states = try installation.states().filter { (first...last).contains($0.number) }
        var search = Bisection(count: states.count)
        while let index = search.next {
            let number = states[index].number
            let verdict = try judge(number, installation, context)
            context.note("state \(number): \(verdict.rawValue)")
            try search.note(verdict, at: index).map { throw Self.failure($0, number) }
        }
        context.show(
            BisectReport(
                firstBad: StateSummary(states[search.firstBad], isActive: false),
                unjudged: search.unjudged.map { states[$0].number }, runs: search.runs))
    }

    private func judge(
        _ number: UInt64, _ installation: Installation, _ context: CommandContext
    ) throws -> Bisection.Verdict {
        let prepared = try installation.prepareView(of: .state(number), at: "", lazily: view.lazy)
        let outcome = try sandbox.trial(command, view.reading).run(in: prepared, of: context.root)
        return Bisection.Verdict(status: outcome.status)
    }

    private static func failure(_ contradiction: Bisection.Contradiction, _ number: UInt64) -> CommandFailure {
        switch contradiction {
        case .goodIsNotGood:
            CommandFailure(
                .failed, code: "failed", "state \(number): the command does not succeed there; name an earlier --good")
        case .badIsNotBad:
            CommandFailure(
                .failed, code: "failed", "state \(number): the command does not fail there; name a later --bad")
        }
    }
}
