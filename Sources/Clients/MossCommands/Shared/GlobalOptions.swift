internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Downloads
internal import Installation
internal import TerminalOutput

/// The options that every command has.
struct GlobalOptions: ParsableArguments {
    @Option(
        name: [.customShort("D"), .long], help: ArgumentHelp("The root to work on.", valueName: "dir"),
        completion: .directory)
    var directory = PathArgument("/")

    @Flag(name: .shortAndLong, help: "Answer every question with yes.")
    var yesAll = false

    @Flag(name: .shortAndLong, help: "Say more.")
    var verbose = false

    @Flag(help: "Print one JSON document, schema \(MossCommands.jsonSchema), instead of text.")
    var json = false

    @Option(help: ArgumentHelp("When to use colours: auto, always or never.", valueName: "when"))
    var color = ColourChoice.auto

    @Flag(help: "Wait while another command is changing the root.")
    var wait = false

    @Flag(help: "Fetch nothing: do with what is here, or fail.")
    var offline = false

    @Option(
        help: ArgumentHelp("Fetch at most so many bytes in a second, such as 500K or 2M.", valueName: "rate"))
    var limitRate: BandwidthArgument?

    var fetching: FetchOptions {
        var options = FetchOptions()
        options.isOffline = offline
        options.bandwidth = limitRate?.bytesPerSecond
        return options
    }
}

/// `500K`, `2M`: bytes in a second.
struct BandwidthArgument: ExpressibleByArgument {
    let bytesPerSecond: UInt64

    init?(argument: String) {
        guard let bytes = Bandwidth.bytes(argument) else { return nil }
        bytesPerSecond = bytes
    }
}
