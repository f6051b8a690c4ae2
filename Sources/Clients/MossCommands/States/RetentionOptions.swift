internal import ArgumentParser
internal import Installation

/// Rules given with a command.
struct RetentionOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "How many states to keep, the active one among them.")
    var keep: Int?

    @Option(
        help: ArgumentHelp(
            "Keep states made within this time: 90min, 12h, 30d, 6w or 1y.", valueName: "duration"))
    var keepSince: RetentionTime?

    func validate() throws {
        if let keep, keep < 1 { throw ValidationError("--keep needs 1 or more: the active state always stays") }
    }

    /// nil where none was given; the pins of `configured` hold in any case.
    func rules(over configured: Retention?) -> Retention? {
        if keep == nil && keepSince == nil { return nil }
        return Retention(keep: keep, keepSince: keepSince?.seconds, pins: configured?.pins ?? [])
    }
}

/// A length of time.
struct RetentionTime: ExpressibleByArgument {
    let seconds: Int64

    init?(argument: String) {
        guard let seconds = Retention.seconds(argument) else { return nil }
        self.seconds = seconds
    }
}
