internal import Digests

/// Reads numbers from bytes that may end anywhere.
struct FieldReader {
    let source: [UInt8]
    var position: Int
    let end: Int

    init(_ source: [UInt8], from position: Int = 0, to end: Int? = nil) {
        self.source = source
        self.position = position
        self.end = end ?? source.count
    }

    var isAtEnd: Bool { position == end }

    static var cut: FileIndexError { .damaged("the file index is damaged: something in it is cut short") }

    /// Big-endian.
    mutating func number<Number: FixedWidthInteger>(_ type: Number.Type) throws(FileIndexError) -> Number {
        let size = MemoryLayout<Number>.size
        guard end - position >= size else { throw Self.cut }
        var value: Number = 0
        for byte in source[position..<(position + size)] { value = value << 8 | Number(truncatingIfNeeded: byte) }
        position += size
        return value
    }

    /// Seven bits a byte, the lowest first, in as few bytes as it takes; at most 32 bits.
    @inline(__always)
    mutating func varint() throws(FileIndexError) -> Int {
        guard position < end else { throw Self.cut }
        let first = source[position]
        position += 1
        if first < 0x80 { return Int(first) }
        var value = Int(first & 0x7f)
        var shift = 7
        while position < end, shift < 35 {
            let byte = source[position]
            position += 1
            value |= Int(byte & 0x7f) << shift
            if byte < 0x80 {
                guard byte != 0, value <= Int(UInt32.max) else { break }
                return value
            }
            shift += 7
        }
        throw .damaged("the file index is damaged: it holds a number that is none")
    }

    mutating func bytes(_ count: Int) throws(FileIndexError) -> ArraySlice<UInt8> {
        guard count >= 0, end - position >= count else { throw Self.cut }
        defer { position += count }
        return source[position..<(position + count)]
    }
}

extension [UInt8] {
    var checksum64: UInt64 { withUnsafeBytes { xxh3Digest64($0) } }

    mutating func append(bigEndian number: some FixedWidthInteger) {
        var shift = number.bitWidth
        while shift > 0 {
            shift -= 8
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    mutating func append(varint number: Int) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(rest & 0x7f) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}
