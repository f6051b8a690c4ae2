internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Digests
internal import Installation
internal import PackageModel
internal import StoneFiles
internal import TerminalOutput

struct FetchCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "fetch", abstract: "Copy the stones of available packages into a directory.",
        discussion: """
            Each is verified by its SHA-256 on the way and appears whole or not at all, under the name it has in its \
            collection.
            """)
    static let title = "fetch"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    @Option(
        name: [.customShort("o"), .long], help: ArgumentHelp("Where the stones go.", valueName: "dir"),
        completion: .directory)
    var outputDir = PathArgument(".")

    @Argument(help: "Packages to fetch.")
    var name: [String]

    func perform(_ context: CommandContext) throws {
        let registry = try context.openForReading().collections.registry()
        var packages: [CollectionRegistry.Package] = []
        for name in name {
            guard let capability = Capability(parsing: name) else { throw InstallationError.malformedRequest(name) }
            guard let package = try registry.packages(providing: capability).first else {
                throw CommandFailure(
                    .notFound, code: "notFound", "\(name): no collection offers this; update the collections")
            }
            if !packages.contains(package) { packages.append(package) }
        }
        var report = FetchReport(stones: [])
        let total = packages.saturatedSum { $0.metadata.downloadSize ?? 0 }
        let display = ProgressDisplay()
        defer { display.finish() }
        let copier = try StoneCopier(into: outputDir.path) { package, done in
            display.report(ProgressLine("Fetching \(package)", done: done, total: total, unit: .bytes))
        }
        for package in packages {
            let copied: (path: BytePath, size: UInt64)
            do {
                copied = try copier.copy(package, from: registry)
            } catch {
                throw CommandFailure(any: error).after(report.stones.map(\.path))
            }
            report.stones.append(
                .init(PathText(copied.path), name: package.metadata.name, size: copied.size, id: package.id.hexadecimal)
            )
        }
        context.show(report)
    }
}
