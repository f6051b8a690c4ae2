internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
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
}
