/// Why bytes are not a stone, or values cannot become one.
package struct StoneError: Error, Hashable, Sendable {
    package enum Code: String, Hashable, Sendable {
        /// The file does not begin with the magic number.
        case notAStone
        /// The constant inside the header is damaged.
        case headerPattern
        case unsupportedVersion
        /// The file has another type than the caller can use.
        case wrongFileType
        /// The file ends before the header or a payload does.
        case truncated
        /// Bytes follow the last payload.
        case trailingBytes
        /// A payload that may come once comes twice.
        case repeatedPayload
        case missingPayload
        case unsupportedCompression
        case checksumMismatch
        /// A payload holds more or fewer bytes than its header says.
        case sizeMismatch
        /// The compressed bytes of a payload are damaged.
        case damagedCompression
        /// More than the caller's limits allow, or more than any honest payload of this length holds.
        case limitExceeded
        /// A record is cut off, has an impossible length or an unknown type.
        case malformedRecord
        /// The payload's record count and its bytes disagree.
        case recordCount
        /// A mandatory metadata record is missing.
        case missingTag
        /// A text that is not UTF-8, holds a NUL, or cannot be what its tag says.
        case invalidText
        /// A path or link target that must not be followed.
        case invalidPath
        case duplicatePath
        /// A content range outside the content, upside down or overlapping another.
        case invalidRange
        /// A file's digest without an index record, or the reverse.
        case digestMismatch
        /// More than the format can hold.
        case formatLimit
        /// The writer was given content other than it was promised.
        case contentMismatch
        case outOfMemory
        /// The reader or writer failed before and cannot go on.
        case unusable
    }

    package var code: Code
    /// Where in the file: the first byte of what is wrong, or of the payload it stands in.
    package var offset: UInt64
    /// The payload, where it is known.
    package var payload: PayloadKind?
    /// The record inside the payload, counted from 0, where it is one record that is wrong.
    package var record: Int?
    /// What is wrong and what was expected, as a phrase without a full stop.
    package var message: String

    package init(
        _ code: Code, at offset: UInt64 = 0, payload: PayloadKind? = nil, record: Int? = nil, _ message: String
    ) {
        self.code = code
        self.offset = offset
        self.payload = payload
        self.record = record
        self.message = message
    }
}

extension StoneError: CustomStringConvertible {
    package var description: String {
        var place = ""
        if let payload { place += "\(payload.name) payload " }
        place += "at byte \(offset)"
        if let record { place += ", record \(record)" }
        return "\(place): \(message)"
    }
}

/// `bytes` between quotes, cut to a line, with everything outside printable ASCII escaped.
func quoted(_ bytes: some Sequence<UInt8>) -> String {
    var text = "\""
    for (position, byte) in bytes.enumerated() {
        if position == 200 {
            text += "…"
            break
        }
        switch byte {
        case 0x22, 0x5c: text += "\\" + String(UnicodeScalar(byte))
        case 0x20..<0x7f: text += String(UnicodeScalar(byte))
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return text + "\""
}
