import Digests
import PackageModel
import StoneFormat

/// What must hold of any bytes that are read as stones; shared by the fuzzers and the replay of their corpus.
///
/// A violation traps, as libFuzzer wants it.
package enum StoneFuzzing {
    /// Small, so that no input takes long.
    private static let limits = StoneLimits(
        metaSizeMax: 1 << 20, recordsSizeMax: 1 << 20, contentSizeMax: 4 << 20, windowSizeMax: 8 << 20)

    /// Reads `bytes` as a binary package, as they are and with the checksums put right.
    package static func checkStone(_ bytes: [UInt8]) {
        for bytes in [bytes, repaired(bytes)] {
            let document = try? StoneDocument(decoding: bytes, limits: limits)
            checkSteps(bytes, document)
            guard let document else { continue }
            for payload in document.payloads { checkAgain(payload.body) }
            checkManifest(bytes, document)
            guard let package = try? document.package() else { continue }
            checkMetadata(package.metadata)
        }
    }

    /// Reads `bytes` as an index, as they are and with the checksums put right.
    package static func checkIndex(_ bytes: [UInt8]) {
        for bytes in [bytes, repaired(bytes)] {
            guard let packages = try? StoneIndex.decode(bytes, limits: limits) else { continue }
            packages.forEach(checkMetadata)
            guard let again = try? StoneIndex.encode(repository: packages, options: .fast),
                let twice = try? StoneIndex.decode(again)
            else { preconditionFailure("packages that were read cannot be written and read again") }
            precondition(twice.map(\.records) == packages.map(\.records), "an index has changed")
        }
    }

    // MARK: - Properties

    /// A source that returns a few bytes at a time leads to the same stone.
    private static func checkSteps(_ bytes: [UInt8], _ document: StoneDocument?) {
        var stepped: StoneDocument?
        if var reader = try? StoneReader(StepSource(bytes: bytes), limits: limits) {
            stepped = try? StoneDocument(reading: &reader)
        }
        precondition(stepped?.payloads == document?.payloads, "reading in steps gives another stone")
    }

    /// Records that were read can be written, and are then the same.
    private static func checkAgain(_ body: StoneDocument.Body) {
        do throws(StoneError) {
            switch body {
            case .meta(let records):
                let again = try decode(try MetaRecord.encode(records), records.count, MetaRecord.decode)
                precondition(again == records, "metadata records have changed")
                if let metadata = try? PackageMetadata(records: records) { checkMetadata(metadata) }
            case .layout(let entries):
                let again = try decode(try LayoutEntry.encode(entries), entries.count, LayoutEntry.decode)
                precondition(again == entries, "layout records have changed")
            case .index(let ranges):
                let again = try decode(ContentRange.encode(ranges), ranges.count, ContentRange.decode)
                precondition(again == ranges, "index records have changed")
            case .attributes(let records):
                let again = try decode(AttributeRecord.encode(records), records.count, AttributeRecord.decode)
                precondition(again == records, "attribute records have changed")
            case .frames(let frames):
                let again = try decode(ContentFrame.encode(frames), frames.count, ContentFrame.decode)
                precondition(again == frames, "the list of frames has changed")
            case .content, .unknown: break
            }
        } catch {
            preconditionFailure("records that were read cannot be written and read again: \(error)")
        }
    }

    private static func decode<Records>(
        _ plain: [UInt8], _ count: Int, _ decode: (UnsafeRawBufferPointer, UInt32, UInt64) throws(StoneError) -> Records
    ) throws(StoneError) -> Records {
        try plain.withUnsafeBufferPointer { (bytes) throws(StoneError) in
            try decode(UnsafeRawBufferPointer(bytes), UInt32(count), 0)
        }
    }

    /// Metadata is the same after it was written in canonical order.
    private static func checkMetadata(_ metadata: PackageMetadata) {
        guard let again = try? PackageMetadata(records: metadata.records) else {
            preconditionFailure("metadata that was read cannot be read again")
        }
        precondition(again.records == metadata.records, "canonical metadata is not stable")
    }

    /// The stone without content is a stone with the same other payloads.
    private static func checkManifest(_ bytes: [UInt8], _ document: StoneDocument) {
        guard var reader = try? StoneReader(ByteArraySource(bytes), limits: limits, collectsManifest: true),
            (try? StoneDocument(reading: &reader)) != nil, let manifest = reader.manifest,
            let kept = try? StoneDocument(decoding: manifest.encoded, limits: limits)
        else { preconditionFailure("a stone that was read has no manifest that can be read") }
        let bodies = document.payloads.map(\.body).filter { $0 != .content }
        precondition(kept.payloads.map(\.body) == bodies, "the manifest is another stone")
    }

    // MARK: - Input

    /// `bytes` with the payload count, and the checksum of each payload that lies inside, put right: no mutation gets
    /// past XXH3 by chance.
    static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var repaired = bytes
        var count: UInt16 = 0
        var position = StoneHeader.byteCount
        while position + PayloadHeader.byteCount <= bytes.count, count < .max {
            var header = bytes.withUnsafeBytes {
                PayloadHeader(decoding: UnsafeRawBufferPointer(rebasing: $0[position...]))
            }
            let start = position + PayloadHeader.byteCount
            guard header.storedSize <= UInt64(bytes.count - start) else { break }
            let end = start + Int(header.storedSize)
            header.checksum = bytes.withUnsafeBytes { xxh3Digest64(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
            repaired.replaceSubrange(position..<start, with: header.encoded)
            count += 1
            position = end
        }
        if position == bytes.count {
            repaired[4] = UInt8(count >> 8)
            repaired[5] = UInt8(count & 255)
        }
        return repaired
    }

    private struct StepSource: ByteSource {
        let bytes: [UInt8]
        var position = 0

        mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(Never) -> Int {
            let count = min(1 + position % 13, buffer.count, bytes.count - position)
            buffer.copyBytes(from: bytes[position..<(position + count)])
            position += count
            return count
        }
    }
}
