internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Installation
internal import LinuxSystem

struct RepoAddCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Add a collection and read what it holds.",
        discussion: """
            URI is the path or URL of an index (stone.index); on this machine also that of a directory with one, or of \
            a directory of stones. With --version it is the directory of a server's channels. s3://BUCKET/PREFIX is \
            what `moss publish` sent there; --endpoint and --region are kept, and keys are not: they come from the \
            environment, from etc/moss/s3-credentials in the root (mode 600), or from ~/.aws, and without any the \
            bucket is read as one that is open to all. What comes over a network needs the keys that sign it, or \
            --unsigned. An address without a / at its end is that of the index itself, and --mirror takes the index or \
            the directory it lies in. Nothing is added, and with --replace nothing changes, when it cannot be read. \
            How files are fetched is said by etc/moss/fetch.yaml in the root.
            """)
    static let title = "repo add"

    @OptionGroup var global: GlobalOptions

    @Option(name: .shortAndLong, help: "Collections of higher priority are preferred.")
    var priority: UInt64 = 0

    @Option(name: .shortAndLong, help: "What the collection is.")
    var comment = ""

    @OptionGroup var source: SourceOptions

    @Flag(help: "Take the place of a collection of this name.")
    var replace = false

    @Argument(help: "Letters, digits, - and _.")
    var name: CollectionArgument

    @Argument(help: "Where the collection is.", completion: .file())
    var uri: String

    func perform(_ context: CommandContext) throws {
        let configuration = CollectionConfiguration(
            id: name.id, description: comment, source: try source.source(uri), mirrors: try source.mirrors(),
            declaredTrust: try source.trust(), priority: priority)
        try source.check(configuration)
        let refreshed = try context.openForChanging().collections.add(configuration, replacing: replace)
        context.show(RefreshReport([refreshed]))
    }
}
