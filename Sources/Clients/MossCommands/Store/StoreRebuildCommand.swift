internal import ArgumentParser
internal import CommandLineSupport
internal import Installation

struct StoreRebuildCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make the database anew from the files beside it.",
        discussion: """
            Reads the packages' manifests, the states' files, the names of the objects and the number in /usr. What \
            collections offer is taken over from the old database as far as that can be read; `moss repo update` brings \
            the rest. The old database is put aside in .moss/lost+found.
            """)
    static let title = "store rebuild"

    @OptionGroup var global: GlobalOptions

    func perform(_ context: CommandContext) throws {
        let progress = ChangeProgress()
        let report: StoreRebuildReport
        do {
            defer { progress.finish() }
            report = StoreRebuildReport(
                try Installation.rebuildDatabase(of: context.root, waiting: context.waitingNotice) {
                    progress.report($0)
                })
        }
        context.show(report)
        if !report.lost.isEmpty { context.end(with: .damaged) }
    }
}
