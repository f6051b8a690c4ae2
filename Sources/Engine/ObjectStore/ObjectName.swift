internal import Digests
package import FileTree
package import PackageModel

/// Where a loose object lies: the shard and the name in it.
///
/// `objects/ab/abcdef…` is the plain variant (mode 0444, owner 0:0); another one adds its mode in octal and, where not
/// 0:0, its owner: `abcdef….555`, `abcdef….555.5.60`. Names say everything about the inode, so neither linking nor
/// rebuilding needs a look-up. Set-id variants lie in `objects/privileged`, which only the owner may enter: an old
/// version of a set-id program must not be reachable after its replacement. So do those of files that are closed to
/// others by a directory above them, which the names here have not; their mode has the bit that says so.
package struct ObjectName {
    package static let privilegedShard = 256
    package static let shardCount = 257

    /// NUL-terminated.
    private var bytes: InlineArray<72, UInt8>
    package private(set) var count: Int
    package let shard: Int

    package init(_ digest: ObjectID, _ metadata: EntryMetadata) {
        bytes = InlineArray(repeating: 0)
        count = 0
        shard = Self.shard(of: digest, metadata)
        append(hexadecimal: digest.high)
        append(hexadecimal: digest.low)
        if metadata == .plainFile { return }
        append(UInt8(ascii: "."))
        append(metadata.mode, radix: 8)
        if metadata.uid != 0 || metadata.gid != 0 {
            append(UInt8(ascii: "."))
            append(metadata.uid, radix: 10)
            append(UInt8(ascii: "."))
            append(metadata.gid, radix: 10)
        }
    }

    package static func shard(of digest: ObjectID, _ metadata: EntryMetadata) -> Int {
        metadata.mode & 0o6000 != 0 || metadata.isClosed ? privilegedShard : Int(digest.high >> 56)
    }

    private mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }

    private mutating func append(hexadecimal value: UInt64) {
        var shift: UInt64 = 64
        while shift > 0 {
            shift -= 4
            let nibble = UInt8(truncatingIfNeeded: (value >> shift) & 15)
            append(nibble < 10 ? 48 + nibble : 87 + nibble)
        }
    }

    private mutating func append(_ value: UInt32, radix: UInt32) {
        if value >= radix { append(value / radix, radix: radix) }
        append(48 + UInt8(value % radix))
    }

    package func withCString<R: ~Copyable, E: Error>(_ body: (UnsafePointer<CChar>) throws(E) -> R) throws(E) -> R {
        try bytes.span.bytes.withUnsafeBytes { (buffer) throws(E) -> R in
            // Never empty: the capacity is fixed.
            try body(buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self))
        }
    }

    /// Calls `body` with the name of the object in `place`.
    @inline(__always)
    package func withCString<R: ~Copyable, E: Error>(
        in place: ShardPlace, _ body: (UnsafePointer<CChar>) throws(E) -> R
    ) throws(E) -> R {
        place.isShard ? try withCString(body) : try withPath(body)
    }

    /// The name as text.
    package var display: String { withCString { String(cString: $0) } }

    /// The name of a shard's directory.
    package static func shardName(_ shard: Int) -> String {
        if shard == privilegedShard { return "privileged" }
        let digits = String(shard, radix: 16)
        return digits.count == 1 ? "0\(digits)" : digits
    }

    /// Digest and metadata from a file's name; nil for temporary and foreign files. Only the name that writing the
    /// result gives again is accepted.
    package static func parse(_ name: UnsafeRawBufferPointer) -> (ObjectID, EntryMetadata)? {
        guard name.count >= 32, let high = hexadecimal(name, 0), let low = hexadecimal(name, 16) else { return nil }
        let digest = ObjectID(high: high, low: low)
        if name.count == 32 { return (digest, .plainFile) }
        var fields: (UInt32, UInt32, UInt32) = (0, 0, 0)
        var count = 0
        for byte in name[32...] {
            if byte == UInt8(ascii: ".") {
                count += 1
                continue
            }
            guard (48...57).contains(byte), count > 0 else { return nil }
            let digit = UInt32(byte - 48)
            let sum: (UInt32, Bool)
            switch count {
            case 1: sum = append(digit, to: fields.0, radix: 8)
            case 2: sum = append(digit, to: fields.1, radix: 10)
            case 3: sum = append(digit, to: fields.2, radix: 10)
            default: return nil
            }
            guard !sum.1 else { return nil }
            if count == 1 { fields.0 = sum.0 } else if count == 2 { fields.1 = sum.0 } else { fields.2 = sum.0 }
        }
        guard count == 1 || count == 3 else { return nil }
        let metadata = EntryMetadata(mode: fields.0, uid: fields.1, gid: fields.2)
        let again = ObjectName(digest, metadata)
        let isSame = again.count == name.count && again.bytes.span.bytes.withUnsafeBytes { $0.starts(with: name) }
        return isSame ? (digest, metadata) : nil
    }

    private static func append(_ digit: UInt32, to value: UInt32, radix: UInt32) -> (UInt32, Bool) {
        let (product, overflow) = value.multipliedReportingOverflow(by: radix)
        let (sum, carry) = product.addingReportingOverflow(digit)
        return (sum, overflow || carry || digit >= radix)
    }

    private static func hexadecimal(_ name: UnsafeRawBufferPointer, _ start: Int) -> UInt64? {
        var value: UInt64 = 0
        for byte in name[start..<(start + 16)] {
            switch byte {
            case 48...57: value = value << 4 | UInt64(byte - 48)
            case 97...102: value = value << 4 | UInt64(byte - 87)
            default: return nil
            }
        }
        return value
    }

    /// As for bytes that are not copied, see above.
    package static func parse(_ name: [UInt8]) -> (ObjectID, EntryMetadata)? {
        name.span.bytes.withUnsafeBytes { parse($0) }
    }
}

extension ObjectName {
    /// Calls `body` with the path below `objects`, as a C string.
    func withPath<R: ~Copyable, E: Error>(
        _ body: (UnsafePointer<CChar>) throws(E) -> R
    ) throws(E) -> R {
        try withCString { (name) throws(E) -> R in
            let shard = Self.shardName(shard)
            return try withUnsafeTemporaryAllocation(byteCount: shard.utf8.count + 1 + count + 1, alignment: 1) {
                (buffer) throws(E) -> R in
                var end = 0
                for byte in shard.utf8 {
                    buffer[end] = byte
                    end += 1
                }
                buffer[end] = UInt8(ascii: "/")
                for index in 0...count { buffer[end + 1 + index] = UInt8(bitPattern: name[index]) }
                // Never empty: the NUL alone takes a byte.
                return try body(buffer.baseAddress.unsafelyUnwrapped.assumingMemoryBound(to: CChar.self))
            }
        }
    }
}
