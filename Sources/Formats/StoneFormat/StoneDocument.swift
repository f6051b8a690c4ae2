package import PackageModel

/// Reader and writer of `.stone` files, version 1: bytes in, values out, no I/O.
///
/// A whole stone as a value, decoded but for its content: for small files, indices and tests.
package struct StoneDocument: Sendable {
    package enum Body: Hashable, Sendable {
        case meta([MetaRecord])
        case layout([LayoutEntry])
        case index([ContentRange])
        case attributes([AttributeRecord])
        case frames([ContentFrame])
        /// Decompressed and verified, but not kept.
        case content
        /// A kind this version does not know: checksum verified, bytes not kept.
        case unknown
    }

    package struct Payload: Hashable, Sendable {
        package var header: PayloadHeader
        /// Where the header stands in the file.
        package var offset: UInt64
        package var body: Body

        package init(header: PayloadHeader, offset: UInt64, body: Body) {
            self.header = header
            self.offset = offset
            self.body = body
        }
    }

    package let header: StoneHeader
    package let payloads: [Payload]

    /// Reads all of a stone, its content too.
    package init(decoding bytes: [UInt8], limits: StoneLimits = StoneLimits()) throws(StoneError) {
        do throws(StoneReadError<Never>) {
            var reader = try StoneReader(ByteArraySource(bytes), limits: limits)
            self = try StoneDocument(reading: &reader)
        } catch {
            throw error.stoneError
        }
    }

    /// Reads the payloads that `reader` has not come to yet, to the end of the file.
    package init<Source>(
        reading reader: inout StoneReader<Source>
    ) throws(StoneReadError<Source.Failure>) where Source: ByteSource & ~Copyable {
        var payloads: [Payload] = []
        while let header = try reader.nextPayload() {
            let body: Body
            switch header.kind {
            case .meta: body = .meta(try reader.readMeta())
            case .layout: body = .layout(try reader.readLayout())
            case .index: body = .index(try reader.readIndex())
            case .attributes: body = .attributes(try reader.readAttributes())
            case .frames: body = .frames(try reader.readFrames())
            case .content:
                try reader.verifyContent()
                body = .content
            default:
                try reader.skipPayload()
                body = .unknown
            }
            payloads.append(Payload(header: header, offset: reader.payloadOffset, body: body))
        }
        header = reader.header
        self.payloads = payloads
    }

    /// The packages that the Meta payloads describe, in their order.
    package func packages() throws(StoneError) -> [PackageMetadata] {
        var packages: [PackageMetadata] = []
        for payload in payloads {
            guard case .meta(let records) = payload.body else { continue }
            packages.append(try PackageMetadata(records: records, at: payload.offset))
        }
        return packages
    }

    /// The binary package that this stone is; throws unless it has one Meta payload and all its parts agree.
    package func package() throws(StoneError) -> StonePackage {
        guard header.fileType == .binary else {
            throw StoneError(
                .wrongFileType, at: 27, "the file is of type \(header.fileType.name), not a binary package")
        }
        let packages = try packages()
        guard let metadata = packages.first else { throw StoneError(.missingPayload, "there is no meta payload") }
        guard packages.count == 1 else { throw StoneError(.repeatedPayload, "there is a second meta payload") }
        var layout: [LayoutEntry] = []
        var ranges: [ContentRange] = []
        var contentSize: UInt64?
        for payload in payloads {
            switch payload.body {
            case .layout(let entries): layout += entries
            case .index(let records): ranges += records
            case .content: contentSize = payload.header.plainSize
            case .meta, .attributes, .frames, .unknown: break
            }
        }
        return try StonePackage.validate(
            metadata: metadata, layout: layout, ranges: ranges, contentSize: contentSize)
    }
}

extension StoneReader where Source: ~Copyable {
    /// Decompresses the rest of the Content payload for its checks only.
    package mutating func verifyContent() throws(Failure) {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { chunk.deallocate() }
        while try readContent(into: chunk) > 0 {}
    }
}
