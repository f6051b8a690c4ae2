internal import Digests
package import FileTree
internal import LMDB

/// What the database says of an object: its size and every variant that packages ask for.
///
/// Encoded as u64 size and, per variant, u32 mode, uid and gid; little-endian.
package struct ObjectRecord: Hashable, Sendable, BucketValue {
    package var size: UInt64
    /// Mode and owner of each loose copy, in the order they were first asked for.
    package var variants: [EntryMetadata]

    package init(size: UInt64, variants: [EntryMetadata]) {
        self.size = size
        self.variants = variants
    }

    package func encode(into bytes: inout [UInt8]) {
        append(size, to: &bytes)
        for variant in variants {
            append(variant.mode, to: &bytes)
            append(variant.uid, to: &bytes)
            append(variant.gid, to: &bytes)
        }
    }

    private func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count >= 8, (bytes.count - 8) % 12 == 0 else {
            throw DecodingFailure("an object record has 8 bytes and 12 for each variant, not \(bytes.count)")
        }
        size = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        variants = stride(from: 8, to: bytes.count, by: 12).map { offset in
            func field(_ index: Int) -> UInt32 {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4 * index, as: UInt32.self))
            }
            return EntryMetadata(mode: field(0), uid: field(1), gid: field(2))
        }
    }
}

/// The store's buckets.
enum StoreBuckets {
    static let objects = Bucket<Digest128, ObjectRecord>("objects")
    /// Meta records, uncompressed, in canonical order.
    static let packages = Bucket<SHA256Digest, [UInt8]>("packages")
    /// ``PackageLayout`` bytes.
    static let layouts = Bucket<SHA256Digest, [UInt8]>("layouts")
    /// Encoded directories.
    static let trees = Bucket<TreeID, [UInt8]>("trees")
    /// Which packages provide, need or oppose a capability: XXH3-128 of role, kind and target, then the package.
    static let capabilities = Bucket<KeyPair<Digest128, SHA256Digest>, Empty>("capabilities")
    /// Which packages name a directory: XXH3-128 of its path, then the package; mode, uid, gid.
    static let directoryClaims = Bucket<KeyPair<Digest128, SHA256Digest>, ObjectRecord>("directory-claims")
}
