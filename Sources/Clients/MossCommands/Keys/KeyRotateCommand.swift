internal import ArgumentParser
internal import CommandLineSupport
internal import Trust

struct KeyRotateCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Say from now on which keys sign for a collection, and how many of them.",
        discussion: """
            Makes the next file of the directory `keys`, or the first, which needs --collection. Enough keys of the \
            former set have to sign it, and enough of the new one; if some are missing it waits for them. Afterwards the \
            manifest of the collection has to be signed by keys of the new set.
            """)
    static let title = "key rotate"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var signing: SigningOptions
    @OptionGroup var change: KeySetOptions

    @Option(help: ArgumentHelp("Take out the key with this id.", valueName: "key-id"))
    var remove: [KeyID] = []

    @Option(help: ArgumentHelp("The name of the collection, for its first keys.", valueName: "name"))
    var collection: String?

    @Option(
        help: ArgumentHelp(
            "Let serials begin anew with this one: somebody with stolen keys has driven them up.", valueName: "serial"))
    var resetSerial: UInt64?

    @Argument(help: "The directory of the collection.")
    var dir: PathArgument

    func perform(_ context: CommandContext) throws {
        var change = change.change
        change.removed = remove
        change.serialReset = resetSerial
        let keys = PublishedKeys(dir.path)
        let signer = try signing.signer()
        context.show(SignedReport(try keys.change(by: change, collection: collection, signedBy: signer)))
    }
}
