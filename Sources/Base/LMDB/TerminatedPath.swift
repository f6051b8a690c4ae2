package import BytePath

/// A path followed by a NUL, so that it can stand before another key; sorts like the path.
package struct TerminatedPath: PrefixKey, Hashable {
    package let path: BytePath

    package init(_ path: BytePath) {
        self.path = path
    }

    package func encode(into writer: inout KeyWriter) {
        if path.bytes.contains(0) { writer.refuse() }
        path.bytes.withUnsafeBytes { writer.append($0) }
        writer.append(bigEndian: 0 as UInt8)
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard let count = Self.prefixByteCount(of: bytes), count == bytes.count else {
            throw DecodingFailure("a terminated path has one NUL, at its end")
        }
        path = BytePath(bytes: Array(bytes.dropLast()))
    }

    package static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        bytes.firstIndex(of: 0).map { $0 + 1 }
    }
}
