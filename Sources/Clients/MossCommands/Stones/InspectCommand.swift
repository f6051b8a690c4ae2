internal import ArgumentParser
internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import PackageModel
internal import StoneFormat
internal import TerminalOutput

struct InspectCommand: MossCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what is in stones: packages, indices and build manifests.")
    static let title = "inspect"
    static let worksOnRoots = false

    @OptionGroup var global: GlobalOptions

    @Flag(help: "Verify all of the file, its content too.")
    var check = false

    @Flag(name: .shortAndLong, help: "Print nothing; the exit code tells. Needs --check.")
    var quiet = false

    @Argument(help: "Stones to look into.")
    var file: [PathArgument]

    func validate() throws {
        if quiet && !check { throw ValidationError("--quiet needs --check") }
    }

    func perform(_ context: CommandContext) throws {
        var stones: [StoneDescription] = []
        for file in file { stones.append(Self.describe(file.path, check: check)) }
        if !quiet { context.show(InspectReport(stones: stones, isCheck: check)) }
        if stones.contains(where: { $0.error != nil }) { context.end(with: .failed) }
    }

    private static func describe(_ path: BytePath, check: Bool) -> StoneDescription {
        var stone = StoneDescription(PathText(path))
        do {
            var reader = try StoneReader(FileSource(Descriptor.open(path)))
            stone.header = .init(reader.header)
            if check {
                let document = try StoneDocument(reading: &reader)
                // Its window goes before the contents are read a second time.
                _ = consume reader
                for payload in document.payloads {
                    try stone.add(payload.header, payload.body, at: payload.offset)
                }
                try checkType(of: document, path)
            } else {
                try readRecords(&reader, into: &stone)
            }
        } catch {
            stone.error = "\(error)"
            stone.code = CommandFailure.invalidStone
            if error is SystemError { stone.code = "failed" }
            if case .source? = error as? StoneReadError<SystemError> { stone.code = "failed" }
        }
        return stone
    }

    /// What can be checked beyond payloads depends on what the file says it is.
    private static func checkType(of document: StoneDocument, _ path: BytePath) throws {
        switch document.header.fileType {
        case .binary: try checkContents(of: try document.package(), path)
        case .repository, .buildManifest:
            if let other = document.payloads.first(where: { $0.header.kind != .meta }) {
                throw StoneError(
                    .wrongFileType, at: other.offset,
                    "a file of type \(document.header.fileType.name) holds nothing but metadata")
            }
        case .delta: break
        case let unknown:
            throw StoneError(.wrongFileType, at: 27, "nothing is known of files of type \(unknown.name)")
        }
    }

    /// Holds every file against its digest: a content may be undamaged and still be another one.
    private static func checkContents(of package: StonePackage, _ path: BytePath) throws {
        var digests: [ObjectID: [LayoutEntry]] = [:]
        for entry in package.layout {
            if case .regular(let digest) = entry.kind { digests[digest, default: []].append(entry) }
        }
        let writer = ContentWriter(ranges: package.ranges, paths: digests, target: nil)
        var reader = try StoneReader(FileSource(Descriptor.open(path)))
        while let payload = try reader.nextPayload() {
            if payload.kind == .content { try reader.readContent(writer.write) }
        }
        try writer.finish()
    }

    /// Reads up to the content if that comes last, as it does in all stones of known writers.
    private static func readRecords(
        _ reader: inout StoneReader<FileSource>, into stone: inout StoneDescription
    ) throws {
        while let header = try reader.nextPayload() {
            let body: StoneDocument.Body
            switch header.kind {
            case .meta: body = .meta(try reader.readMeta())
            case .layout: body = .layout(try reader.readLayout())
            case .content: body = .content
            default: body = .unknown
            }
            try stone.add(header, body, at: reader.payloadOffset)
            if header.kind == .content, stone.payloads.count == Int(reader.header.payloadCount) { return }
        }
    }
}
