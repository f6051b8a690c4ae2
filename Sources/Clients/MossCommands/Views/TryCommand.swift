internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Installation
internal import LinuxSystem
internal import Trial
internal import ViewImage

struct TryCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "try", abstract: "Run a command in a state, or in one that does not exist yet.",
        usage: """
            moss try [<options>] install <name> ... -- <command> ...
            moss try [<options>] --state <state> -- <command> ...
            """,
        discussion: """
            The command gets the tree as its /usr, which it may write to: what it writes is thrown away. It has /etc of \
            the host, likewise, and /tmp, /var, /proc and /dev of its own. Nothing is installed, and nothing is written \
            to the root. It shares the network unless --no-network is given, and has a terminal and processes of its \
            own. Also as root it can change nothing of the machine; see --privileged. Ends like the command; 125 says \
            that the sandbox could not be made, 126 and 127 that the command could not be run.
            """)
    static let title = "try"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var view: ViewOptions
    @OptionGroup var sandbox: SandboxOptions

    @Option(help: ArgumentHelp("Try this state instead of a change; a number, a name or 'active'.", valueName: "state"))
    var state: String?

    @Flag(help: "Keep what the command wrote in /usr and /etc, and show it.")
    var keep = false

    // One argument, because the parser allows no second list behind a first.
    @Argument(
        parsing: .captureForPassthrough,
        help: "Changes (install, remove and sync, each with its names), then -- and the command with its arguments.")
    var words: [String] = []

    private var change: [String] { Array(words.prefix { $0 != "--" }) }
    private var command: [String] { Array(words.drop { $0 != "--" }.dropFirst()) }

    func validate() throws {
        if let option = change.first(where: { $0.hasPrefix("-") }) {
            // The parser answers these itself where it does not pass everything on.
            if ["-h", "--help", "-help"].contains(option) { throw CleanExit.helpRequest(Self.self) }
            if option == "--version" { throw CleanExit.message(MossCommands.version) }
            throw ValidationError(
                "\(option): options stand before the change, as in: moss try \(option) install nano -- nano")
        }
        guard !command.isEmpty else {
            throw ValidationError("name a command after --, as in: moss try install nano -- nano --version")
        }
        guard (state == nil) != change.isEmpty else {
            throw ValidationError("name either changes, such as install nano, or --state")
        }
        if let state, StateReference(argument: state) == nil {
            throw ValidationError("'\(state)' is no state: give its number or name, or 'active'")
        }
    }

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let subject =
            if let state {
                try ViewSubject(state: state, candidate: [], in: installation)
            } else {
                ViewSubject.candidate(try CandidateText(words: change).changes)
            }
        let progress = ChangeProgress()
        let prepared = try installation.prepareView(of: subject, at: "", lazily: view.lazy) { progress.report($0) }
        progress.finish()
        var trial = try sandbox.trial(command, view.reading)
        trial.keepsWrites = keep
        let outcome = try trial.run(in: prepared, of: context.root)
        context.end(like: outcome.status)
        if let kept = outcome.kept { context.show(KeptWritesReport(kept)) }
    }
}
