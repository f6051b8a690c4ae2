import BytePath
import Digests
package import PackageModel
import Zstandard

/// Writes a binary package: Meta, Layout, Index, for larger ones a list of frames, then the content as it is streamed in.
///
/// ```
/// var writer = try StoneWriter(sink, metadata: metadata, layout: layout, files: files)
/// for file in files { … try writer.write(bytes) … }
/// let sink = try writer.finish()
/// ```
///
/// The same values and options give the same bytes, however the content is cut into calls and however many threads
/// compress it: the layout is sorted by path, `files` must be in content order, and content is hashed on the way in, so
/// that a file that changed since its digest was computed is an error and not a broken stone.
/// The Content payload's header and the list are corrected at the end, with one `overwrite` each. After an error what the sink holds is
/// no stone.
package struct StoneWriter<Sink: ByteSink & ~Copyable>: ~Copyable {
    package typealias Failure = StoneWriteError<Sink.Failure>

    private var sink: Sink
    private let files: [ContentFile]
    private var content: FrameWriter?
    /// Hash of the stored bytes of the Content payload.
    private let storedHasher = XXH3Hasher(.bits64)
    private var storedSize: UInt64 = 0
    private let contentOffset: UInt64
    private let framesOffset: UInt64?
    private let contentSize: UInt64
    /// The file that is being written, its hash and what is missing of it.
    private var position = 0
    private let fileHasher = XXH3Hasher(.bits128)
    private var fileRemaining: UInt64

    /// Writes everything that comes before the content.
    ///
    /// - Parameter files: the digests of the layout, each once, with the sizes of their contents, ordered by
    ///   ``ContentFile/precedes(_:_:)``.
    package init(
        _ sink: consuming Sink, metadata: PackageMetadata, layout: [LayoutEntry], files: [ContentFile],
        options: StoneWriterOptions = StoneWriterOptions()
    ) throws(Failure) {
        var sink = sink
        let prologue: StonePrologue
        var content: FrameWriter?
        let plan = ContentFrame.plan(files)
        do throws(StoneError) {
            prologue = try StonePrologue(
                metadata: metadata, layout: layout, files: files, frameCount: plan.count, options: options)
            if !files.isEmpty { content = try Self.content(plan, options) }
        } catch {
            throw .stone(error)
        }
        try Self.write(prologue.bytes, to: &sink)
        self.sink = sink
        self.files = files
        self.content = content
        contentOffset = UInt64(prologue.bytes.count - PayloadHeader.byteCount)
        framesOffset = prologue.framesOffset
        contentSize = prologue.contentSize
        fileRemaining = files.first?.size ?? 0
    }

    private static func content(
        _ plan: [UInt64], _ options: StoneWriterOptions
    ) throws(StoneError) -> FrameWriter {
        do throws(ZstandardError) {
            return try FrameWriter(plan, options)
        } catch {
            throw StoneError(error.code == .outOfMemory ? .outOfMemory : .formatLimit, error.message)
        }
    }

    /// Takes the next bytes of the content; calls may cut it anywhere.
    ///
    /// Throws `contentMismatch` where a file has not the digest it was announced with, or for bytes after the last.
    package mutating func write(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            try endFiles()
            guard position < files.count else {
                throw mismatch("\(rest.count) bytes more than the files were announced with")
            }
            let count = Int(min(UInt64(rest.count), fileRemaining))
            let part = UnsafeRawBufferPointer(rebasing: rest.prefix(count))
            fileHasher.update(part)
            fileRemaining -= UInt64(count)
            try compress(part)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
        try endFiles()
    }

    /// Ends the stone and returns the sink. Throws `contentMismatch` where content is missing.
    package consuming func finish() throws(Failure) -> Sink {
        try endFiles()
        guard position == files.count else {
            throw mismatch("\(fileRemaining) bytes of the file \(files[position].digest) are missing")
        }
        if let content {
            try attempt { () throws(ZstandardError) in try content.startEmpty() }
            while try storeNext(content) {}
            let header = PayloadHeader(
                storedSize: storedSize, plainSize: contentSize, checksum: storedHasher.digest64, recordCount: 0,
                kind: .content, compression: .zstd)
            try correct(header.encoded, at: contentOffset)
            if let framesOffset {
                let list = ContentFrame.encode(content.frames)
                let payload = RecordPayloadEncoder.encodePlain(
                    .frames, plain: list, recordCount: UInt32(content.frames.count))
                try correct(payload, at: framesOffset)
            }
        }
        return sink
    }

    /// Checks the files that are complete; empty ones are so at once.
    private mutating func endFiles() throws(Failure) {
        while position < files.count, fileRemaining == 0 {
            let digest = ObjectID(fileHasher.digest128)
            guard digest == files[position].digest else {
                throw mismatch("the file \(files[position].digest) has become \(digest)")
            }
            fileHasher.reset()
            position += 1
            if position < files.count { fileRemaining = files[position].size }
        }
    }

    private mutating func compress(_ bytes: UnsafeRawBufferPointer) throws(Failure) {
        guard let content else { return }
        var rest = bytes
        while !rest.isEmpty {
            let input = rest
            let count = try attempt { () throws(ZstandardError) in try content.take(input) }
            if count == 0, try !storeNext(content) {
                throw .stone(StoneError(.unusable, "the writer has failed before"))
            }
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
        }
    }

    private func attempt<R>(_ step: () throws(ZstandardError) -> R) throws(Failure) -> R {
        do throws(ZstandardError) {
            return try step()
        } catch {
            throw .stone(StoneError(.outOfMemory, payload: .content, error.message))
        }
    }

    /// Hands the next finished frame to the sink; false where there is none.
    private mutating func storeNext(_ content: FrameWriter) throws(Failure) -> Bool {
        guard let bytes = try attempt({ () throws(ZstandardError) in try content.next() }) else { return false }
        storedHasher.update(bytes)
        storedSize += UInt64(bytes.count)
        do throws(Sink.Failure) {
            try sink.write(bytes)
        } catch {
            throw .sink(error)
        }
        return true
    }

    private mutating func correct(_ bytes: [UInt8], at offset: UInt64) throws(Failure) {
        try Self.withBytes(bytes, of: &sink) { (sink, bytes) throws(Sink.Failure) in
            try sink.overwrite(bytes, at: offset)
        }
    }

    private static func write(_ bytes: [UInt8], to sink: inout Sink) throws(Failure) {
        try withBytes(bytes, of: &sink) { (sink, bytes) throws(Sink.Failure) in try sink.write(bytes) }
    }

    private static func withBytes(
        _ bytes: [UInt8], of sink: inout Sink,
        _ body: (inout Sink, UnsafeRawBufferPointer) throws(Sink.Failure) -> Void
    ) throws(Failure) {
        do throws(Sink.Failure) {
            try bytes.withUnsafeBufferPointer { (buffer) throws(Sink.Failure) in
                try body(&sink, UnsafeRawBufferPointer(buffer))
            }
        } catch {
            throw .sink(error)
        }
    }

    private func mismatch(_ message: String) -> Failure {
        .stone(StoneError(.contentMismatch, at: contentOffset, payload: .content, message))
    }
}
