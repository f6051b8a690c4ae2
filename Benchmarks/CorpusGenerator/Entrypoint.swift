import ArgumentParser
import BytePath
import PackageModel

/// Makes packages for benchmarks: the same seed gives the same collection on every machine.
@main
struct Entrypoint: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corpus-generator", abstract: "Make packages for benchmarks.",
        subcommands: [MakeCollection.self, MakeReleases.self, MakeLarge.self, MakeSmall.self, MakeHuge.self])
}

struct MakeCollection: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collection", abstract: "A collection shaped like a real system.",
        discussion: """
            Writes stones and their stone.index. The package corpus-all depends on every other one; corpus-extra has \
            ten files and nothing depends on it.
            """)

    @Option(help: "Where the collection is written.") var out: String
    @Option(help: "Packages beside corpus-all and corpus-extra.") var packages = 2000
    @Option(help: "Paths of the composed tree, directories included.") var entries = 200_000
    @Option(help: "Bytes of all files together, about.") var bytes = 200_000_000
    @Option(help: "Another seed gives another collection.") var seed: UInt64 = 1

    func run() throws {
        let corpus = Corpus(packageCount: max(1, packages), entryCount: max(100, entries), bytes: bytes, seed: seed)
        print(corpus.summary)
        try CollectionWriter(directory: BytePath(out)).write(corpus.packages)
    }
}

struct MakeReleases: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "releases", abstract: "Releases of one package, each a collection of its own.",
        discussion: "Nine files of ten differ in every release.")

    @Option(help: "Where the collections are written, in directories called 1, 2, ...") var out: String
    @Option(help: "How many.") var count = 20
    @Option(help: "Files in each.") var files = 1000

    func run() throws {
        for release in 1...max(1, count) {
            var package = CorpusPackage(
                PackageMetadata(
                    name: "corpus-release", version: "1.\(release)", release: UInt64(release),
                    summary: "Release \(release)", licenses: ["MPL-2.0"]))
            for file in 0..<max(1, files) {
                let owner = file % 10 == 0 ? 0 : release
                let number = (1 << 40) + UInt64(owner) << 20 + UInt64(file)
                package.entries.append(
                    .init(
                        path: BytePath("lib/corpus-release/dir\(file / 50)/file\(file)"),
                        kind: .file(number: number, size: 16 + file * 7919 % 8000), mode: 0o100644))
            }
            try CollectionWriter(directory: BytePath("\(out)/\(release)")).write([package])
        }
    }
}

struct MakeLarge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "large", abstract: "One package of 116 files and 190 MB, cut from real programs and libraries.")

    @Option(help: "Where the stone is written; the stored content payload goes beside it as .content.zst.") var out:
        String
    @Option(help: "Where the bytes come from.") var from = "/usr/lib"
    @Option(help: "zstd level of the content.") var level = 18

    func run() throws {
        let bytes = try realBytes(below: BytePath(from), count: 190_000_000)
        let package = cutPackage(named: "corpus-large", from: bytes, fileCount: 116, seed: 1)
        try CollectionWriter.writeAlone(package, to: BytePath(out), level: level)
    }
}

struct MakeSmall: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "small", abstract: "One package of 9,400 files and 53 MB, text like that of headers.")

    @Option(help: "Where the stone is written; the stored content payload goes beside it as .content.zst.") var out:
        String
    @Option(help: "zstd level of the content.") var level = 18

    func run() throws {
        let text = ContentText(seed: 2)
        let bytes = (0..<530).flatMap { text.bytes(number: UInt64($0), count: 100_000) }
        let package = cutPackage(named: "corpus-small", from: bytes, fileCount: 9400, seed: 2)
        try CollectionWriter.writeAlone(package, to: BytePath(out), level: level)
    }
}

struct MakeHuge: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "huge", abstract: "A collection of one package, corpus-huge, of one file of 1 GiB.")

    @Option(help: "Where the collection is written.") var out: String

    func run() throws {
        var package = CorpusPackage(
            PackageMetadata(name: "corpus-huge", version: "1.0", release: 1, licenses: ["MPL-2.0"]))
        package.entries = [.init(path: "share/huge", kind: .file(number: 1, size: 1 << 30), mode: 0o100644)]
        try CollectionWriter(directory: BytePath(out)).write([package])
    }
}
