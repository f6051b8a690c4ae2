internal import Digests
package import FileTree
package import PackageModel
package import Storage

/// What the database says of an object: its size, every variant that packages ask for, and how many ask for each.
///
/// Encoded as a flag for counts, u64 size and, per variant in the order of these numbers, u32 mode, uid and gid; with
/// counts, a u32 follows each variant.
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

    package func encode(into bytes: inout [UInt8]) {
        RecordWriter.append(to: &bytes, version: 1) { writer in
            writer.put(isCounted)
            writer.put(size)
            // One order, so that the same store always has the same records, whichever package came first.
            let order = variants.indices.sorted {
                let (one, other) = (variants[$0], variants[$1])
                return (one.mode, one.uid, one.gid) < (other.mode, other.uid, other.gid)
            }
            for index in order {
                let variant = variants[index]
                writer.put(variant.mode)
                writer.put(variant.uid)
                writer.put(variant.gid)
                if isCounted { writer.put(claims[index]) }
            }
        }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        (size, variants) = (0, [])
        try Self.read(bytes) { size, variant, claims in
            self.size = size
            if let variant { variants.append(variant) }
            if let claims { self.claims.append(claims) }
        }
    }

    /// Calls `body` with the size and each variant; once with the size alone where there is none. Makes no arrays: there
    /// are very many of these records.
    package static func read(
        _ bytes: UnsafeRawBufferPointer, _ body: (UInt64, EntryMetadata?, UInt32?) -> Void
    ) throws(DecodingFailure) {
        var reader = try RecordReader(bytes, "object record", versions: 1...1)
        let isCounted = try reader.flag()
        let size: UInt64 = try reader.integer()
        // Sums of sizes must not run over.
        guard size < 1 << 48 else { throw reader.failure("an object of \(size) bytes") }
        guard reader.remaining % (isCounted ? 16 : 12) == 0, reader.remaining > 0 || !isCounted else {
            throw reader.failure("\(reader.remaining) bytes of variants")
        }
        if reader.remaining == 0 { body(size, nil, nil) }
        while reader.remaining > 0 {
            let variant = EntryMetadata(
                mode: try reader.integer(), uid: try reader.integer(), gid: try reader.integer())
            body(size, variant, isCounted ? try reader.integer() : nil)
        }
    }
}

package enum ObjectBuckets {
    package static let objects = Bucket<ObjectID, ObjectRecord>(BucketName.objects)
    /// Copies that collecting unlinks, and has committed itself to before: nobody may rely on them.
    package static let pendingObjects = Bucket<ObjectID, ObjectRecord>(BucketName.pendingObjects)
    /// Encoded directories, whose bytes are what their ids are hashes of.
    package static let trees = Bucket<TreeID, [UInt8]>(BucketName.trees)
}
