package import BytePath
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import PackageModel
internal import StoneFormat

/// Stones on disk: copied out of collections, looked into, held against their digests, and unpacked.
///
/// Unpacks one stone. All names are made relative to open directories that this run has made, never through a link, and
/// links come last: nothing can lead out of the target. The directory is removed again when anything is wrong.
package struct StoneExtractor {
    private let stone: BytePath
    private let outputPath: BytePath

    /// What was made.
    package struct Extracted: Hashable, Sendable {
        package let directory: BytePath
        package var fileCount = 0
        package var symlinkCount = 0
        package var directoryCount = 0
        package var bytes: UInt64 = 0
        /// Devices, pipes and sockets, below `/usr`.
        package var leftOut: [BytePath] = []
    }

    /// Is told how many bytes of how many are unpacked.
    package typealias Progress = (_ done: UInt64, _ total: UInt64) -> Void

    package init(_ stone: BytePath, into output: BytePath) {
        self.stone = stone
        outputPath = output
    }

    package func extract(_ progress: Progress) throws(ExtractionError) -> Extracted {
        do {
            return try unpack(progress)
        } catch {
            throw ExtractionError(error, of: stone)
        }
    }

    private func unpack(_ progress: Progress) throws -> Extracted {
        let package = try readPackage()
        try checkSpace(for: package)
        let name = try SafeName.directory(of: package.metadata)
        let path = outputPath.appending(name)
        try makeDirectory(path)
        do {
            return try fill(ExtractionTarget(making: "usr", in: path), with: package, path, progress)
        } catch {
            try? Descriptor.openDirectory(outputPath).removeTree(name)
            if let error = error as? SystemError { throw error.on(path) }
            throw error
        }
    }

    /// A few bytes may stand for a terabyte, and be at many paths: refuses what does not fit before the disk is full.
    private func checkSpace(for package: StonePackage) throws {
        let sizes = Dictionary(package.ranges.map { ($0.digest, $0.count) }, uniquingKeysWith: { first, _ in first })
        let needed = package.layout.saturatedSum { entry in
            if case .regular(let digest) = entry.kind { sizes[digest] ?? 0 } else { 0 }
        }
        let free = try Descriptor.openDirectory(outputPath).fileSystemStatus()
        guard needed > free.availableBytes else { return }
        throw ExtractionError.noSpace(stone, needed: needed, outputPath, available: free.availableBytes)
    }

    private func makeDirectory(_ path: BytePath) throws {
        let parent = try Descriptor.openDirectory(outputPath)
        do throws(SystemError) {
            try parent.makeDirectory(path.lastComponent)
        } catch {
            guard error.number == .alreadyExists else { throw error.below(outputPath) }
            throw ExtractionError.exists(path)
        }
    }

    private func fill(
        _ target: ExtractionTarget, with package: StonePackage, _ path: BytePath, _ progress: Progress
    ) throws -> Extracted {
        var made = Extracted(directory: path)
        var paths: [ObjectID: [LayoutEntry]] = [:]
        var links: [(LayoutEntry, BytePath)] = []
        var directories: [LayoutEntry] = []
        for entry in package.layout {
            switch entry.kind {
            case .regular(let digest): paths[digest, default: []].append(entry)
            case .symlink(let text): links.append((entry, text))
            case .directory: directories.append(entry)
            default: made.leftOut.append(entry.path)
            }
        }
        for directory in directories { try target.ensureDirectory(directory.path) }
        made.bytes = try writeContents(of: package, paths, to: target, progress)
        for (link, text) in links { try target.makeLink(link.path, to: text) }
        // Last, and deepest first: a directory without write permission takes no more entries.
        for directory in directories.sorted(by: { $1.path < $0.path }) {
            try target.setMode(directory.mode & 0o777, of: directory.path)
        }
        made.fileCount = paths.values.reduce(0) { $0 + $1.count }
        made.symlinkCount = links.count
        made.directoryCount = target.directoryCount
        return made
    }

    // MARK: Reading

    /// Everything but the content, held against each other; reads the file to its end.
    private func readPackage() throws -> StonePackage {
        var reader = try StoneReader(FileSource(Descriptor.open(stone)))
        guard reader.header.fileType == .binary else {
            throw StoneError(
                .wrongFileType, at: 27, "the file is of type \(reader.header.fileType.name), not a package")
        }
        var metadata: PackageMetadata?
        var layout: [LayoutEntry] = []
        var ranges: [ContentRange] = []
        var contentSize: UInt64?
        while let payload = try reader.nextPayload() {
            switch payload.kind {
            case .meta where metadata != nil:
                throw StoneError(.repeatedPayload, payload: .meta, "there is a second meta payload")
            case .meta: metadata = try reader.readMetadata()
            case .layout: layout += try reader.readLayout()
            case .index: ranges += try reader.readIndex()
            case .content: contentSize = payload.plainSize
            default: break
            }
        }
        guard let metadata else { throw StoneError(.missingPayload, "there is no meta payload") }
        return try StonePackage.validate(metadata: metadata, layout: layout, ranges: ranges, contentSize: contentSize)
    }

    /// Streams the content into the files; returns its size.
    private func writeContents(
        of package: StonePackage, _ paths: [ObjectID: [LayoutEntry]], to target: ExtractionTarget,
        _ progress: Progress
    ) throws -> UInt64 {
        guard let contentSize = package.contentSize else { return 0 }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        let writer = ContentWriter(ranges: package.ranges, paths: paths, target: target)
        var reader = try StoneReader(FileSource(Descriptor.open(stone)))
        while let payload = try reader.nextPayload() {
            guard payload.kind == .content else { continue }
            while case let count = try reader.readContent(into: buffer), count > 0 {
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                progress(writer.position, contentSize)
            }
        }
        try writer.finish()
        return contentSize
    }
}
