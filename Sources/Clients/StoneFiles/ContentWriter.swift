internal import BytePath
internal import Digests
internal import LinuxSystem
internal import PackageModel
internal import StoneFormat
internal import TerminalOutput

/// Cuts the content of a stone, as it streams by, into files.
///
/// Without a target nothing is written: the files are only held against their digests.
/// A content that several paths have is written once and copied, so that at most two files are open.
final class ContentWriter {
    private let ranges: [ContentRange]
    private let paths: [ObjectID: [LayoutEntry]]
    private let target: ExtractionTarget?
    private let hasher = XXH3Hasher(.bits128)
    /// The range that is being written, or comes next.
    private var index = 0
    private var file: Descriptor?
    /// Whether the range at `index` has begun.
    private var isInside = false
    /// Content bytes seen so far.
    private(set) var position: UInt64 = 0

    /// - Parameter ranges: by start, not overlapping, one for each digest.
    init(ranges: [ContentRange], paths: [ObjectID: [LayoutEntry]], target: ExtractionTarget?) {
        self.ranges = ranges
        self.paths = paths
        self.target = target
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            guard index < ranges.count else {
                position += UInt64(rest.count)  // behind the last range: nobody's
                return
            }
            let range = ranges[index]
            if position < range.start {
                let gap = Int(min(range.start - position, UInt64(rest.count)))
                rest = UnsafeRawBufferPointer(rebasing: rest[gap...])
                position += UInt64(gap)
                continue
            }
            try begin(range)
            // An empty range may stand inside another one, which has gone by then.
            let left = range.end > position ? range.end - position : 0
            let count = Int(min(left, UInt64(rest.count)))
            let piece = UnsafeRawBufferPointer(rebasing: rest[..<count])
            try file?.write(piece)
            hasher.update(piece)
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            position += UInt64(count)
            if position >= range.end { try end(range) }
        }
    }

    /// Writes empty files that stand at the end.
    func finish() throws {
        while index < ranges.count {
            try begin(ranges[index])
            try end(ranges[index])
        }
    }

    private func begin(_ range: ContentRange) throws {
        guard !isInside, let first = paths[range.digest]?.first else { return }
        file = try target?.createFile(first.path)
        isInside = true
        hasher.reset()
    }

    private func end(_ range: ContentRange) throws {
        let entries = paths[range.digest] ?? []
        guard ObjectID(hasher.digest128) == range.digest || range.count == 0 else {
            throw StoneError(
                .digestMismatch, payload: .content,
                "the content of \"\(entries.first?.path.display.printable ?? "")\" is not what its digest says")
        }
        for entry in entries.dropFirst() {
            guard let target else { break }
            let copy = try target.createFile(entry.path)
            if range.count > 0, let first = entries.first { try target.copyContents(of: first.path, to: copy) }
            try copy.setMode(entry.mode & 0o777)
        }
        if let first = entries.first { try file?.setMode(first.mode & 0o777) }
        file = nil
        isInside = false
        index += 1
    }
}
