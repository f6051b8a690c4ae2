/// Reads records from the plain bytes of one payload; every length is checked against what is left.
///
/// Invariant: `position <= bytes.count`. Slices point into `bytes` and live as long as it does.
struct RecordParser {
    let bytes: UnsafeRawBufferPointer
    let kind: PayloadKind
    /// Where the payload's header stands in the file.
    let offset: UInt64
    private(set) var position = 0
    /// The record being read.
    var record = 0

    init(_ bytes: UnsafeRawBufferPointer, kind: PayloadKind, offset: UInt64) {
        self.bytes = bytes
        self.kind = kind
        self.offset = offset
    }

    var remaining: Int { bytes.count - position }

    func error(_ code: StoneError.Code, _ message: String) -> StoneError {
        StoneError(code, at: offset, payload: kind, record: record, message)
    }

    /// Refuses a record count that these bytes cannot hold, before memory is reserved for it.
    func check(count: UInt32, sizeMin: Int) throws(StoneError) -> Int {
        guard Int(count) <= bytes.count / sizeMin else {
            throw StoneError(
                .recordCount, at: offset, payload: kind,
                "\(count) records of at least \(sizeMin) bytes do not fit into \(bytes.count) bytes")
        }
        return Int(count)
    }

    /// Refuses bytes behind the last record.
    func finish() throws(StoneError) {
        guard remaining == 0 else {
            throw StoneError(
                .recordCount, at: offset, payload: kind, "\(remaining) bytes follow the last of the payload's records")
        }
    }

    mutating func integer<T: FixedWidthInteger>(_: T.Type = T.self) throws(StoneError) -> T {
        let size = MemoryLayout<T>.size
        guard size <= remaining else { throw error(.malformedRecord, "the record is cut off") }
        defer { position += size }
        return T(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: T.self))
    }

    /// The next `count` bytes.
    mutating func slice(_ count: UInt64) throws(StoneError) -> UnsafeRawBufferPointer {
        guard count <= UInt64(remaining) else {
            throw error(.malformedRecord, "a length of \(count) bytes where \(remaining) are left")
        }
        defer { position += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + Int(count))])
    }

    /// `slice` as text: UTF-8, any number of NULs at the end dropped, none before.
    func text(_ slice: UnsafeRawBufferPointer) throws(StoneError) -> String {
        let trimmed = Self.trimmingNUL(slice)
        guard trimmed.count <= StoneLimits.textSizeMax else {
            throw error(
                .limitExceeded,
                "a text of \(trimmed.count) bytes, more than \(StoneLimits.textSizeMax): "
                    + quoted(trimmed))
        }
        guard !trimmed.contains(0) else { throw error(.invalidText, "a text with a NUL inside: \(quoted(trimmed))") }
        guard let text = String(validating: trimmed, as: UTF8.self) else {
            throw error(.invalidText, "a text that is not UTF-8: \(quoted(trimmed))")
        }
        return text
    }

    static func trimmingNUL(_ slice: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        var count = slice.count
        while count > 0, slice[count - 1] == 0 { count -= 1 }
        return UnsafeRawBufferPointer(rebasing: slice[..<count])
    }
}
