internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CollectionSettings
internal import CommandLineSupport
internal import Installation
internal import PackageModel

struct SearchCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find packages by words, or available packages by their files.",
        discussion: """
            All words have to fit. Packages called so come first, then those whose names begin so or hold the word, \
            those that provide what begins so, and those whose summaries hold it. Letters match in upper and lower \
            case. A star marks installed packages.

            A PATTERN is a part of a path. With *, ? or [ in it, it is what a file's name has to be or, if there is a / \
            too, what all of its path has to be; ** stands for any directories. search-file looks into the packages of \
            all states instead.
            """)
    static let title = "search"

    @OptionGroup var global: GlobalOptions

    @Flag(name: .shortAndLong, help: "Search installed packages only.")
    var installed = false

    @Option(help: ArgumentHelp("Find files of available packages.", valueName: "pattern"))
    var file: PathArgument?

    @Argument(help: "What to look for.")
    var word: [String] = []

    func validate() throws {
        if file == nil, word.isEmpty { throw ValidationError("a word or --file is missing") }
        if file != nil, installed || !word.isEmpty {
            throw ValidationError("--file looks into all available packages; it takes neither words nor --installed")
        }
    }

    func perform(_ context: CommandContext) throws {
        if let file { return try showFiles(file.path, context) }
        let search = PackageSearch(word)
        var found = try context.installedPackages().compactMap { line in
            search.rank(name: line.name.utf8, summary: line.summary.utf8).map { (rank: $0, line: line) }
        }
        if !installed {
            let known = Set(found.map { Verbatim([$0.line.name, $0.line.version]) })
            found += try context.openForReading().collections.registry().search(word)
                .map { (rank: $0.rank, line: PackageLine($0.package)) }
                .filter { !known.contains(Verbatim([$0.line.name, $0.line.version])) }
        }
        let sorted = found.sorted { ($0.rank, Verbatim($0.line.name)) < ($1.rank, Verbatim($1.line.name)) }
        context.show(PackageListReport(packages: sorted.map(\.line), mark: .installed))
    }

    private func showFiles(_ pattern: BytePath, _ context: CommandContext) throws {
        let limit = 100_000
        let files = try context.openForReading().collections.offeredFiles()
        context.remark(onUnindexed: files)
        let (found, isComplete) = try files.files(matching: pattern, limit: limit)
        if !isComplete { context.remark("there are more than \(limit) files; these are the first") }
        context.show(
            FileSearchReport(files: found.map { .init($0.path, package: $0.package, collection: $0.collection.text) }))
    }
}

extension CommandContext {
    /// Says which collections nobody can look into.
    func remark(onUnindexed files: CollectionFiles) {
        for collection in files.unindexed {
            remark("\(collection) has no index of its files, or an old one; they are left out")
        }
    }
}
