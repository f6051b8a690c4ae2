internal import ArgumentParser
internal import BytePath
internal import CommandLineSupport
internal import Installation
internal import PackageModel

struct SearchFileCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "search-file", abstract: "Find paths by a part of them, in the packages of all states.")
    static let title = "search-file"

    @OptionGroup var global: GlobalOptions

    @Argument(help: "A part of a path; /usr/ in front is left out.")
    var word: PathArgument

    func perform(_ context: CommandContext) throws {
        let word = word.path.bytes.starts(with: "/usr/".utf8) ? BytePath(word.path.bytes.dropFirst(5)) : word.path
        let hits = try context.openForReading().searchFiles(word)
        context.show(FileSearchReport(files: hits.map { .init($0.path, package: $0.package.name) }))
    }
}
