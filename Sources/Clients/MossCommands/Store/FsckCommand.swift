internal import ArgumentParser
internal import Installation

struct FsckCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "fsck", abstract: "Look for damage in a root, and repair it.",
        discussion: """
            Looks at the structure and all records of the database, and at name, kind, size, mode, owner and time of every \
            object and every entry of the trees on disk. With --full it also reads all contents. Repairs come from every \
            good copy there is: other variants, trees on disk, files in the wrong place, manifests, collections. What \
            does not belong where it is found is put aside in .moss/lost+found, never deleted.

            Ends with 8 when damage is left and with 9 when all of it was repaired. Files that nobody needs are listed, \
            but are no damage. What cannot be looked at, for want of permission, open files or memory, is named and left \
            as it is; without damage elsewhere the exit code is 10 then.
            """)
    static let title = "fsck"

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Do not read contents; this is what happens without any option.")
    var quick = false

    @Flag(help: "Read and verify all contents too.")
    var full = false

    @Option(
        help: ArgumentHelp(
            "Read contents for this long, such as 30s or 5m, and go on there the next time; implies --full.",
            valueName: "duration"))
    var budget: DurationArgument?

    @Flag(help: "Repair what can be repaired.")
    var repair = false

    func validate() throws {
        if quick && (full || budget != nil) { throw ValidationError("--quick and --full exclude each other") }
    }

    func perform(_ context: CommandContext) throws {
        let depth: CheckOptions.Depth = full || budget != nil ? .full : .quick
        try context.check(CheckOptions(depth: depth, budget: budget?.nanoseconds, repairs: repair))
    }
}

/// A length of time on the command line: a number with `s`, `m` or `h`.
package struct DurationArgument: ExpressibleByArgument {
    package let nanoseconds: Int64

    package init?(argument: String) {
        guard let unit = argument.last, let factor = ["s": 1, "m": 60, "h": 3600][unit],
            let count = Int64(argument.dropLast()), count > 0
        else { return nil }
        let (seconds, overflow) = count.multipliedReportingOverflow(by: Int64(factor))
        let (product, carry) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        guard !overflow, !carry else { return nil }
        nanoseconds = product
    }
}
