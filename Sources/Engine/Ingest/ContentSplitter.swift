internal import BytePath
internal import Digests
internal import FileTree
internal import LinuxSystem
internal import ObjectStore
internal import PackageModel

/// Cuts a decompressed Content payload into objects: each content is written once, or compared with what is there.
struct ContentSplitter: ~Copyable {
    private let store: ObjectStore
    private let stone: BytePath
    /// Ascending by start, without empty ones.
    private let ranges: [ContentRange]
    private let wanted: [ObjectID: ObjectRecord]
    private let known: [ObjectID: ObjectRecord]
    private var next = 0
    private var position: UInt64 = 0
    private var writer: ObjectWriter
    private var comparison: ObjectComparison?

    init(
        _ store: ObjectStore, stone: BytePath, ranges: [ContentRange], wanted: [ObjectID: ObjectRecord],
        known: [ObjectID: ObjectRecord]
    ) {
        self.store = store
        self.stone = stone
        self.ranges = ranges.filter { $0.count > 0 }
        self.wanted = wanted
        self.known = known
        writer = ObjectWriter(store)
    }

    /// Takes the next bytes of the payload.
    mutating func consume(_ chunk: UnsafeRawBufferPointer) throws(StoreError) {
        var rest = chunk
        while !rest.isEmpty, next < ranges.count {
            let range = ranges[next]
            if position < range.start {
                let gap = min(UInt64(rest.count), range.start - position)
                advance(&rest, Int(gap))
                continue
            }
            let count = Int(min(UInt64(rest.count), range.end - position))
            let piece = UnsafeRawBufferPointer(rebasing: rest[..<count])
            if position == range.start && UInt64(count) == range.count {
                try takeWhole(piece, range.digest)
            } else {
                try takePiece(piece, of: range)
            }
            advance(&rest, count)
            if position == range.end { next += 1 }
        }
        position += UInt64(rest.count)
    }

    private mutating func advance(_ bytes: inout UnsafeRawBufferPointer, _ count: Int) {
        bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
        position += UInt64(count)
    }

    private mutating func takeWhole(_ bytes: UnsafeRawBufferPointer, _ digest: ObjectID) throws(StoreError) {
        if let record = known[digest] {
            var comparison = try ObjectComparison(store, digest, compared(record, digest))
            try comparison.compare(bytes)
            try settle(comparison, digest)
        } else {
            try writer.write(bytes, digest: digest, metadata: firstVariant(of: digest), from: stone)
            try addVariants(of: digest, from: firstVariant(of: digest))
        }
    }

    private mutating func takePiece(_ bytes: UnsafeRawBufferPointer, of range: ContentRange) throws(StoreError) {
        let digest = range.digest
        let isLast = position + UInt64(bytes.count) == range.end
        if let record = known[digest] {
            if position == range.start { comparison = try ObjectComparison(store, digest, compared(record, digest)) }
            try comparison?.compare(bytes)
            if isLast, let finished = comparison.take() { try settle(finished, digest) }
            return
        }
        if position == range.start { try writer.begin(digest: digest, metadata: firstVariant(of: digest)) }
        try writer.append(bytes)
        if isLast {
            try writer.finish(from: stone, .keepingEqual)
            try addVariants(of: digest, from: firstVariant(of: digest))
        }
    }

    private func firstVariant(of digest: ObjectID) -> EntryMetadata {
        wanted[digest]?.variants.first ?? .plainFile
    }

    /// The variant to hold what arrives against: one that this package uses, where there is one.
    private func compared(_ record: ObjectRecord, _ digest: ObjectID) -> EntryMetadata {
        let wanted = wanted[digest]?.variants ?? []
        return record.variants.first { wanted.contains($0) } ?? record.variants.first ?? .plainFile
    }

    private func settle(_ comparison: consuming ObjectComparison, _ digest: ObjectID) throws(StoreError) {
        let variant = comparison.variant
        try comparison.finish(from: stone)
        try addVariants(of: digest, from: variant)
    }

    /// Copies the object for every mode and owner that is wanted and not there, or there and damaged.
    private func addVariants(of digest: ObjectID, from source: EntryMetadata) throws(StoreError) {
        for variant in wanted[digest]?.variants ?? [] where variant != source {
            let isKnown = known[digest]?.variants.contains(variant) ?? false
            let size = wanted[digest]?.size
            if isKnown, try store.contentDigest(of: digest, variant, size: size) == digest { continue }
            try store.copyObject(digest, from: source, to: variant, size: size)
        }
    }
}
