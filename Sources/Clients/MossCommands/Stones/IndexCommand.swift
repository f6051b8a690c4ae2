internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Publishing

struct IndexCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Write the index of a directory of stones, which makes it a collection.",
        discussion: "Of two releases of a package the higher one is listed. The index lies beside the stones.")
    static let title = "index"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Write the index into this directory.", valueName: "dir"))
    var outputDir: PathArgument?

    @Argument(help: "The directory with the stones.")
    var dir: PathArgument

    func perform(_ context: CommandContext) throws {
        let destination = outputDir?.path ?? dir.path
        let packages = try CollectionIndexer(directory: dir.path).writeIndex(into: destination)
        let path = PathText(destination.appending(CollectionIndexer.indexName))
        context.show(IndexReport(path, packageCount: packages.count))
    }
}
