internal import BytePath
internal import Digests
package import PackageModel

/// A borrowed view of one encoded entry, as directories and layouts hold them. All integers are little-endian.
///
/// ```
///  0  u8   kind: 1 regular, 2 symlink, 3 directory
///  1  u8   0
///  2  u16  name length
///  4  u32  permission bits
///  8  u32  uid
/// 12  u32  gid
/// 16  u64  regular: size of the content; symlink: length of the target; directory: 0
/// 24  16   regular: digest; directory: tree id (0 in layouts); symlink: 0
/// 40  name, NUL; for a symlink the target and NUL
/// ```
/// Names and targets end in NUL so that they can be handed to the kernel from where they lie.
package struct EntryRecord {
    /// Points to `byteCount` bytes that `init(at:limit:)` found to be a whole record.
    package let base: UnsafeRawPointer

    static let fixedByteCount = 40

    /// Reads the record at `base`; nil unless it lies whole and well-formed in front of `limit`.
    @inline(__always)
    package init?(at base: UnsafeRawPointer, limit: UnsafeRawPointer) {
        let available = limit - base
        guard available > Self.fixedByteCount else { return nil }
        self.base = base
        let nameLength = self.nameLength
        guard nameLength > 0, available > Self.fixedByteCount + nameLength,
            base.load(fromByteOffset: Self.fixedByteCount + nameLength, as: UInt8.self) == 0
        else { return nil }
        switch base.load(as: UInt8.self) {
        case 1, 3: return
        case 2:
            let rest = available - (Self.fixedByteCount + nameLength + 1)
            guard size < UInt64(rest),
                base.load(
                    fromByteOffset: Self.fixedByteCount + nameLength + 1 + Int(size), as: UInt8.self) == 0
            else { return nil }
        default: return nil
        }
    }

    /// A record that `init(at:limit:)` accepted earlier at the same place.
    init(checked base: UnsafeRawPointer) {
        self.base = base
    }

    package var kind: EntryKind { EntryKind(rawValue: base.load(as: UInt8.self)) ?? .regular }
    package var isDirectory: Bool { base.load(as: UInt8.self) == EntryKind.directory.rawValue }
    package var isSymlink: Bool { base.load(as: UInt8.self) == EntryKind.symlink.rawValue }
    package var nameLength: Int {
        Int(UInt16(littleEndian: base.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    }
    package var mode: UInt32 { UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 4, as: UInt32.self)) }
    package var uid: UInt32 { UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 8, as: UInt32.self)) }
    package var gid: UInt32 { UInt32(littleEndian: base.loadUnaligned(fromByteOffset: 12, as: UInt32.self)) }
    package var size: UInt64 { UInt64(littleEndian: base.loadUnaligned(fromByteOffset: 16, as: UInt64.self)) }
    package var metadata: EntryMetadata { EntryMetadata(mode: mode, uid: uid, gid: gid) }
    /// Of a regular file only.
    package var object: ObjectID { ObjectID(identifier) }
    /// Of a directory only.
    package var tree: TreeID { TreeID(identifier) }
    private var identifier: Digest128 {
        Digest128(canonical: UnsafeRawBufferPointer(start: base + 24, count: Digest128.byteCount))
    }
    package var name: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + Self.fixedByteCount, count: nameLength)
    }
    /// The name with its NUL, for the kernel.
    package var cName: UnsafePointer<CChar> { (base + Self.fixedByteCount).assumingMemoryBound(to: CChar.self) }
    /// A symlink's text.
    package var target: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: base + Self.fixedByteCount + nameLength + 1, count: Int(size))
    }
    /// A symlink's text with its NUL, for the kernel.
    package var cTarget: UnsafePointer<CChar> {
        (base + Self.fixedByteCount + nameLength + 1).assumingMemoryBound(to: CChar.self)
    }
    package var byteCount: Int {
        Self.fixedByteCount + nameLength + 1 + (isSymlink ? Int(size) + 1 : 0)
    }

    /// A copy that outlives the borrowed bytes.
    package var entry: TreeEntry {
        let content: TreeEntry.Content =
            switch kind {
            case .regular: .regular(object, size: size)
            case .symlink: .symlink(BytePath(bytes: Array(target)))
            case .directory: .directory(tree)
            }
        return TreeEntry(name: BytePath(bytes: Array(name)), metadata: metadata, content: content)
    }
}

extension TreeEntry {
    /// Calls `body` with the record form of this entry, valid during the call.
    package func withRecord<R, E: Error>(_ body: (EntryRecord) throws(E) -> R) throws(E) -> R {
        var bytes: [UInt8] = []
        append(to: &bytes)
        return try bytes.span.bytes.withUnsafeBytes { (bytes) throws(E) -> R in
            // Never empty: the fixed part alone has 40 bytes.
            try body(EntryRecord(checked: bytes.baseAddress.unsafelyUnwrapped))
        }
    }

    /// Appends the record form of this entry.
    func append(to bytes: inout [UInt8]) {
        let size: UInt64
        let identifier: Digest128
        switch content {
        case .regular(let digest, let count): (size, identifier) = (count, digest.digest)
        case .symlink(let target): (size, identifier) = (UInt64(target.count), Digest128(high: 0, low: 0))
        case .directory(let tree): (size, identifier) = (0, tree.digest)
        }
        bytes.append(kind.rawValue)
        bytes.append(0)
        bytes.append(littleEndian: UInt16(name.count))
        bytes.append(littleEndian: metadata.mode)
        bytes.append(littleEndian: metadata.uid)
        bytes.append(littleEndian: metadata.gid)
        bytes.append(littleEndian: size)
        identifier.appendCanonical(to: &bytes)
        bytes.append(contentsOf: name.bytes)
        bytes.append(0)
        if case .symlink(let target) = content {
            bytes.append(contentsOf: target.bytes)
            bytes.append(0)
        }
    }
}

extension [UInt8] {
    mutating func append<Integer: FixedWidthInteger>(littleEndian value: Integer) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}
