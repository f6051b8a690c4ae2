package import BytePath
package import Digests

extension UInt32: PrefixKey {
    package func encode(into writer: inout KeyWriter) {
        writer.append(bigEndian: self)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count == 4 else { throw DecodingFailure("a 32-bit number has 4 bytes, not \(bytes.count)") }
        self.init(bigEndian: bytes.loadUnaligned(as: UInt32.self))
    }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        bytes.count >= 4 ? 4 : nil
    }
}

extension UInt64: PrefixKey {
    package func encode(into writer: inout KeyWriter) {
        writer.append(bigEndian: self)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count == 8 else { throw DecodingFailure("a 64-bit number has 8 bytes, not \(bytes.count)") }
        self.init(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        bytes.count >= 8 ? 8 : nil
    }
}

extension Digest128: PrefixKey {
    package func encode(into writer: inout KeyWriter) {
        writer.append(bigEndian: high)
        writer.append(bigEndian: low)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count == Self.byteCount else {
            throw DecodingFailure("an XXH3-128 digest has 16 bytes, not \(bytes.count)")
        }
        self.init(canonical: bytes)
    }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        bytes.count >= byteCount ? byteCount : nil
    }
}

extension SHA256Digest: PrefixKey {
    package func encode(into writer: inout KeyWriter) {
        let (word0, word1, word2, word3) = words
        writer.append(bigEndian: word0)
        writer.append(bigEndian: word1)
        writer.append(bigEndian: word2)
        writer.append(bigEndian: word3)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count == Self.byteCount else {
            throw DecodingFailure("a SHA-256 digest has 32 bytes, not \(bytes.count)")
        }
        self.init(bytes: bytes)
    }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        bytes.count >= byteCount ? byteCount : nil
    }
}

/// Raw bytes, stored as they are.
extension [UInt8]: BucketKey, BucketValue {
    package func encode(into writer: inout KeyWriter) {
        withUnsafeBytes { writer.append($0) }
    }

    package func encode(into bytes: inout [UInt8]) {
        bytes.append(contentsOf: self)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        self.init(bytes)
    }
}

/// A path, stored as it is: at most 511 bytes as a key.
extension BytePath: BucketKey {
    package func encode(into writer: inout KeyWriter) {
        bytes.withUnsafeBytes { writer.append($0) }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        self.init(bytes: Array(bytes))
    }
}
