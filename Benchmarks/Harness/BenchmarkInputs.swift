import BytePath
import LinuxSystem

/// The packages that are measured with; made once and kept beside the image for the next run.
struct BenchmarkInputs {
    /// A directory with stones and a stone.index.
    let collection: BytePath
    let large: BytePath
    let small: BytePath
    /// Further collections, made when they are first asked for.
    private let directory: BytePath
    private let tools: Tools

    init(directory: BytePath, tools: Tools, packages: Int, entries: Int, level: Int) throws {
        self.directory = directory
        self.tools = tools
        collection = directory.appending("corpus-\(packages)-\(entries)")
        large = directory.appending("large-\(level).stone")
        small = directory.appending("small-\(level).stone")
        let parent = try Descriptor.openDirectory(directory)
        let generator = tools.corpusGenerator
        let sizes: [BytePath] = ["--packages", BytePath("\(packages)"), "--entries", BytePath("\(entries)")]
        try Self.make("collection", sizes, at: collection, generator)
        for (kind, stone) in [("large", large), ("small", small)] as [(BytePath, BytePath)] {
            let content = Self.content(of: stone).lastComponent
            if try parent.statusIfPresent(of: content) != nil { continue }
            print(try Run(generator, [kind, "--out", stone, "--level", BytePath("\(level)")]).output)
        }
    }

    /// 88,000 files of 10 KB, about 900 MB; `corpus-all` needs all of it.
    func manyFiles() throws -> BytePath {
        let path = directory.appending("many-files")
        try Self.make(
            "collection", ["--packages", "200", "--entries", "100000", "--bytes", "900000000"], at: path,
            tools.corpusGenerator)
        return path
    }

    /// `corpus-huge`, one file of 1 GiB.
    func hugeFile() throws -> BytePath {
        let path = directory.appending("huge-file")
        try Self.make("huge", [], at: path, tools.corpusGenerator)
        return path
    }

    /// Directories 1 to ``releaseCount``, each a collection with one release of the package `corpus-release`.
    func releases() throws -> BytePath {
        let path = directory.appending("releases-\(Self.releaseCount)")
        let parent = try Descriptor.openDirectory(directory)
        try parent.ensureDirectory(path.lastComponent)
        let last = path.lastComponent.appending("\(Self.releaseCount)/stone.index")
        if try parent.statusIfPresent(of: last) == nil {
            _ = try Run(
                tools.corpusGenerator, ["releases", "--out", path, "--count", BytePath("\(Self.releaseCount)")])
        }
        return path
    }

    static let releaseCount = 20

    private static func make(_ kind: BytePath, _ sizes: [BytePath], at path: BytePath, _ generator: BytePath) throws {
        // The index is written last, so that its presence says that the collection is whole.
        let parent = try Descriptor.openDirectory(path.parent)
        if try parent.statusIfPresent(of: path.lastComponent.appending("stone.index")) != nil { return }
        print(try Run(generator, [kind, "--out", path] + sizes).output)
    }

    /// The stored content payload of an unpack package, a zstd frame.
    static func content(of stone: BytePath) -> BytePath {
        BytePath(bytes: stone.bytes + Array(".content.zst".utf8))
    }
}
