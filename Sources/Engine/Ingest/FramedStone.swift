package import BytePath
package import Digests
internal import FileTree
package import LinuxSystem
package import ObjectStore
internal import PackageCatalog
package import PackageModel
internal import StoneFormat
internal import Zstandard

/// A stone of which only what stands before its content is at hand, and whose content comes in frames.
package struct FramedStone: Sendable {
    /// A part of the stone's file that holds one frame.
    package struct Frame: Hashable, Sendable {
        /// In the file.
        package let range: Range<UInt64>
        /// SHA-256 of these bytes.
        package let digest: SHA256Digest
        /// Where its plain bytes are in the content.
        fileprivate let plain: Range<UInt64>
    }

    package let frames: [Frame]
    private let path: BytePath
    /// Ascending, not overlapping, without empty ones.
    private let ranges: [ContentRange]
    private let wanted: [ObjectID: ObjectRecord]
    private let numbers: [ObjectID: Int]

    /// Reads the head of a stone: everything up to the first byte of its content.
    ///
    /// - Parameters:
    ///   - path: for errors.
    ///   - head: verified by whoever calls: what it says of frames is believed as far as it agrees with itself.
    ///   - size: of the whole stone.
    package init(
        _ path: BytePath, head: borrowing Descriptor, size: UInt64, _ ownership: ObjectStore.Ownership
    ) throws(StoreError) {
        var reader = try StoneSource.open(path, StoneSource(head, digest: nil), collectsManifest: false)
        var parts = StoneParts()
        var listed: [ContentFrame] = []
        var start: UInt64?
        while start == nil,
            let payload = try StoreError.reading(path, { () throws(StoneFailure) in try reader.nextPayload() })
        {
            if payload.kind == .frames {
                listed = try StoreError.reading(path) { () throws(StoneFailure) in try reader.readFrames() }
                continue
            }
            try StoreError.reading(path) { () throws(StoneFailure) in try parts.take(payload, from: &reader) }
            if payload.kind == .content { start = reader.payloadOffset + UInt64(PayloadHeader.byteCount) }
        }
        let package = try parts.package(path)
        guard var position = start, !listed.isEmpty else {
            throw .stone(path, StoneError(.missingPayload, "the stone lists no frames of content"))
        }
        var plain: UInt64 = 0
        var frames: [Frame] = []
        for frame in listed {
            // No sum of sizes that were checked one by one comes near the end of numbers.
            frames.append(
                Frame(
                    range: position..<(position + frame.storedSize), digest: frame.digest,
                    plain: plain..<(plain + frame.plainSize)))
            position += frame.storedSize
            plain += frame.plainSize
        }
        guard position <= size, plain == package.contentSize else {
            throw .stone(path, StoneError(.sizeMismatch, payload: .frames, "the frames do not make up the content"))
        }
        self.frames = frames
        self.path = path
        ranges = package.ranges.filter { $0.count > 0 }
        wanted = PackageRecord.wantedObjects(package.layout, package.sizes, effective: ownership.effective)
        numbers = Dictionary(
            ranges.enumerated().map { ($0.element.digest, $0.offset) }, uniquingKeysWith: { first, _ in first })
    }

    /// The frames that have to be there for an object; nil where the stone has no such object.
    package func frames(of id: ObjectID) -> Range<Int>? {
        guard let number = numbers[id] else { return nil }
        let range = ranges[number]
        let first = frames.partition { $0.plain.upperBound > range.start }
        let last = frames.partition { $0.plain.upperBound >= range.end }
        return first..<(last + 1)
    }

    /// Puts all objects into the store that are wholly in `frames`; returns which.
    ///
    /// - Parameter stored: the bytes of a frame by its number, one after the other; verified here.
    package func unpack(
        _ numbers: Range<Int>, into objects: ObjectStore,
        _ stored: (Int) throws(StoreError) -> [UInt8]
    ) throws(StoreError) -> [ObjectID] {
        guard let first = numbers.first, let last = numbers.last else { return [] }
        let (start, end) = (frames[first].plain.lowerBound, frames[last].plain.upperBound)
        var next = ranges.partition { $0.start >= start }
        var writer = ObjectWriter(objects)
        var done: [ObjectID] = []
        for number in numbers {
            let frame = frames[number]
            let bytes = try plainBytes(of: frame, try stored(number))
            while next < ranges.count, ranges[next].end <= end, ranges[next].start < frame.plain.upperBound {
                let range = ranges[next]
                if range.start >= frame.plain.lowerBound {
                    try writer.begin(digest: range.digest, metadata: variant(of: range.digest))
                }
                let from = max(range.start, frame.plain.lowerBound) - frame.plain.lowerBound
                let to = min(range.end, frame.plain.upperBound) - frame.plain.lowerBound
                try bytes[Int(from)..<Int(to)].withUnsafeBufferPointer { (piece) throws(StoreError) in
                    try writer.append(UnsafeRawBufferPointer(piece))
                }
                // The rest is in the next frame.
                guard range.end <= frame.plain.upperBound else { break }
                try writer.finish(from: path, .keepingEqual)
                try addVariants(of: range.digest, objects)
                done.append(range.digest)
                next += 1
            }
        }
        return done
    }

    private func variant(of id: ObjectID) -> EntryMetadata { wanted[id]?.variants.first ?? .plainFile }

    private func addVariants(of id: ObjectID, _ objects: ObjectStore) throws(StoreError) {
        let first = variant(of: id)
        for variant in wanted[id]?.variants ?? [] where variant != first {
            try objects.copyObject(id, from: first, to: variant, size: wanted[id]?.size)
        }
    }

    private func plainBytes(of frame: Frame, _ stored: [UInt8]) throws(StoreError) -> [UInt8] {
        let found = stored.withUnsafeBytes { SHA256Digest(hashing: $0) }
        guard found == frame.digest else {
            throw .stone(
                path, StoneError(.checksumMismatch, payload: .content, "a frame is not the one that is listed"))
        }
        do throws(ZstandardError) {
            var decompressor = try Decompressor()
            return try decompressor.decompress(stored, exactly: frame.plain.count)
        } catch {
            throw .stone(path, StoneError(.damagedCompression, payload: .content, error.message))
        }
    }
}

extension Array {
    /// The number of elements before the first for which `isRight`, which is so for all after it too.
    fileprivate func partition(_ isRight: (Element) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isRight(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
