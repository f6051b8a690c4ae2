internal import ArgumentParser
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Digests
internal import Installation
internal import PackageModel

struct InfoCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "info", abstract: "Show everything about packages, installed or available.",
        discussion: "A NAME is the name of a package or something it provides, such as binary(nano).")
    static let title = "info"

    @OptionGroup var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "List the files of installed packages.")
    var files = false

    @Argument(help: "Packages to show.")
    var name: [String]

    func perform(_ context: CommandContext) throws {
        let installation = try context.openForReading()
        let installed = try installation.activeState().map { try installation.packages(of: $0) } ?? []
        let registry = try installation.collections.registry()
        var report = InfoReport(packages: [])
        for name in name {
            guard let capability = Capability(parsing: name) else { throw InstallationError.malformedRequest(name) }
            let own = installed.filter { $0.metadata.allProviders.contains(capability) }
            let offers = try registry.packages(providing: capability)
            guard !own.isEmpty || !offers.isEmpty else {
                throw CommandFailure(
                    .notFound, code: "notFound",
                    "\(name): no installed or available package provides this; update the collections, or search for it"
                )
            }
            for package in own {
                // Asked for by its id, whatever the records of providers say.
                let offer = try registry.package(package.id)
                var found = InfoReport.Package(
                    PackageDetails(package.metadata), id: package.id.hexadecimal, isInstalled: true,
                    isExplicit: package.isExplicit, collection: offer?.collection.text)
                if files { found.files = try installation.files(of: package.id).map { LayoutLine($0.path, $0.entry) } }
                report.packages.append(found)
            }
            let ids = Set(own.map(\.id))
            for offer in offers where !ids.contains(offer.id) {
                report.packages.append(
                    .init(
                        PackageDetails(offer.metadata), id: offer.id.hexadecimal, isInstalled: false, isExplicit: nil,
                        collection: offer.collection.text))
            }
        }
        context.show(report)
    }
}
