internal import ArgumentParser
internal import CommandLineSupport
internal import Trust

struct KeySignCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign", abstract: "Add signatures to the manifest of a collection, or to a set of keys.",
        discussion: """
            For what several people have to sign, one after the other. A set of keys that waits for signatures is called \
            keys/N.pending.json, and gets its name with the last one.
            """)
    static let title = "key sign"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var signing: SigningOptions

    @Option(help: ArgumentHelp("Sign nothing else than this: moss-collection or moss-keys.", valueName: "type"))
    var type: DocumentType?

    @Argument(
        help:
            "The signed file; of a directory, the manifest that waits for signatures, or else its moss-collection.json."
    )
    var path: PathArgument

    func perform(_ context: CommandContext) throws {
        context.show(SignedReport(try PublishedKeys.sign(path.path, by: signing.signer(), expecting: type)))
    }
}

extension DocumentType: ExpressibleByArgument {}
