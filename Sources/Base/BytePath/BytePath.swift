/// File names and paths as bytes, ordered by `memcmp`, never repaired or normalised.
///
/// Linux names are byte strings. `String` would replace invalid UTF-8, hold composed and decomposed letters for
/// equal and sort differently from the file system, so it is used for display only.
package struct BytePath: Hashable, Sendable {
    /// The bytes, without a terminating NUL.
    package var bytes: [UInt8]

    package init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    package init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    package init(_ string: String) {
        self.bytes = Array(string.utf8)
    }

    /// Copies the bytes before the NUL.
    package init(cString: UnsafePointer<CChar>) {
        var count = 0
        while cString[count] != 0 { count += 1 }
        self.bytes = Array(UnsafeRawBufferPointer(start: cString, count: count))
    }

    package var isEmpty: Bool { bytes.isEmpty }
    package var count: Int { bytes.count }
    package var isAbsolute: Bool { bytes.first == UInt8(ascii: "/") }

    /// The path as text; bytes that are not UTF-8 as `\xNN`, so that no two of them look alike.
    package var display: String {
        String(validating: bytes, as: UTF8.self) ?? String(escaping: bytes)
    }

    /// The components between slashes; empty ones are left out.
    package var components: [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: true)
    }

    /// The part after the last slash; the whole path where there is none.
    package var lastComponent: BytePath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return self }
        return BytePath(bytes: Array(bytes[(slash + 1)...]))
    }

    /// The part before the last slash; empty where there is none, "/" for a child of the root.
    package var parent: BytePath {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return BytePath(bytes: []) }
        return slash == 0 ? BytePath("/") : BytePath(bytes: Array(bytes[..<slash]))
    }

    /// This path, a slash where one is needed, and `component`.
    package func appending(_ component: BytePath) -> BytePath {
        if bytes.isEmpty { return component }
        if component.bytes.isEmpty { return self }
        var joined = bytes
        joined.reserveCapacity(bytes.count + component.bytes.count + 1)
        if joined.last != UInt8(ascii: "/") { joined.append(UInt8(ascii: "/")) }
        joined.append(contentsOf: component.bytes)
        return BytePath(bytes: joined)
    }

    package func appending(_ component: String) -> BytePath {
        appending(BytePath(component))
    }

    /// Whether the path is `prefix` itself or lies below it.
    package func isAtOrBelow(_ prefix: BytePath) -> Bool {
        bytes.starts(with: prefix.bytes)
            && (bytes.count == prefix.count || prefix.isEmpty || prefix.bytes.last == UInt8(ascii: "/")
                || bytes[prefix.count] == UInt8(ascii: "/"))
    }

    /// Calls `body` with the path as a C string, valid during the call only.
    package func withCString<R: ~Copyable, E: Error>(
        _ body: (UnsafePointer<CChar>) throws(E) -> R
    ) throws(E) -> R {
        try withUnsafeTemporaryAllocation(byteCount: bytes.count + 1, alignment: 1) { (buffer) throws(E) -> R in
            buffer.copyBytes(from: bytes)
            buffer[bytes.count] = 0
            return try body(UnsafePointer(buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self)))
        }
    }
}

extension BytePath: Comparable {
    package static func < (left: BytePath, right: BytePath) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}

extension BytePath: ExpressibleByStringLiteral, CustomStringConvertible {
    package init(stringLiteral value: String) {
        self.init(value)
    }

    package var description: String { display }
}
