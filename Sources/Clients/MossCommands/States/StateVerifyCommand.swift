internal import ArgumentParser
internal import Installation
internal import States

struct StateVerifyCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check everything that one state needs, its contents included.",
        discussion: """
            Without a state, the active one. The live tree is part of the active state only. See `moss fsck` for the rest \
            of the root, and for the exit codes.
            """)
    static let title = "state verify"

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Do not read contents.")
    var quick = false

    @Flag(help: "Repair what can be repaired.")
    var repair = false

    @Argument(help: "The number or the name of the state.")
    var id: StateReference?

    func perform(_ context: CommandContext) throws {
        var options = CheckOptions(depth: quick ? .quick : .full, repairs: repair)
        options.state = try context.looking { () throws(InstallationError) in try number(context) }
        guard options.state != nil else { throw InstallationError.noActiveState }
        try context.check(options)
    }

    /// A number is not looked up here: the check says itself what is wrong with a state that has no record.
    private func number(_ context: CommandContext) throws(InstallationError) -> UInt64? {
        if let id, let number = UInt64(id.text) { return number }
        let installation = try context.openForReading()
        guard let id else { return try installation.activeState()?.number }
        return try id.state(in: installation).number
    }
}
