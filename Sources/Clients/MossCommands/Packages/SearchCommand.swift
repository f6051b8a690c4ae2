internal import ArgumentParser
internal import Installation
internal import Repositories

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
        let needle = word.lowercased()
        let own = try context.installedPackages()
            .filter { $0.name.lowercased().contains(needle) || $0.summary.lowercased().contains(needle) }
        var found = own
        if !installed {
            let known = Set(own.map { [$0.name, $0.version] })
            found += try context.openForReading().collections.registry().search(word).map { PackageLine($0) }
                .filter { !known.contains([$0.name, $0.version]) }
            found.sort { $0.name < $1.name }
        }
        let inName = { (line: PackageLine) in line.name.lowercased().contains(needle) }
        context.show(
            PackageListReport(packages: found.filter(inName) + found.filter { !inName($0) }, mark: .installed))
    }
}
