internal import ArgumentParser
internal import CollectionIndex
internal import CommandLineSupport
internal import Downloads
internal import Installation

struct RepoUpdateCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Read again what collections hold.",
        discussion:
            "Without a name, all enabled ones; one that cannot be read keeps what it had, and the exit code is 1.")
    static let title = "repo update"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "The name of the collection.")
    var name: CollectionArgument?

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForChanging()
        let collections = installation.collections
        if let name {
            let refreshed = try context.showingFetches(of: installation) { () throws(RepositoryError) in
                try collections.refresh(name.id)
            }
            return context.show(RefreshReport([refreshed]))
        }
        let (refreshed, failures) = try context.showingFetches(of: installation) { () throws(RepositoryError) in
            try collections.refreshAll()
        }
        context.show(RefreshReport(refreshed, failures: failures))
        if !failures.isEmpty { context.end(with: .failed) }
    }
}
