internal import Digests
package import FileTree
package import PackageModel
package import Storage

/// What the database says of an object: its size, every variant that packages ask for, and how many ask for each.
///
/// Encoded as u64 size and, per variant in the order of these numbers, u32 mode, uid and gid; with counts, the size's
/// highest byte is 1 and a u32 follows each variant. All little-endian.
package struct ObjectRecord: Hashable, Sendable, BucketValue {
    package var size: UInt64
    /// Mode and owner of each loose copy.
    package var variants: [EntryMetadata]
    /// How many recorded packages ask for each variant; anything but one count per variant means that nobody counted,
    /// and collecting looks into the layouts then.
    package var claims: [UInt32] = []

    package init(size: UInt64, variants: [EntryMetadata]) {
        self.size = size
        self.variants = variants
    }

    package var isCounted: Bool { claims.count == variants.count && !variants.isEmpty }

    /// Notes that one more package asks for the variants of `wanted`.
    /// - Returns: false where nothing changed.
    package mutating func claim(_ wanted: ObjectRecord) -> Bool {
        let counts = isCounted || variants.isEmpty
        let before = self
        for variant in wanted.variants {
            if let index = variants.firstIndex(of: variant) {
                if counts { claims[index] += 1 }
            } else {
                variants.append(variant)
                if counts { claims.append(1) }
            }
        }
        return self != before
    }

    private static let countedMark: UInt64 = 1 << 56

    package func encode(into bytes: inout [UInt8]) {
        let counts = isCounted && size < Self.countedMark
        append(counts ? size | Self.countedMark : size, to: &bytes)
        // One order, so that the same store always has the same records, whichever package came first.
        let order = variants.indices.sorted {
            let (one, other) = (variants[$0], variants[$1])
            return (one.mode, one.uid, one.gid) < (other.mode, other.uid, other.gid)
        }
        for index in order {
            let variant = variants[index]
            append(variant.mode, to: &bytes)
            append(variant.uid, to: &bytes)
            append(variant.gid, to: &bytes)
            if counts { append(claims[index], to: &bytes) }
        }
    }

    private func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard bytes.count >= 8 else { throw DecodingFailure("an object record of \(bytes.count) bytes") }
        let head = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
        let isCounted = head >> 56 == 1
        let variantByteCount = isCounted ? 16 : 12
        guard (bytes.count - 8) % variantByteCount == 0 else {
            throw DecodingFailure(
                "an object record has 8 bytes and \(variantByteCount) for each variant, not \(bytes.count)")
        }
        size = isCounted ? head & (Self.countedMark - 1) : head
        // Sums of sizes must not run over.
        guard size < 1 << 48 else { throw DecodingFailure("an object of \(size) bytes") }
        variants = []
        for offset in stride(from: 8, to: bytes.count, by: variantByteCount) {
            func field(_ index: Int) -> UInt32 {
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4 * index, as: UInt32.self))
            }
            variants.append(EntryMetadata(mode: field(0), uid: field(1), gid: field(2)))
            if isCounted { claims.append(field(3)) }
        }
    }
}

package enum ObjectBuckets {
    package static let objects = Bucket<ObjectID, ObjectRecord>(BucketName.objects)
    /// Copies that collecting unlinks, and has committed itself to before: nobody may rely on them.
    package static let pendingObjects = Bucket<ObjectID, ObjectRecord>(BucketName.pendingObjects)
    /// Encoded directories.
    package static let trees = Bucket<TreeID, [UInt8]>(BucketName.trees)
}
