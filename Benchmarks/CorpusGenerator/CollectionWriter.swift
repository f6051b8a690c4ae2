import BytePath
import Digests
import LinuxSystem
import PackageModel
import StoneEmission
import StoneFormat
import Synchronization

/// Writes stones, and the index of a collection of them.
struct CollectionWriter {
    var directory: BytePath

    /// Writes the stones on all processors, then `stone.index`.
    func write(_ packages: [CorpusPackage]) throws {
        try makeDirectory(directory)
        let text = ContentText(seed: 0)
        let next = Atomic(0)
        let failures = Guarded<[any Error]>([])
        let listed = Guarded<[PackageMetadata]>([])
        let directory = directory
        withThreads(processorCount()) { _ in
            while true {
                let index = next.add(1, ordering: .relaxed).oldValue
                guard index < packages.count else { return }
                do {
                    let metadata = try Self.write(packages[index], text, below: directory)
                    listed.withLock { $0.append(metadata) }
                } catch {
                    failures.withLock { $0.append(error) }
                    return
                }
            }
        }
        if let failure = failures.withLock({ $0.first }) { throw failure }
        let index = try StoneIndex.encode(
            repository: listed.withLock { $0 }.sorted { $0.name < $1.name }, options: .fast)
        try Descriptor.openDirectory(directory).replaceFile("stone.index", with: index)
    }

    /// Writes one stone to `path`, and its stored content payload, which is a zstd frame, beside it.
    static func writeAlone(_ package: CorpusPackage, to path: BytePath, level: Int) throws {
        let options = StoneWriterOptions(contentLevel: level, contentWorkers: processorCount())
        let stone = try stone(package, ContentText(seed: 0), options)
        let parent = try Descriptor.openDirectory(path.parent.isEmpty ? "." : path.parent)
        try parent.replaceFile(path.lastComponent, with: stone.bytes)
        let content = BytePath(bytes: path.lastComponent.bytes + Array(".content.zst".utf8))
        try parent.replaceFile(content, with: Array(stone.bytes[stone.contentStart...]))
        print("\(package.entries.count) files, \(stone.contentSize) bytes, stone of \(stone.bytes.count) bytes")
    }

    /// Writes the package's stone and returns what the index says of it.
    private static func write(
        _ package: CorpusPackage, _ text: ContentText, below directory: BytePath
    ) throws -> PackageMetadata {
        let stone = try stone(package, text, .fast).bytes
        var metadata = package.metadata
        metadata.uri = metadata.stoneFileName
        metadata.hash = stone.withUnsafeBytes { PackageID(hashing: $0) }
        metadata.downloadSize = UInt64(stone.count)
        try Descriptor.openDirectory(directory).replaceFile(BytePath(metadata.stoneFileName), with: stone)
        return metadata
    }

    /// The package as a stone, and where its stored content begins: after everything the prologue holds.
    private static func stone(
        _ package: CorpusPackage, _ text: ContentText, _ options: StoneWriterOptions
    ) throws -> (bytes: [UInt8], contentStart: Int, contentSize: UInt64) {
        var emission = StoneEmission(package.metadata)
        var contents = MemoryContents()
        for entry in package.entries {
            switch entry.kind {
            case .symlink(let target): emission.add(link: entry.path, to: target)
            case .directory: emission.add(directory: entry.path, mode: entry.mode)
            case .bytes(let bytes): emission.add(file: entry.path, contents.add(bytes), mode: entry.mode)
            case .file(let number, let size):
                let bytes = size == 0 ? [] : text.bytes(number: number, count: size)
                emission.add(file: entry.path, contents.add(bytes[...]), mode: entry.mode)
            }
        }
        let bytes = try emission.bytes(contents: contents, options: options)
        let start = emission.files.isEmpty ? bytes.count : contentStart(of: bytes)
        return (bytes, start, emission.contentSize)
    }

    /// Walks over the payloads: 32 bytes of header each, its first eight the stored size, big-endian.
    private static func contentStart(of stone: [UInt8]) -> Int {
        var offset = 32
        while offset + PayloadHeader.byteCount <= stone.count {
            let size = stone[offset..<(offset + 8)].reduce(0) { $0 << 8 | Int($1) }
            offset += PayloadHeader.byteCount
            if offset + size >= stone.count { return offset }
            offset += size
        }
        return stone.count
    }

    private func makeDirectory(_ path: BytePath) throws {
        let parent = path.parent
        try Descriptor.openDirectory(parent.isEmpty ? "." : parent).ensureDirectory(path.lastComponent)
    }
}
