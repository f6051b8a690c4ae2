import BytePath
import Digests
import PackageModel

/// Everything of a binary package that stands before its content, with blanks for the list of the content's frames and
/// for its header.
struct StonePrologue {
    let bytes: [UInt8]
    /// Where the list of frames stands; nil where there is one frame only.
    let framesOffset: UInt64?
    let contentSize: UInt64

    init(
        metadata: PackageMetadata, layout: [LayoutEntry], files: [ContentFile], frameCount: Int,
        options: StoneWriterOptions
    ) throws(StoneError) {
        let ranges = try Self.ranges(files)
        let contentSize = ranges.last?.end ?? 0
        let entries = layout.sorted { $0.path < $1.path }
        _ = try StonePackage.validate(
            metadata: metadata, layout: entries, ranges: ranges, contentSize: files.isEmpty ? nil : contentSize)
        // What is written must be readable: the rules of reading are applied to the records first.
        let records = metadata.records
        _ = try PackageMetadata(records: records)

        let listsFrames = !files.isEmpty && frameCount > 1
        let payloadCount: UInt16 = 1 + (entries.isEmpty ? 0 : 1) + (files.isEmpty ? 0 : 2) + (listsFrames ? 1 : 0)
        var bytes = StoneHeader(payloadCount: payloadCount, fileType: .binary).encoded
        var encoder = try RecordPayloadEncoder(options)
        bytes += try encoder.encode(.meta, plain: try MetaRecord.encode(records), recordCount: records.count)
        if !entries.isEmpty {
            bytes += try encoder.encode(
                .layout, plain: try LayoutEntry.encode(entries), recordCount: entries.count)
        }
        if !files.isEmpty {
            bytes += try encoder.encode(.index, plain: ContentRange.encode(ranges), recordCount: ranges.count)
        }
        framesOffset = listsFrames ? UInt64(bytes.count) : nil
        if listsFrames {
            let size = PayloadHeader.byteCount + frameCount * ContentFrame.recordByteCount
            bytes += [UInt8](repeating: 0, count: size)
        }
        // Without content the writer never returns to this header, so it is left out.
        bytes += files.isEmpty ? [] : [UInt8](repeating: 0, count: PayloadHeader.byteCount)
        self.bytes = bytes
        self.contentSize = contentSize
    }

    /// Where the files lie, one behind the other.
    private static func ranges(_ files: [ContentFile]) throws(StoneError) -> [ContentRange] {
        var ranges: [ContentRange] = []
        ranges.reserveCapacity(files.count)
        var start: UInt64 = 0
        for (position, file) in files.enumerated() {
            if position > 0, !ContentFile.precedes(files[position - 1], file) {
                throw StoneError(
                    .contentMismatch, payload: .index, record: position, "the files are not unique and in content order"
                )
            }
            let (end, overflow) = start.addingReportingOverflow(file.size)
            guard !overflow else { throw StoneError(.formatLimit, payload: .index, "the content is too large") }
            ranges.append(ContentRange(start: start, end: end, digest: file.digest))
            start = end
        }
        return ranges
    }
}
