internal import ArgumentParser
internal import ViewImage

/// The options of commands that show a tree.
struct ViewOptions: ParsableArguments {
    @Flag(help: "Leave packages that are not in the store packed until one of their files is opened.")
    var lazy = false

    @Option(
        help: ArgumentHelp(
            "How files are read: passthrough (by the kernel, from the store), cached (through the view), or auto.",
            valueName: "way"))
    var reading = ViewRequest.Reading.automatic
}

extension ViewRequest.Reading: ExpressibleByArgument {}
