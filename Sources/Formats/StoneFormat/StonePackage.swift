import BytePath
import Digests
package import PackageModel

/// A binary package whose parts agree with each other: metadata, layout and where its content lies.
package struct StonePackage: Hashable, Sendable {
    package let metadata: PackageMetadata
    package let layout: [LayoutEntry]
    /// One range for each digest of the layout, ordered by start; not overlapping, but perhaps with gaps.
    package let ranges: [ContentRange]
    /// Plain size of the Content payload; nil where there is none.
    package let contentSize: UInt64?

    private init(
        validated metadata: PackageMetadata, _ layout: [LayoutEntry], _ ranges: [ContentRange], _ contentSize: UInt64?
    ) {
        self.metadata = metadata
        self.layout = layout
        self.ranges = ranges
        self.contentSize = contentSize
    }

    /// Holds the parts of a stone against each other.
    ///
    /// - Parameters:
    ///   - ranges: the records of all Index payloads, in any order.
    ///   - contentSize: plain size of the Content payload, nil without one.
    /// - Throws: `digestMismatch` when a file's digest has no range or a range no file; `invalidRange` when a range
    ///   leaves the content, overlaps another (partly or wholly), comes twice, or an empty one has not the digest of
    ///   nothing; `missingPayload` for ranges without content; `duplicatePath`.
    package static func validate(
        metadata: PackageMetadata, layout: [LayoutEntry], ranges: [ContentRange], contentSize: UInt64?
    ) throws(StoneError) -> StonePackage {
        var paths = Set<[UInt8]>(minimumCapacity: layout.count)
        for (record, entry) in layout.enumerated() where !paths.insert(entry.path.bytes).inserted {
            throw StoneError(
                .duplicatePath, payload: .layout, record: record, "the path \(quoted(entry.path.bytes)) comes twice")
        }
        let ordered = ranges.sorted { ($0.start, $0.end, $0.digest) < ($1.start, $1.end, $1.digest) }
        let indexed = try check(ordered, contentSize)
        try check(layout, indexed)
        return StonePackage(validated: metadata, layout, ordered, contentSize)
    }

    /// The digests of the ranges, which are ordered by start and end.
    private static func check(
        _ ranges: [ContentRange], _ contentSize: UInt64?
    ) throws(StoneError) -> Set<ObjectID> {
        func error(_ code: StoneError.Code, _ message: String) -> StoneError {
            StoneError(code, payload: .index, message)
        }
        guard let contentSize else {
            if ranges.isEmpty { return [] }
            throw error(.missingPayload, "there are content ranges but no content payload")
        }
        var digests = Set<ObjectID>(minimumCapacity: ranges.count)
        var end: UInt64 = 0
        for range in ranges {
            let text = "\(range.start) ..< \(range.end) of \(range.digest)"
            guard range.start <= range.end, range.end <= contentSize else {
                throw error(.invalidRange, "the content range \(text) is not inside 0 ..< \(contentSize)")
            }
            guard (range.start == range.end) == (range.digest == .ofNothing) else {
                throw error(.invalidRange, "the content range \(text): only nothing has the digest of nothing")
            }
            guard range.start >= end || range.start == range.end else {
                throw error(.invalidRange, "the content range \(text) overlaps another")
            }
            guard digests.insert(range.digest).inserted else {
                throw error(.invalidRange, "the content range \(text): the digest has another range already")
            }
            end = max(end, range.end)
        }
        return digests
    }

    private static func check(_ layout: [LayoutEntry], _ indexed: Set<ObjectID>) throws(StoneError) {
        var unused = indexed
        for (record, entry) in layout.enumerated() {
            guard case .regular(let digest) = entry.kind else { continue }
            guard indexed.contains(digest) else {
                throw StoneError(
                    .digestMismatch, payload: .layout, record: record,
                    "the content \(digest) of \(quoted(entry.path.bytes)) has no index record")
            }
            unused.remove(digest)
        }
        if let digest = unused.min() {
            throw StoneError(.digestMismatch, payload: .index, "no file has the content \(digest) of the index")
        }
    }
}
