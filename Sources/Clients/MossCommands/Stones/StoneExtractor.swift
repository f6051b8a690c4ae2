internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import PackageModel
internal import StoneFormat
internal import TerminalOutput

/// Unpacks one stone into a directory of its own.
///
/// All names are made relative to open directories that this run has made, never through a link, and links come last:
/// nothing can lead out of the target. The directory is removed again when anything is wrong.
struct StoneExtractor {
    private let stone: BytePath
    private let outputPath: BytePath

    init(_ stone: BytePath, into output: BytePath) {
        self.stone = stone
        outputPath = output
    }

    func extract() throws -> ExtractReport.Directory {
        let package = try naming(readPackage)
        try checkSpace(for: package)
        let name = try SafeName.directory(of: package.metadata)
        let path = outputPath.appending(name)
        try makeDirectory(path)
        do {
            return try fill(ExtractionTarget(making: "usr", in: path), with: package, PathText(path))
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
        throw CommandFailure(
            .noSpace, code: "noSpace",
            "\(stone): its files have \(Measures.size(needed)), and \(outputPath) has room for"
                + " \(Measures.size(free.availableBytes)); choose another directory with -o")
    }

    private func makeDirectory(_ path: BytePath) throws {
        let parent = try Descriptor.openDirectory(outputPath)
        do throws(SystemError) {
            try parent.makeDirectory(path.lastComponent)
        } catch {
            guard error.number == .alreadyExists else { throw error.below(outputPath) }
            throw CommandFailure(
                .failed, code: "alreadyExists", "\(path): exists already; remove it or choose another directory with -o"
            )
        }
    }

    private func fill(
        _ target: ExtractionTarget, with package: StonePackage, _ path: PathText
    ) throws -> ExtractReport.Directory {
        var report = ExtractReport.Directory(path)
        var paths: [ObjectID: [LayoutEntry]] = [:]
        var links: [(LayoutEntry, BytePath)] = []
        var directories: [LayoutEntry] = []
        for entry in package.layout {
            switch entry.kind {
            case .regular(let digest): paths[digest, default: []].append(entry)
            case .symlink(let text): links.append((entry, text))
            case .directory: directories.append(entry)
            default: report.leftOut.append(PathText(entry.path).text)
            }
        }
        for directory in directories { try target.ensureDirectory(directory.path) }
        report.bytes = try naming { try writeContents(of: package, paths, to: target) }
        for (link, text) in links { try target.makeLink(link.path, to: text) }
        // Last, and deepest first: a directory without write permission takes no more entries.
        for directory in directories.sorted(by: { $1.path < $0.path }) {
            try target.setMode(directory.mode & 0o777, of: directory.path)
        }
        report.fileCount = paths.values.reduce(0) { $0 + $1.count }
        report.symlinkCount = links.count
        report.directoryCount = target.directoryCount
        return report
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
        of package: StonePackage, _ paths: [ObjectID: [LayoutEntry]], to target: ExtractionTarget
    ) throws -> UInt64 {
        guard let contentSize = package.contentSize else { return 0 }
        let display = ProgressDisplay()
        defer { display.finish() }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        let writer = ContentWriter(ranges: package.ranges, paths: paths, target: target)
        var reader = try StoneReader(FileSource(Descriptor.open(stone)))
        while let payload = try reader.nextPayload() {
            guard payload.kind == .content else { continue }
            while case let count = try reader.readContent(into: buffer), count > 0 {
                try writer.write(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                display.report(ProgressLine("Extracting", done: writer.position, total: contentSize, unit: .bytes))
            }
        }
        try writer.finish()
        return contentSize
    }

    /// Gives errors about the stone its path.
    private func naming<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as StoneReadError<SystemError> {
            throw CommandFailure(.failed, code: CommandFailure.invalidStone, "\(stone): \(error)")
        } catch let error as StoneError {
            throw CommandFailure(.failed, code: CommandFailure.invalidStone, "\(stone): \(error)")
        }
    }
}
