internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Digests
internal import Publishing

struct IndexCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Make a collection of a directory of stones.",
        discussion: """
            Of two releases of a package the higher one is listed. The index lies beside the stones, with one of the \
            files in them; stones that have not changed since the last time are not read again.

            --publish makes a directory that any server of files can serve, and that is whole while it is being \
            changed: stones in pool, indexes and what belongs to them in by-hash, and stone.index, which says what \
            counts and is written last. What nothing names any more stays for the days of grace.

            With --key it is signed too: moss-collection.json names the index, is valid for some days, and waits as \
            moss-collection.pending.json while signatures of others are missing, see `moss key sign`.
            """)
    static let title = "index"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Write the index into this directory.", valueName: "dir"))
    var outputDir: PathArgument?

    @Option(help: ArgumentHelp("Publish into this directory.", valueName: "dir"), completion: .directory)
    var publish: PathArgument?

    @Option(help: ArgumentHelp("How long what is published stays when nothing names it any more.", valueName: "days"))
    var grace = 14

    @Flag(help: "Publish stones as hard links where that is possible; do not write into them afterwards.")
    var link = false

    @OptionGroup var signing: OptionalSigningOptions

    @Option(help: ArgumentHelp("The name of the collection, for its first manifest.", valueName: "name"))
    var collection: String?

    @Option(help: ArgumentHelp("How long the manifest is valid.", valueName: "days"))
    var expires: UInt64 = 30

    @Argument(help: "The directory with the stones.")
    var dir: PathArgument

    func validate() throws {
        if publish != nil, outputDir != nil { throw ValidationError("--publish and --output-dir exclude each other") }
        guard (0...36500).contains(grace) else { throw ValidationError("--grace takes a number of days") }
        guard (1...3650).contains(expires) else { throw ValidationError("--expires takes 1 to 3650 days") }
        if publish == nil, signing.isGiven { throw ValidationError("--key goes with --publish") }
    }

    func perform(_ context: CommandContext) throws {
        if let publish {
            let manifest = try signing.signer().map {
                ManifestSigning($0, collection: collection, lifetime: expires * 86400)
            }
            let published = try CollectionPublisher(
                directory: dir.absolute, output: publish.absolute,
                options: .init(graceSeconds: Int64(grace) * 86400, linksStones: link)
            ).publish(signing: manifest)
            return context.show(
                IndexReport(PathText(publish.path.appending(CollectionIndexer.indexName)), published))
        }
        let destination = outputDir?.path ?? dir.path
        let indexed = try CollectionIndexer(directory: dir.path).writeIndex(into: destination)
        context.show(IndexReport(PathText(destination.appending(CollectionIndexer.indexName)), indexed))
    }
}
