/// Two keys one after the other: sorts by the first, then by the second, and nests buckets by prefix.
///
/// `KeyPair<A, KeyPair<B, C>>` nests deeper.
package struct KeyPair<First: PrefixKey, Second: BucketKey>: BucketKey {
    package let first: First
    package let second: Second

    package init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    @inlinable
    package func encode(into writer: inout KeyWriter) {
        first.encode(into: &writer)
        second.encode(into: &writer)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard let count = First.prefixByteCount(of: bytes) else {
            throw DecodingFailure("\(bytes.count) bytes are too few for a pair of keys")
        }
        first = try First(decoding: UnsafeRawBufferPointer(rebasing: bytes[..<count]))
        second = try Second(decoding: UnsafeRawBufferPointer(rebasing: bytes[count...]))
    }
}

extension KeyPair: PrefixKey where Second: PrefixKey {
    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard let first = First.prefixByteCount(of: bytes),
            let second = Second.prefixByteCount(of: UnsafeRawBufferPointer(rebasing: bytes[first...]))
        else { return nil }
        return first + second
    }
}

extension KeyPair: Equatable where First: Equatable, Second: Equatable {}
extension KeyPair: Hashable where First: Hashable, Second: Hashable {}
