internal import ArgumentParser
internal import CommandLineSupport
internal import Installation

struct ListInstalledCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "installed", abstract: "List the packages of the active state.")
    static let title = "list installed"

    @OptionGroup var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Only those that were asked for.")
    var explicit = false

    func perform(_ context: CommandContext) throws {
        let packages = try context.installedPackages().filter { $0.isExplicit == true || !explicit }
        context.show(PackageListReport(packages: packages))
    }
}

extension CommandContext {
    /// The packages of the active state, by name; none before the first.
    func installedPackages() throws -> [PackageLine] {
        let installation = try openForReading()
        guard let state = try installation.activeState() else { return [] }
        return try installation.briefs(of: state).map { PackageLine($0.brief, isExplicit: $0.isExplicit) }
    }
}
