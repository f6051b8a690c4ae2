import Zstandard

/// Makes record payloads: header and compressed records. The compressor is kept between them.
package struct RecordPayloadEncoder: ~Copyable {
    private var compressor: Compressor

    package init(_ options: StoneWriterOptions = StoneWriterOptions()) throws(StoneError) {
        do throws(ZstandardError) {
            compressor = try Compressor(
                Compressor.Parameters(level: options.recordLevel, windowLog: options.windowLog))
        } catch {
            throw StoneError(error.code == .outOfMemory ? .outOfMemory : .formatLimit, error.message)
        }
    }

    /// The payload of `recordCount` records whose plain bytes are given, always compressed as all known writers do.
    package mutating func encode(
        _ kind: PayloadKind, plain: [UInt8], recordCount: Int
    ) throws(StoneError) -> [UInt8] {
        guard let recordCount = UInt32(exactly: recordCount) else {
            throw StoneError(.formatLimit, payload: kind, "\(recordCount) records are more than a payload can count")
        }
        let stored: [UInt8]
        do throws(ZstandardError) {
            stored = try compressor.compress(plain)
        } catch {
            throw StoneError(.outOfMemory, payload: kind, error.message)
        }
        return Self.payload(kind, stored: stored, plainSize: plain.count, recordCount, .zstd)
    }

    /// The same without compression.
    package static func encodePlain(_ kind: PayloadKind, plain: [UInt8], recordCount: UInt32) -> [UInt8] {
        payload(kind, stored: plain, plainSize: plain.count, recordCount, .none)
    }

    private static func payload(
        _ kind: PayloadKind, stored: [UInt8], plainSize: Int, _ recordCount: UInt32, _ compression: PayloadCompression
    ) -> [UInt8] {
        let header = PayloadHeader(
            storedSize: UInt64(stored.count), plainSize: UInt64(plainSize), checksum: checksum(of: stored),
            recordCount: recordCount, kind: kind, compression: compression)
        return header.encoded + stored
    }
}
