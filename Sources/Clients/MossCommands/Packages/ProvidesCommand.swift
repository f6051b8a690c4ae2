internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Installation
internal import PackageModel

struct ProvidesCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "provides", abstract: "Find the installed and available packages that provide something.",
        discussion: """
            WHAT is the name of a package, a capability such as soname(libz.so.1(x86_64)) or binary(nano), or a path \
            such as /usr/bin/nano. A star marks installed packages; those that an install prefers come first.
            """)
    static let title = "provides"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A capability, or an absolute path.")
    var what: PathArgument

    func perform(_ context: CommandContext) throws {
        let path = what.path
        let installation = try context.openForReading()
        let installed = try installation.activeState().map { try installation.packages(of: $0) } ?? []
        let text = String(decoding: path.bytes, as: UTF8.self)
        var lines: [PackageLine]
        if path.isAbsolute {
            let place = BytePath(path.bytes.dropFirst(path.bytes.starts(with: "/usr/".utf8) ? 5 : 1))
            lines = try installed.filter { try installation.files(of: $0.id).contains { $0.path == place } }
                .map { PackageLine($0) }
            lines += try offers(of: place, installation, context)
        } else if let capability = Capability(parsing: text) {
            lines = installed.filter { $0.metadata.allProviders.contains(capability) }.map { PackageLine($0) }
            lines += try installation.collections.registry().packages(providing: capability).map { PackageLine($0) }
        } else {
            throw InstallationError.malformedRequest(text)
        }
        var seen: Set<Verbatim<[String]>> = []
        lines = lines.filter { seen.insert(Verbatim([$0.name, $0.version])).inserted }
        guard !lines.isEmpty else {
            throw CommandFailure(
                .notFound, code: "notFound",
                "\(path): no installed or available package provides this; update the collections, or search for it")
        }
        context.show(PackageListReport(packages: lines, mark: .installed))
    }

    /// Available packages with this path, where that is known.
    private func offers(
        of path: BytePath, _ installation: Installation, _ context: CommandContext
    ) throws -> [PackageLine] {
        let files = try installation.collections.offeredFiles()
        context.remark(onUnindexed: files)
        let registry = try installation.collections.registry()
        return try files.files(at: path).flatMap { file in
            try registry.packages(named: file.package).filter { $0.collection == file.collection }
                .map { PackageLine($0) }
        }
    }
}
