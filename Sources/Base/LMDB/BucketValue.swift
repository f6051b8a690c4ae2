/// A value of a bucket. Numbers and digests are none by themselves: what is stored should say in which version it is.
package protocol BucketValue: Sendable {
    /// Appends the encoding; `bytes` may hold other bytes already, which must stay.
    func encode(into bytes: inout [UInt8])

    /// Reads back what `encode` wrote; throws on anything else. `bytes` are valid during the call only and not aligned:
    /// use `loadUnaligned`.
    init(decoding bytes: UnsafeRawBufferPointer) throws
}

/// The value of a bucket that is a set of keys: no bytes, so none that tell a version either.
package struct Empty: BucketValue, Hashable {
    package init() {}

    package func encode(into bytes: inout [UInt8]) {}

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.isEmpty else { throw DecodingFailure("\(bytes.count) bytes where none belong") }
    }
}
