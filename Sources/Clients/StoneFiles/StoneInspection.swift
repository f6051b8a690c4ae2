package import BytePath
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import PackageModel
package import StoneFormat

/// Looks into one stone.
package struct StoneInspection {
    private let path: BytePath

    /// What is told of the file, in its order, until something is wrong or all was told.
    package enum Part {
        case header(StoneHeader)
        case payload(StoneDocument.Payload)
    }

    package typealias Visitor = (Part) throws -> Void

    package init(of path: BytePath) {
        self.path = path
    }

    /// Reads up to the content if that comes last, as it does in all stones of known writers.
    package func read(_ visit: Visitor) throws {
        var reader = try StoneReader(FileSource(Descriptor.open(path)))
        try visit(.header(reader.header))
        var count = 0
        while let header = try reader.nextPayload() {
            let body: StoneDocument.Body
            switch header.kind {
            case .meta: body = .meta(try reader.readMeta())
            case .layout: body = .layout(try reader.readLayout())
            case .content: body = .content
            default: body = .unknown
            }
            try visit(.payload(StoneDocument.Payload(header: header, offset: reader.payloadOffset, body: body)))
            count += 1
            if header.kind == .content, count == Int(reader.header.payloadCount) { return }
        }
    }

    /// Reads and verifies all of the file, its content too.
    package func verify(_ visit: Visitor) throws {
        var reader = try StoneReader(FileSource(Descriptor.open(path)))
        try visit(.header(reader.header))
        let document = try StoneDocument(reading: &reader)
        // Its window goes before the contents are read a second time.
        _ = consume reader
        for payload in document.payloads { try visit(.payload(payload)) }
        try checkType(of: document)
    }

    /// What can be checked beyond payloads depends on what the file says it is.
    private func checkType(of document: StoneDocument) throws {
        switch document.header.fileType {
        case .binary: try checkContents(of: try document.package())
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
    private func checkContents(of package: StonePackage) throws {
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
}
