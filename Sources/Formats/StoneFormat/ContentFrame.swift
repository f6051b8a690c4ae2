package import Digests
internal import PackageModel

/// One zstd frame of a Content payload of several, which can be opened without the others.
///
/// A stone that has more than one of them lists all, in their order, in a payload of the kind ``PayloadKind/frames``
/// before the content: for each its stored and its plain size (u64 each, big-endian) and the SHA-256 of its stored bytes.
/// Readers that know nothing of it pass that payload over and read the frames one after the other.
package struct ContentFrame: Hashable, Sendable {
    package var storedSize: UInt64
    package var plainSize: UInt64
    /// Of the stored bytes.
    package var digest: SHA256Digest

    package init(storedSize: UInt64, plainSize: UInt64, digest: SHA256Digest) {
        self.storedSize = storedSize
        self.plainSize = plainSize
        self.digest = digest
    }

    package static let recordByteCount = 16 + SHA256Digest.byteCount

    /// Reads `count` records that make up all of `plain`.
    package static func decode(
        _ plain: UnsafeRawBufferPointer, count: UInt32, at offset: UInt64
    ) throws(StoneError) -> [ContentFrame] {
        var parser = RecordParser(plain, kind: .frames, offset: offset)
        let count = try parser.check(count: count, sizeMin: recordByteCount)
        var frames: [ContentFrame] = []
        frames.reserveCapacity(count)
        for record in 0..<count {
            parser.record = record
            let storedSize = try parser.integer(UInt64.self)
            let plainSize = try parser.integer(UInt64.self)
            guard plainSize <= plainSizeMax else {
                throw parser.error(.limitExceeded, "a frame of \(plainSize) plain bytes, more than \(plainSizeMax)")
            }
            guard storedSize <= storedSizeMax else {
                throw parser.error(.limitExceeded, "a frame of \(storedSize) bytes, more than \(storedSizeMax)")
            }
            let digest = SHA256Digest(bytes: try parser.slice(UInt64(SHA256Digest.byteCount)))
            frames.append(ContentFrame(storedSize: storedSize, plainSize: plainSize, digest: digest))
        }
        try parser.finish()
        return frames
    }

    /// The plain bytes of a payload with these records.
    package static func encode(_ frames: [ContentFrame]) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(frames.count * recordByteCount)
        for frame in frames {
            plain.append(bigEndian: frame.storedSize)
            plain.append(bigEndian: frame.plainSize)
            plain += frame.digest.bytes
        }
        return plain
    }
}

// MARK: - Where content is cut

extension ContentFrame {
    /// What has no more plain bytes than this is one frame, without a list.
    private static let singleSizeMax: UInt64 = 8 << 20
    /// Frames that begin with a file of this size or more are cut earlier: such files gain little from each other, while
    /// small ones do.
    private static let largeFileSize: UInt64 = 256 << 10

    /// No frame of ours has more plain bytes.
    package static let plainSizeMax: UInt64 = 8 << 20
    /// What cannot be compressed takes a little more than itself.
    private static let storedSizeMax: UInt64 = plainSizeMax + plainSizeMax / 256 + 64

    /// The plain sizes of the frames that a stone's content is cut into: between files where that leaves no frame very
    /// small, and inside of those that are larger than a frame.
    package static func plan(_ files: [ContentFile]) -> [UInt64] {
        let total = files.saturatedSum(\.size)
        guard total > singleSizeMax else { return [total] }
        var plan: [UInt64] = []
        var (current, target) = (UInt64(0), UInt64(0))
        for file in files {
            if current > 0, current + file.size > target, current >= target / 4 {
                plan.append(current)
                current = 0
            }
            if current == 0 { target = file.size >= largeFileSize ? plainSizeMax / 2 : plainSizeMax }
            var rest = file.size
            while rest > target - current {
                plan.append(target)
                rest -= target - current
                current = 0
            }
            current += rest
        }
        return current > 0 ? plan + [current] : plan
    }
}
