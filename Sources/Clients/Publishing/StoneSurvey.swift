internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Downloads
internal import FileIndex
internal import LinuxSystem
internal import PackageModel
internal import StoneFormat

/// The stones of a directory that an index lists, with what they put below `/usr`.
struct StoneSurvey: Sendable {
    /// By name of the package.
    let listed: [IndexCache.Entry]
    let stoneCount: Int
    /// Stones that were read, since nothing was known of them.
    let readCount: Int

    /// Looks through `directory`; what was read is remembered in `place`.
    init(
        of directory: BytePath, rememberedIn place: borrowing Descriptor, threadCount: Int
    ) throws(RepositoryError) {
        let cache = IndexCache(in: place)
        let read = Guarded<[BytePath: StoneFiles]>([:])
        let stones = try StoneDirectory(directory: directory, threadCount: threadCount).scan { path in
            cache.entries[path]?.stone
        } reading: { stone, layout in
            let files = StoneFiles(layout)
            read.withLock { $0[stone.path] = files }
        }
        let fresh = read.withLock { $0 }
        var entries: [BytePath: IndexCache.Entry] = [:]
        for stone in stones {
            guard let files = fresh[stone.path] ?? cache.entries[stone.path]?.files else { continue }
            entries[stone.path] = IndexCache.Entry(stone: stone, files: files)
        }
        stoneCount = stones.count
        readCount = fresh.count
        let remembered = IndexCache(entries.values)
        if remembered.entries != cache.entries { remembered.store(in: place) }

        let chosen = Set(try StoneDirectory.select(stones, in: directory).compactMap(\.uri).map { Verbatim($0) })
        listed = entries.values.filter { $0.stone.metadata.uri.map { chosen.contains(Verbatim($0)) } ?? false }
            .sorted { $0.stone.metadata.name.utf8.lexicographicallyPrecedes($1.stone.metadata.name.utf8) }
    }

    /// The bytes of an index of `packages`.
    static func index(
        _ packages: [PackageMetadata], _ options: StoneWriterOptions, for path: BytePath
    ) throws(RepositoryError) -> [UInt8] {
        do throws(StoneError) {
            return try StoneIndex.encode(repository: packages, options: options)
        } catch {
            throw RepositoryError(.invalidIndex, path.display, "\(error)")
        }
    }

    /// The file index that belongs to the index with this digest, and how many paths are in it.
    func fileIndex(
        of index: SHA256Digest, level: Int, for path: BytePath
    ) throws(RepositoryError) -> (bytes: [UInt8], fileCount: Int) {
        do throws(FileIndexError) {
            var writer = try FileIndexWriter(
                index: index, packages: listed.map(\.stone.metadata.name), level: min(level, 12))
            var count = 0
            for (number, entry) in listed.enumerated() {
                let isWhole = try entry.files.forEach { (path, kind) throws(FileIndexError) in
                    try writer.add(path, kind, package: number)
                    count += 1
                }
                guard isWhole else {
                    throw FileIndexError(
                        .damaged,
                        "what \(IndexCache.name) says of \(entry.stone.path) is damaged; remove it and try again")
                }
            }
            return (try writer.encode(), count)
        } catch {
            throw RepositoryError(.invalidIndex, path.display, "\(error)")
        }
    }
}
