internal import BytePath
internal import CommandLineSupport
internal import Installation
internal import LinuxSystem
internal import States
internal import TerminalOutput
internal import ViewProcess

/// What a running command works with: its output, its root, and the question to the user.
final class CommandContext {
    let global: GlobalOptions
    private let speech: CommandOutput
    private(set) var exit = MossExit.done
    /// The exit code of a command that was run for the user and becomes this one's.
    private var passedOn: Int32?
    private let started = monotonicNanoseconds()
    /// Of a root that was opened for changing.
    private var renewal: ViewRenewal?

    private init(title: String, _ global: GlobalOptions) {
        self.global = global
        speech = CommandOutput(
            of: Moss.voice, title: title, jsonSchema: global.json ? MossCommands.jsonSchema : nil,
            colours: global.color)
    }

    /// Runs `command` to its exit code; errors become a line on standard error, or the JSON document.
    static func run(_ command: some MossCommand) -> Int32 {
        if type(of: command).worksOnRoots { CurrentProcess.prepareForRoots() }
        let context = CommandContext(title: type(of: command).title, command.global)
        if let failure = context.failure(of: command) {
            context.speech.fail(failure)
            return failure.exit.rawValue
        }
        return context.speech.finish(with: context.passedOn ?? context.exit.rawValue)
    }

    /// Performs the command; nil when it succeeded.
    private func failure(of command: some MossCommand) -> CommandFailure? {
        defer { renewViewsIfReplaced() }
        do {
            try command.perform(self)
            if global.verbose { note("took \(elapsed)") }
            return nil
        } catch let error as InstallationError {
            return CommandFailure(error.located(in: root))
        } catch {
            return CommandFailure(any: error)
        }
    }

    private var elapsed: String { Measures.duration(nanoseconds: monotonicNanoseconds() - started) }

    // MARK: Output

    var output: TerminalStream { speech.output }

    /// Shows a report in the form that was asked for.
    func show(_ report: some Report) { speech.show(report) }

    /// A remark on standard error.
    func note(_ text: String) { speech.note(text) }

    /// A remark on what was done, for people and in the JSON.
    func remark(_ text: String) { speech.remark(text) }

    /// Takes remarks that come while a root is opened.
    var notice: @Sendable (String) -> Void { speech.notice }

    /// Ends with this code although there is a report; for what is a result rather than an error.
    func end(with exit: MossExit) {
        self.exit = exit
    }

    /// Ends as a program did that was run for the user.
    func end(like status: Int32) {
        passedOn = status
    }

    // MARK: The root

    var root: BytePath { global.directory.absolute }

    /// What commands that are named to people need to work on the same root, with a space behind it.
    var rootOption: String { root == "/" ? "" : "-D \(root) " }

    func openForReading() throws(InstallationError) -> Installation {
        let installation = try openWithoutCleaning()
        if installation.root.possession.isOwn { ViewProcess.cleanUp(installation.leases) }
        return installation
    }

    /// The same, and whatever killed views have left stays for now.
    func openWithoutCleaning() throws(InstallationError) -> Installation {
        try Installation(opening: root, .reading, fetching: global.fetching, notice: notice)
    }

    /// For work that goes on beside other commands.
    func openForTidying() throws(InstallationError) -> Installation {
        try Installation(opening: root, .tidying, notice: notice)
    }

    /// Takes the root's lock; says so when an earlier command had left something to do.
    func openForChanging() throws(InstallationError) -> Installation {
        // A command that opens the root a second time must not keep the first database open.
        renewViewsIfReplaced()
        renewal = nil
        let installation = try openLocked()
        renewal = ViewRenewal(installation.objects, installation.leases)
        ViewProcess.cleanUp(installation.leases)
        if let remark = Self.remark(on: installation.recovery) { notice(remark) }
        return installation
    }

    /// Views of the root go on with the right bytes, where others were found and replaced.
    func renewViews() {
        if let installation = try? openWithoutCleaning() { tell(of: ViewProcess.renew(installation.leases)) }
    }

    private func tell(of untold: [String]) {
        for view in untold {
            notice("\(view) cannot be told of the repair and may show what was there before: mount it again")
        }
    }

    private func renewViewsIfReplaced() {
        if let renewal { tell(of: renewal.renewIfReplaced()) }
    }

    private func openLocked() throws(InstallationError) -> Installation {
        try Installation(
            opening: root, .changing(waiting: waitingNotice), fetching: global.fetching, notice: notice)
    }

    /// What to do while another command holds the lock; nil when that is an error.
    var waitingNotice: (@Sendable (String) -> Void)? {
        guard global.wait else { return nil }
        let notice = notice
        return { notice("waiting for \($0)") }
    }

    private static func remark(on recovery: Recovery) -> String? {
        switch recovery {
        case .notNeeded: nil
        case .finished(let number): "an earlier command was stopped; its switch to state \(number) is complete now"
        case .forgotten(let number):
            "an earlier command was stopped before it switched to state \(number), which is forgotten"
        case .followed(let number): "/usr is that of state \(number); the records follow it"
        }
    }

    // MARK: Questions

    /// Asks, unless `-y` was given. Throws `notConfirmed` for a no and where nobody can be asked.
    func confirm(_ question: String) throws(CommandFailure) {
        if global.yesAll { return }
        do throws(SystemError) {
            try output.finish()
        } catch {
            // Nobody can say yes to what cannot be read.
            throw CommandFailure(
                .outputLost, code: "outputLost",
                "nothing was changed: the plan could not be written to standard output: \(error.number.message)")
        }
        guard Question.canAsk, !global.json else {
            throw CommandFailure(
                .notConfirmed, code: "notConfirmed",
                "nothing was changed: there is nobody to ask; use -y to go on without a question")
        }
        guard Question.confirm(question) else {
            throw CommandFailure(.notConfirmed, code: "notConfirmed", "nothing was changed")
        }
    }
}
