package import BytePath
package import Digests
package import PackageModel

/// Puts the fields of a record one after the other: its version in one byte, integers little-endian, bytes and texts
/// behind their length.
///
/// All records of a root are written this way, in its database and in files that are not text. Not so what is named by
/// its hash or used from where it lies: directories and layouts (see `Directory` and `PackageLayout`), which begin with
/// a format of their own. Keys are big-endian, so that they sort as what they stand for.
package struct RecordWriter {
    @usableFromInline var bytes: [UInt8] = []

    @inlinable
    init() {}

    /// Appends a record to `bytes`, which may hold others already.
    ///
    /// - Parameter version: from 1; another one for every change of what is written.
    @inlinable
    package static func append(
        to bytes: inout [UInt8], version: UInt8, _ body: (inout RecordWriter) -> Void
    ) {
        var writer = RecordWriter()
        swap(&writer.bytes, &bytes)
        writer.put(version)
        body(&writer)
        swap(&writer.bytes, &bytes)
    }

    @inlinable
    package mutating func put(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    @inlinable
    package mutating func put(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    /// Digests have one form everywhere, their names' included.
    package mutating func put(_ digest: Digest128) { digest.appendCanonical(to: &bytes) }

    package mutating func put(_ digest: SHA256Digest) { bytes.append(contentsOf: digest.bytes) }

    package mutating func put(_ tree: TreeID) { put(tree.digest) }

    package mutating func put(_ package: PackageID) { put(package.digest) }

    /// A u32 length, then the bytes.
    package mutating func put(counted: some Collection<UInt8>) {
        put(UInt32(counted.count))
        bytes.append(contentsOf: counted)
    }

    package mutating func put(_ text: String) { put(counted: text.utf8) }

    package mutating func put(_ path: BytePath) { put(counted: path.bytes) }

    /// A u32 count, then each.
    package mutating func put(_ paths: [BytePath]) {
        put(UInt32(paths.count))
        for path in paths { put(path) }
    }

    /// The last field, which takes what is left of the record.
    package mutating func put(rest: [UInt8]) { bytes.append(contentsOf: rest) }
}
