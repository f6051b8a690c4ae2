internal import ArgumentParser
internal import CollectionIndex
internal import CommandLineSupport
internal import Installation
internal import PackageModel

struct SearchCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find packages by a part of their names or summaries.",
        discussion:
            "Letters match in upper and lower case. Those that match by name come first; a star marks installed ones.")
    static let title = "search"

    @OptionGroup var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Search installed packages only.")
    var installed = false

    @Argument(help: "What to look for.")
    var word: String

    func perform(_ context: CommandContext) throws {
        let search = TextSearch(word)
        let own = try context.installedPackages().filter { search.matches($0.name) || search.matches($0.summary) }
        var found = own
        if !installed {
            let known = Set(own.map { Verbatim([$0.name, $0.version]) })
            found += try context.openForReading().collections.registry().search(word).map { PackageLine($0) }
                .filter { !known.contains(Verbatim([$0.name, $0.version])) }
            found = found.sortedVerbatim(by: \.name)
        }
        let inName = { (line: PackageLine) in search.matches(line.name) }
        context.show(
            PackageListReport(packages: found.filter(inName) + found.filter { !inName($0) }, mark: .installed))
    }
}
