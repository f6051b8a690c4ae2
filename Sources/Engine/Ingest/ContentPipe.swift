internal import BytePath
internal import LinuxSystem
internal import ObjectStore
internal import PackageCatalog
internal import StoneFormat

/// Decompresses a Content payload on one thread and splits it into objects on another.
struct ContentPipe: Sendable {
    private static let chunkByteCount = 1 << 20
    private static let chunksInFlight = 4
    /// Below this a second thread costs more than it saves.
    private static let threadThreshold: UInt64 = 2 << 20

    private let path: BytePath
    private let progress: @Sendable (UInt64) -> Void

    init(_ path: BytePath, _ progress: @escaping @Sendable (UInt64) -> Void) {
        self.path = path
        self.progress = progress
    }

    /// Part of the content on its way from one thread to the other; whoever took it from a queue owns it.
    private final class Chunk: @unchecked Sendable {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ContentPipe.chunkByteCount, alignment: 64)
        var count = 0
        var filled: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[..<count]) }
        deinit { buffer.deallocate() }
    }

    /// The two ends. `reader` is touched by the first thread only, `splitter` by the second only, and both outlive them.
    private struct Ends: @unchecked Sendable {
        let reader: UnsafeMutablePointer<StoreStoneReader>
        let splitter: UnsafeMutablePointer<ContentSplitter>
    }

    func run(
        _ reader: inout StoreStoneReader, _ splitter: inout ContentSplitter, contentSize: UInt64
    ) throws(StoreError) {
        if contentSize >= Self.threadThreshold, try runThreaded(&reader, &splitter) { return }
        let chunk = Chunk()
        while try fill(chunk, &reader) {
            try splitter.consume(chunk.filled)
            progress(UInt64(chunk.count))
        }
    }

    /// - Returns: false when there is no second thread to be had, and nothing was done.
    private func runThreaded(
        _ reader: inout StoreStoneReader, _ splitter: inout ContentSplitter
    ) throws(StoreError) -> Bool {
        try withUnsafeMutablePointer(to: &reader) { (reader) throws(StoreError) in
            try withUnsafeMutablePointer(to: &splitter) { (splitter) throws(StoreError) in
                try run(Ends(reader: reader, splitter: splitter))
            }
        }
    }

    private func run(_ ends: Ends) throws(StoreError) -> Bool {
        let empty = BlockingQueue<Chunk>(capacity: Self.chunksInFlight)
        let full = BlockingQueue<Chunk>(capacity: Self.chunksInFlight)
        let failure = FirstError<StoreError>()
        for _ in 0..<Self.chunksInFlight { _ = empty.push(Chunk()) }
        let ran = withSecondThread {
            defer { empty.close() }
            do throws(StoreError) {
                while let chunk = full.pop() {
                    try ends.splitter.pointee.consume(chunk.filled)
                    progress(UInt64(chunk.count))
                    _ = empty.push(chunk)
                }
            } catch {
                failure.record(error)
            }
        } _: {
            defer { full.close() }
            do throws(StoreError) {
                while let chunk = empty.pop() {
                    guard try fill(chunk, &ends.reader.pointee), full.push(chunk) else { return }
                }
            } catch {
                failure.record(error)
            }
        }
        try failure.throwIfAny()
        return ran
    }

    /// Reads the next piece of content; false at its end.
    private func fill(_ chunk: Chunk, _ reader: inout StoreStoneReader) throws(StoreError) -> Bool {
        chunk.count = try StoreError.reading(path) { () throws(StoneFailure) in
            try reader.readContent(into: chunk.buffer)
        }
        return chunk.count > 0
    }
}
