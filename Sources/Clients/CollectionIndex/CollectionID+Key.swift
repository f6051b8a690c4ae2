internal import CollectionSettings
package import Storage

/// The id's bytes and a NUL.
extension CollectionID: PrefixKey {
    package func encode(into writer: inout KeyWriter) {
        Array(text.utf8).withUnsafeBytes { writer.append($0) }
        writer.append(bigEndian: UInt8(0))
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.last == 0 else { throw DecodingFailure("a collection's name has no end") }
        try self.init(String(decoding: bytes.dropLast(), as: UTF8.self))
    }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        bytes.firstIndex(of: 0).map { $0 + 1 }
    }
}
