import BytePath
import LinuxSystem

/// The packages that are measured with; made once and kept beside the image for the next run.
struct BenchmarkInputs {
    /// A directory with stones and a stone.index.
    let collection: BytePath
    let large: BytePath
    let small: BytePath

    init(directory: BytePath, tools: Tools, packages: Int, entries: Int, level: Int) throws {
        collection = directory.appending("corpus-\(packages)-\(entries)")
        large = directory.appending("large-\(level).stone")
        small = directory.appending("small-\(level).stone")
        let parent = try Descriptor.openDirectory(directory)
        let generator = tools.corpusGenerator
        // The index is written last, so that its presence says that the collection is whole.
        if try parent.statusIfPresent(of: collection.lastComponent.appending("stone.index")) == nil {
            let sizes: [BytePath] = ["--packages", BytePath("\(packages)"), "--entries", BytePath("\(entries)")]
            print(try Run(generator, ["collection", "--out", collection] + sizes).output)
        }
        for (kind, stone) in [("large", large), ("small", small)] as [(BytePath, BytePath)] {
            let content = Self.content(of: stone).lastComponent
            if try parent.statusIfPresent(of: content) != nil { continue }
            print(try Run(generator, [kind, "--out", stone, "--level", BytePath("\(level)")]).output)
        }
    }

    /// The stored content payload of an unpack package, a zstd frame.
    static func content(of stone: BytePath) -> BytePath {
        BytePath(bytes: stone.bytes + Array(".content.zst".utf8))
    }
}
