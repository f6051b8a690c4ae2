package import BytePath
package import Digests
package import PackageModel

/// Takes the fields of a record that a ``RecordWriter`` wrote one after the other, from bytes nobody has to trust.
///
/// What is not there, or is nothing that a writer writes, is an error that names the record and the place. Call
/// ``finish()`` after the last field: more bytes than fields are damage, too.
package struct RecordReader {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    @usableFromInline var offset = 0
    private let record: StaticString
    /// In which the record was written.
    package private(set) var version: UInt8 = 0

    /// - Parameters:
    ///   - bytes: valid while the reader and what it returns are used.
    ///   - record: what errors call it: `state record`.
    ///   - versions: those that are known, up to what is written today.
    package init(
        _ bytes: UnsafeRawBufferPointer, _ record: StaticString, versions: ClosedRange<UInt8>
    ) throws(DecodingFailure) {
        self.bytes = bytes
        self.record = record
        version = try integer()
        guard version <= versions.upperBound else {
            throw DecodingFailure(
                "\(record): version \(version), where \(versions.upperBound) is the last one known: written by a newer moss"
            )
        }
        guard version >= versions.lowerBound else { throw failure("there is no version \(version)", at: 0) }
    }

    /// For records of before they had versions.
    init(unversioned bytes: UnsafeRawBufferPointer, _ record: StaticString) {
        self.bytes = bytes
        self.record = record
    }

    @inlinable
    package var remaining: Int { bytes.count - offset }

    /// What is wrong with the field that was read last.
    package func failure(_ text: String) -> DecodingFailure { failure(text, at: offset) }

    @usableFromInline
    func failure(_ text: String, at offset: Int) -> DecodingFailure {
        DecodingFailure("\(record), byte \(offset): \(text)")
    }

    @inlinable
    package mutating func take(_ count: Int) throws(DecodingFailure) -> UnsafeRawBufferPointer {
        guard count <= remaining else { throw failure("it ends \(count - remaining) bytes early", at: offset) }
        defer { offset += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + count)])
    }

    @inlinable
    package mutating func integer<Integer: FixedWidthInteger>(
        _ type: Integer.Type = Integer.self
    ) throws(DecodingFailure) -> Integer {
        Integer(littleEndian: try take(MemoryLayout<Integer>.size).loadUnaligned(as: Integer.self))
    }

    package mutating func flag() throws(DecodingFailure) -> Bool {
        let byte = try integer(UInt8.self)
        guard byte <= 1 else { throw failure("\(byte) where 0 or 1 belongs", at: offset - 1) }
        return byte == 1
    }

    package mutating func digest() throws(DecodingFailure) -> Digest128 {
        Digest128(canonical: try take(Digest128.byteCount))
    }

    package mutating func sha256() throws(DecodingFailure) -> SHA256Digest {
        SHA256Digest(bytes: try take(SHA256Digest.byteCount))
    }

    package mutating func tree() throws(DecodingFailure) -> TreeID { TreeID(try digest()) }

    package mutating func package() throws(DecodingFailure) -> PackageID { PackageID(try sha256()) }

    package mutating func counted() throws(DecodingFailure) -> UnsafeRawBufferPointer {
        try take(Int(try integer(UInt32.self)))
    }

    package mutating func text() throws(DecodingFailure) -> String {
        let bytes = try counted()
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("a text that is no UTF-8", at: offset - bytes.count)
        }
        return text
    }

    package mutating func path() throws(DecodingFailure) -> BytePath { BytePath(bytes: Array(try counted())) }

    package mutating func paths() throws(DecodingFailure) -> [BytePath] {
        var paths: [BytePath] = []
        for _ in 0..<(try count(ofAtLeast: 4)) { paths.append(try path()) }
        return paths
    }

    /// How many elements follow.
    ///
    /// - Parameter byteCount: what each takes at least; memory for more than the record can hold is never asked for.
    package mutating func count(ofAtLeast byteCount: Int) throws(DecodingFailure) -> Int {
        let count = Int(try integer(UInt32.self))
        guard count <= remaining / byteCount else {
            throw failure("\(count) elements in \(remaining) bytes", at: offset - 4)
        }
        return count
    }

    /// The last field, which takes what is left.
    package mutating func rest() -> UnsafeRawBufferPointer {
        defer { offset = bytes.count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset...])
    }

    package func finish() throws(DecodingFailure) {
        guard remaining == 0 else { throw failure("\(remaining) bytes too many") }
    }
}
