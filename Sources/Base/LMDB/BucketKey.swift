/// A key of a bucket: encodes to 1 to 511 bytes whose `memcmp` order is the order wanted for iteration.
package protocol BucketKey: Sendable {
    /// Appends the encoding. Equal keys must give equal bytes.
    func encode(into writer: inout KeyWriter)

    /// Reads back what `encode` wrote; throws on anything else.
    init(decoding bytes: UnsafeRawBufferPointer) throws
}

/// A key whose encoding tells where it ends, so that another key can follow it in a `KeyPair`.
package protocol PrefixKey: BucketKey {
    /// How many of `bytes` belong to a key of this type at their start; nil where there is no whole one.
    static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int?
}

/// What a key or value that cannot be decoded throws; becomes part of a `DatabaseError`.
package struct DecodingFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Collects the bytes of one key in a buffer on the stack.
package struct KeyWriter: ~Copyable {
    /// The most bytes a key may have; fixed when liblmdb is compiled.
    package static let capacity = 511

    // Valid while `withEncodedKey` runs; a writer is only ever lent inside it.
    @usableFromInline let buffer: UnsafeMutableRawBufferPointer
    @usableFromInline var count = 0
    @usableFromInline var isValid = true

    @inlinable
    init(_ buffer: UnsafeMutableRawBufferPointer) {
        self.buffer = buffer
    }

    @inlinable
    package mutating func append(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= buffer.count - count else {
            isValid = false
            return
        }
        UnsafeMutableRawBufferPointer(rebasing: buffer[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    @inlinable
    package mutating func append(bigEndian number: some FixedWidthInteger & UnsignedInteger) {
        withUnsafeBytes(of: number.bigEndian) { append($0) }
    }

    /// Marks the key as one that cannot be stored; using it throws `.invalidKey`.
    @inlinable
    package mutating func refuse() {
        isValid = false
    }
}

extension BucketKey {
    /// Calls `body` with the encoded key; no allocation. A key that does not fit arrives as nil.
    @inlinable
    func withEncoded<R: ~Copyable>(
        _ body: (UnsafeRawBufferPointer?) throws(DatabaseError) -> R
    ) throws(DatabaseError) -> R {
        try withUnsafeTemporaryAllocation(
            byteCount: KeyWriter.capacity, alignment: 8
        ) { (buffer) throws(DatabaseError) -> R in
            var writer = KeyWriter(buffer)
            encode(into: &writer)
            guard writer.isValid else { return try body(nil) }
            return try body(UnsafeRawBufferPointer(rebasing: buffer[..<writer.count]))
        }
    }

    /// The encoded key; nil where it does not fit.
    @inlinable
    var encodedBytes: [UInt8]? {
        withUnsafeTemporaryAllocation(byteCount: KeyWriter.capacity, alignment: 8) { buffer in
            var writer = KeyWriter(buffer)
            encode(into: &writer)
            return writer.isValid ? Array(buffer[..<writer.count]) : nil
        }
    }
}
