internal import ArgumentParser
internal import CollectionIndex
internal import CommandLineSupport
internal import Downloads
internal import Installation

struct SyncCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync", abstract: "Bring explicit packages to the versions the collections hold.",
        discussion: """
            What the preferred collection holds counts, whether its release is higher or lower. What cannot follow \
            is kept back, and the plan says why; it does not stop the others, and the command succeeds.
            """)
    static let title = "sync"

    @OptionGroup var global: GlobalOptions
    @OptionGroup var plan: PlanOptions

    @Flag(name: .shortAndLong, help: "Update the collections first; one that cannot be is used as it was.")
    var update = false

    @Flag(help: "With --update, change nothing unless all collections could be updated.")
    var requireUpdate = false

    func validate() throws {
        if requireUpdate && !update { throw ValidationError("--require-update goes with --update") }
        if update && plan.dryRun { throw ValidationError("--update changes the root, which --dry-run must not") }
    }

    func perform(_ context: CommandContext) throws {
        if update {
            // In a step of its own: a plan that is declined keeps what was fetched.
            let installation = try context.openForChanging()
            let (_, failures) = try context.showingFetches(of: installation) { () throws(RepositoryError) in
                try installation.collections.refreshAll()
            }
            if requireUpdate, let failure = failures.first { throw CommandFailure(failure) }
            for failure in failures { context.remark("not updated, and used as it was: \(failure)") }
        }
        try context.carryOut(.sync, plan)
    }
}
