package import BytePath
internal import CollectionSettings
internal import Digests
package import Downloads
internal import LinuxSystem
package import PackageModel
internal import StoneFormat

/// The stones below a directory.
///
/// Recursive; regular files that end in `.stone`, no symbolic links, no delta stones. Of one name the higher release
/// counts; the same release twice is an error.
package struct StoneDirectory: Sendable {
    package static let indexName: BytePath = "stone.index"
    /// The file index that belongs to the index beside it.
    package static let filesName: BytePath = "stone.files"
    /// Of an index that is not compressed at all, and of payloads nobody knows.
    package static let indexSizeMax: UInt64 = 320 << 20

    package let directory: BytePath
    private let threadCount: Int

    package init(directory: BytePath, threadCount: Int = processorCount()) {
        self.directory = directory
        self.threadCount = threadCount
    }

    /// One stone of the directory.
    package struct Stone: Hashable, Sendable {
        /// Relative to the directory.
        package var path: BytePath
        package var size: UInt64
        /// Tells the file from every other and from what it may become; 0 where it was too new for that.
        package var identity: UInt64
        /// As an index lists it: with uri, hash and size.
        package var metadata: PackageMetadata

        package init(path: BytePath, size: UInt64, identity: UInt64, metadata: PackageMetadata) {
            self.path = path
            self.size = size
            self.identity = identity
            self.metadata = metadata
        }
    }

    /// Every stone, by path; hashed in parallel.
    ///
    /// - Parameters:
    ///   - known: what an earlier scan found at this path; used where it is the same file with the same times.
    ///   - reading: told, on several threads, of each stone that was read and of what it puts below `/usr`; without it
    ///     nobody reads so far.
    package func scan(
        known: @Sendable (BytePath) -> Stone? = { _ in nil },
        reading: (@Sendable (Stone, [LayoutEntry]) -> Void)? = nil
    ) throws(RepositoryError) -> [Stone] {
        let files = try files()
        var stones: [Stone] = []
        var unknown: [File] = []
        var totals = RecordTotals()
        for file in files {
            if let stone = known(file.path), stone.identity != 0, stone.identity == file.identity {
                stones.append(stone)
                totals += stone.metadata.recordTotals
            } else {
                unknown.append(file)
            }
        }
        stones += try read(unknown, beside: totals, reading)
        return stones.sorted { $0.path < $1.path }
    }

    /// The packages that an index lists, by name.
    package static func select(_ stones: [Stone], in directory: BytePath) throws(RepositoryError)
        -> [PackageMetadata]
    {
        var chosen: [Verbatim<String>: Stone] = [:]
        for stone in stones.sorted(by: { $0.path < $1.path }) {
            guard let other = chosen[Verbatim(stone.metadata.name)] else {
                chosen[Verbatim(stone.metadata.name)] = stone
                continue
            }
            if stone.metadata.release == other.metadata.release {
                throw RepositoryError(
                    .duplicatePackage, directory.appending(other.path).display,
                    "\(directory.appending(stone.path)) is \(stone.metadata.name) release"
                        + " \(stone.metadata.release) too; remove one of them")
            }
            if stone.metadata.release > other.metadata.release { chosen[Verbatim(stone.metadata.name)] = stone }
        }
        return chosen.values.map(\.metadata).sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    // MARK: Finding

    private struct File: Sendable {
        var path: BytePath
        var identity: UInt64
    }

    private func files() throws(RepositoryError) -> [File] {
        var files: [File] = []
        var pending: [BytePath] = [""]
        while let current = pending.popLast() {
            let place = directory.appending(current)
            try reporting(below: place) { () throws(SystemError) in
                let descriptor = try Descriptor.openDirectory(place)
                for entry in try descriptor.entries() {
                    let status = try descriptor.status(of: entry.name)
                    switch status.kind {
                    case .directory: pending.append(current.appending(entry.name))
                    case .regular where entry.name.bytes.hasSuffix(".stone"):
                        let path = current.appending(entry.name)
                        files.append(File(path: path, identity: status.settledIdentity))
                    default: break
                    }
                }
            }
        }
        return files
    }

    // MARK: Reading

    /// Reads `files` on several threads; the first error ends it.
    ///
    /// - Parameter totals: of what is held already: all stones of a directory are one index.
    private func read(
        _ files: [File], beside totals: RecordTotals, _ reading: (@Sendable (Stone, [LayoutEntry]) -> Void)?
    ) throws(RepositoryError) -> [Stone] {
        guard !files.isEmpty else { return [] }
        let totals = Guarded(totals)
        let queue = BlockingQueue<File>(capacity: files.count)
        for file in files { _ = queue.push(file) }
        queue.close()
        let failure = FirstError<RepositoryError>()
        let results = SharedList<Stone>()
        withThreads(min(threadCount, files.count)) { _ in
            while !failure.occurred, let file = queue.pop() {
                do throws(RepositoryError) {
                    guard let (stone, layout) = try read(file, hasLayout: reading != nil) else { continue }
                    let sum = totals.withLock { totals in
                        totals += stone.metadata.recordTotals
                        return totals
                    }
                    if let problem = StoneLimits().problem(sum, of: .meta) {
                        throw RepositoryError(
                            .invalidIndex, directory.appending(file.path).display,
                            "too much for one collection: \(problem)")
                    }
                    reading?(stone, layout)
                    results.append(stone)
                } catch {
                    failure.record(error)
                }
            }
        }
        try failure.throwIfAny()
        return results.all
    }

    private func read(_ file: File, hasLayout: Bool) throws(RepositoryError) -> (Stone, [LayoutEntry])? {
        let path = directory.appending(file.path)
        let stone = try RegularFile(path)
        guard let contents = try Self.contents(of: stone.file, path, hasLayout) else { return nil }
        var metadata = contents.metadata
        let (hash, head) = try reporting(below: path) { () throws(SystemError) in
            (
                PackageID(try Self.hash(stone.file, upTo: .max)),
                try contents.headSize.map { (size) throws(SystemError) in
                    StoneHead(size: size, digest: try Self.hash(stone.file, upTo: size))
                }
            )
        }
        let after = try reporting(below: path) { () throws(SystemError) in try stone.file.status() }
        // Metadata and hash have to be those of the same bytes.
        guard after.size == stone.status.size, after.changed == stone.status.changed else {
            throw RepositoryError(.invalidIndex, path.display, "the stone changed while it was read; try again")
        }
        metadata.uri = URIReference.encode(file.path)
        metadata.hash = hash
        metadata.downloadSize = after.size
        metadata.head = head
        let identity = after.settledIdentity
        return (Stone(path: file.path, size: after.size, identity: identity, metadata: metadata), contents.layout)
    }

    private struct Contents {
        var metadata: PackageMetadata
        var layout: [LayoutEntry]
        /// How much stands before the content, where that is in frames that can be fetched alone.
        var headSize: UInt64?
    }

    /// The first Meta payload of a binary stone and, where that is wanted, all Layout payloads; nil for a delta stone.
    private static func contents(
        of stone: borrowing Descriptor, _ path: BytePath, _ hasLayout: Bool
    ) throws(RepositoryError) -> Contents? {
        let source = FileSource(try reporting(below: path) { () throws(SystemError) in try stone.duplicate() })
        do throws(StoneReadError<SystemError>) {
            var reader = try StoneReader(source)
            if reader.header.fileType == .delta { return nil }
            guard reader.header.fileType == .binary else {
                throw .stone(
                    StoneError(.wrongFileType, "the file is of type \(reader.header.fileType.name), not a package"))
            }
            var metadata: PackageMetadata?
            var layout: [LayoutEntry] = []
            var (hasFrames, headSize) = (false, UInt64?.none)
            while metadata == nil || hasLayout, let payload = try reader.nextPayload() {
                if payload.kind == .meta, metadata == nil { metadata = try reader.readMetadata() }
                if payload.kind == .layout, hasLayout { layout += try reader.readLayout() }
                if payload.kind == .frames { hasFrames = true }
                if payload.kind == .content, hasFrames {
                    headSize = reader.payloadOffset + UInt64(PayloadHeader.byteCount)
                }
                // Nobody puts a layout behind the content, which is most of the file.
                if payload.kind == .content, metadata != nil { break }
            }
            guard let metadata else {
                throw .stone(StoneError(.missingPayload, "there is no meta payload"))
            }
            return Contents(metadata: metadata, layout: layout, headSize: headSize)
        } catch {
            switch error {
            case .source(let failure): throw RepositoryError(failure, below: path)
            case .stone(let failure):
                throw RepositoryError(.invalidIndex, path.display, "not a usable stone: \(failure)")
            }
        }
    }

    /// SHA-256 of the first `end` bytes, or of all there are.
    private static func hash(
        _ stone: borrowing Descriptor, upTo end: UInt64
    ) throws(SystemError) -> SHA256Digest {
        let hasher = SHA256Hasher()
        var offset: UInt64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        while offset < end {
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(Int(clamping: end - offset)))
            let count = try stone.read(into: room, at: offset)
            if count == 0 { break }
            hasher.update(UnsafeRawBufferPointer(rebasing: room[..<count]))
            offset += UInt64(count)
        }
        return hasher.finish()
    }
}
