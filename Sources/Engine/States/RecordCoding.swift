internal import BytePath
internal import PackageModel
internal import Storage

/// Puts fields of a record one after the other, integers little-endian.
struct RecordWriter {
    var bytes: [UInt8] = []

    mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ tree: TreeID) {
        tree.append(to: &bytes)
    }

    /// A u32 length, then the bytes.
    mutating func put(_ counted: [UInt8]) {
        put(UInt32(counted.count))
        bytes += counted
    }

    mutating func put(paths: [BytePath]) {
        put(UInt32(paths.count))
        for path in paths { put(path.bytes) }
    }
}

/// Takes fields of a record one after the other; running out of bytes is an error.
struct RecordReader {
    private var rest: UnsafeRawBufferPointer

    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var remaining: Int { rest.count }

    mutating func take(_ count: Int) throws -> UnsafeRawBufferPointer {
        guard count <= rest.count else { throw DecodingFailure("the record ends \(count - rest.count) bytes early") }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    mutating func integer<Integer: FixedWidthInteger>(_ type: Integer.Type = Integer.self) throws -> Integer {
        Integer(littleEndian: try take(MemoryLayout<Integer>.size).loadUnaligned(as: Integer.self))
    }

    mutating func tree() throws -> TreeID {
        TreeID(canonical: try take(TreeID.byteCount))
    }

    mutating func counted() throws -> UnsafeRawBufferPointer {
        let count = Int(try integer(UInt32.self))
        return try take(count)
    }

    mutating func paths() throws -> [BytePath] {
        let count = Int(try integer(UInt32.self))
        var paths: [BytePath] = []
        for _ in 0..<count { paths.append(BytePath(bytes: Array(try counted()))) }
        return paths
    }
}
