package import PackageModel
import Zstandard

extension StoneReader where Source: ~Copyable {
    /// The records of the current payload, which must be Meta.
    package mutating func readMeta() throws(Failure) -> [MetaRecord] {
        try readRecords(.meta, MetaRecord.decode)
    }

    /// The package that the current payload, which must be Meta, describes.
    package mutating func readMetadata() throws(Failure) -> PackageMetadata {
        try readRecords(.meta) { (plain, count, offset) throws(StoneError) in
            try PackageMetadata(records: try MetaRecord.decode(plain, count: count, at: offset), at: offset)
        }
    }

    /// The records of the current payload, which must be Layout.
    package mutating func readLayout() throws(Failure) -> [LayoutEntry] {
        try readRecords(.layout, LayoutEntry.decode)
    }

    /// The records of the current payload, which must be Index. Those of several Index payloads belong together.
    package mutating func readIndex() throws(Failure) -> [ContentRange] {
        try readRecords(.index, ContentRange.decode)
    }

    /// The records of the current payload, which must be Attributes.
    package mutating func readAttributes() throws(Failure) -> [AttributeRecord] {
        try readRecords(.attributes, AttributeRecord.decode)
    }

    /// The records of the current payload, which must be a list of frames.
    package mutating func readFrames() throws(Failure) -> [ContentFrame] {
        try readRecords(.frames, ContentFrame.decode)
    }

    private mutating func readRecords<Records>(
        _ kind: PayloadKind,
        _ decode: (UnsafeRawBufferPointer, UInt32, UInt64) throws(StoneError) -> Records
    ) throws(Failure) -> Records {
        let payload = try begin { $0 == kind }
        let stored = try readStored()
        let plain: [UInt8]
        if payload.compression == .zstd {
            do throws(ZstandardError) {
                plain = try decompressor.decompress(stored, exactly: Int(payload.plainSize))
            } catch {
                current = payload
                throw fail(error)
            }
        } else {
            plain = stored
        }
        let offset = payloadOffset
        do throws(StoneError) {
            return try plain.withUnsafeBufferPointer { (bytes) throws(StoneError) in
                try decode(UnsafeRawBufferPointer(bytes), payload.recordCount, offset)
            }
        } catch {
            isUsable = false
            throw .stone(error)
        }
    }
}
