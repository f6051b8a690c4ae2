internal import BytePath
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
internal import StoneFormat

/// The parts of a stone as they come by.
struct StoneParts {
    private var metadata: PackageMetadata?
    private var layout: [LayoutEntry] = []
    private var ranges: [ContentRange] = []
    private var contentSize: UInt64?

    /// Reads the payload, but for content, whose size is noted.
    mutating func take(_ payload: PayloadHeader, from reader: inout StoreStoneReader) throws(StoneFailure) {
        switch payload.kind {
        case .meta:
            guard metadata == nil else {
                throw .stone(StoneError(.repeatedPayload, "a package has one Meta payload, this stone has more"))
            }
            metadata = try reader.readMetadata()
        case .layout: layout += try reader.readLayout()
        case .index: ranges += try reader.readIndex()
        case .content: contentSize = payload.plainSize
        default: try reader.skipPayload()
        }
    }

    /// How much has come by of what says where the content's files go.
    struct Extent: Equatable {
        let entries: Int
        let ranges: Int
    }

    var extent: Extent { Extent(entries: layout.count, ranges: ranges.count) }

    /// Whether what stands before the content says where its files go.
    var mayUnpack: Bool { metadata != nil && !layout.isEmpty && !ranges.isEmpty }

    func range(of id: ObjectID) -> ContentRange? { ranges.first { $0.digest == id } }

    /// The parts held against each other.
    func package(_ path: BytePath) throws(StoreError) -> StonePackage {
        do throws(StoneError) {
            guard let metadata else { throw StoneError(.missingPayload, "the stone has no Meta payload") }
            let package = try StonePackage.validate(
                metadata: metadata, layout: layout, ranges: ranges, contentSize: contentSize)
            try package.checkGaps()
            return package
        } catch {
            throw .stone(path, error)
        }
    }
}

extension StonePackage {
    var sizes: [ObjectID: UInt64] {
        Dictionary(ranges.map { ($0.digest, $0.count) }, uniquingKeysWith: { first, _ in first })
    }

    /// Refuses content that is mostly nobody's: it would cost time and give nothing.
    fileprivate func checkGaps() throws(StoneError) {
        guard let contentSize else { return }
        let used = ranges.reduce(UInt64(0)) { $0 + $1.count }
        guard contentSize - used <= used + (1 << 20) else {
            throw StoneError(
                .invalidRange, payload: .index,
                "the content has \(contentSize) bytes, of which files use only \(used)")
        }
    }
}
