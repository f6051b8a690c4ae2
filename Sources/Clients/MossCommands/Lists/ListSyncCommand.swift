internal import ArgumentParser
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Installation
internal import PackageModel

struct ListSyncCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "List installed packages of which the collections hold another release or build.",
        discussion: "What `moss sync` takes instead of each is shown, with the collection it comes from.")
    static let title = "list sync"

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Only where the collection's is newer: of a higher release, or a later build of it.")
    var upgradeOnly = false

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let registry = try installation.collections.registry()
        // The first of a name is the one that a sync takes.
        let offered = Dictionary(
            try registry.all().map { (Verbatim($0.name), $0) }, uniquingKeysWith: { first, _ in first })
        var lines: [OutdatedReport.Line] = []
        if let state = try installation.activeState() {
            for package in try installation.packages(of: state) {
                let installed = package.metadata
                guard let offer = offered[Verbatim(installed.name)], offer.id != package.id else { continue }
                let isNewer =
                    (offer.release, offer.buildRelease) > (installed.release, installed.buildRelease)
                guard isNewer || !upgradeOnly else { continue }
                lines.append(
                    .init(
                        name: installed.name, installed: installed.versionText,
                        available: "\(offer.version)-\(offer.release)", collection: offer.collection.text,
                        isOtherBuild: offer.release == installed.release && offer.version.isVerbatim(installed.version))
                )
            }
        }
        context.show(OutdatedReport(packages: lines))
    }
}
