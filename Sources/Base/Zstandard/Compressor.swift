internal import CZstd

/// Zstandard frames: reusable compressors and bounded decompressors over libzstd, whole or streaming.
///
/// Makes zstd frames, one after the other; the context is kept between frames.
///
/// The bytes of a frame depend on the parameters, the pledged size and the input, never on how the input was cut into
/// calls nor on the number of workers, as long as there is at least one.
package struct Compressor: ~Copyable {
    package struct Parameters: Hashable, Sendable {
        /// 1 to 22; negative levels are faster than 1.
        package var level: Int
        /// Most bytes a match may reach back, as a power of two; nil lets the level decide. A pledged size shrinks it.
        package var windowLog: Int?
        /// Threads that compress; 0 compresses on the calling thread. Ignored where libzstd has no threads.
        package var workers: Int
        /// Looks for long matches far back, at little cost whatever the level: for differences of large files.
        package var findsDistantMatches: Bool

        package init(level: Int = 3, windowLog: Int? = nil, workers: Int = 0, findsDistantMatches: Bool = false) {
            self.level = level
            self.windowLog = windowLog
            self.workers = workers
            self.findsDistantMatches = findsDistantMatches
        }

        /// For frames against a prefix, see ``Compressor/compress(_:against:)``. Of prefixes and contents that have more
        /// than 128 MiB together, not all is looked at.
        package static let difference = Parameters(windowLog: 27, findsDistantMatches: true)
    }

    package struct Progress: Sendable {
        package var consumed: Int
        package var produced: Int
        /// Everything handed in, and for `finish` the end of the frame too, has reached an output buffer.
        package var isComplete: Bool
    }

    private let context: OpaquePointer
    /// Bytes that were pledged and did not come yet. libzstd itself forgets the pledge when nothing comes at all.
    private var pledgedRemaining: UInt64?

    /// Throws for parameters outside libzstd's bounds and when memory is short.
    package init(_ parameters: Parameters = Parameters()) throws(ZstandardError) {
        guard let context = ZSTD_createCCtx() else { throw ZstandardError.outOfMemory }
        do throws(ZstandardError) {
            try Self.apply(parameters, to: context)
        } catch {
            ZSTD_freeCCtx(context)
            throw error
        }
        self.context = context
    }

    deinit {
        ZSTD_freeCCtx(context)
    }

    private static func apply(_ parameters: Parameters, to context: OpaquePointer) throws(ZstandardError) {
        let level = Int32(clamping: parameters.level)
        _ = try ZstandardError.check(ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level))
        if let windowLog = parameters.windowLog {
            _ = try ZstandardError.check(
                ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, Int32(clamping: windowLog)))
        }
        if parameters.findsDistantMatches {
            _ = try ZstandardError.check(ZSTD_CCtx_setParameter(context, ZSTD_c_enableLongDistanceMatching, 1))
        }
        if parameters.workers > 0 {
            // Refused by a libzstd without threads, which then compresses on the calling one.
            _ = ZSTD_CCtx_setParameter(context, ZSTD_c_nbWorkers, Int32(clamping: parameters.workers))
        }
    }

    /// Starts a frame of `pledgedSize` bytes, which its header will state; nil for an unknown size.
    ///
    /// An unfinished frame is forgotten.
    package mutating func begin(pledgedSize: UInt64?) throws(ZstandardError) {
        _ = try ZstandardError.check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
        // UInt64.max is libzstd's word for an unknown size.
        _ = try ZstandardError.check(ZSTD_CCtx_setPledgedSrcSize(context, pledgedSize ?? .max))
        pledgedRemaining = pledgedSize
    }

    /// Takes bytes from `input` and puts compressed ones into `output`; call again with what was not consumed.
    package mutating func compress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(ZstandardError) -> Progress {
        var progress = try step(input, output, ZSTD_e_continue)
        if let pledged = pledgedRemaining {
            let (remaining, overflow) = pledged.subtractingReportingOverflow(UInt64(progress.consumed))
            guard !overflow else { throw ZstandardError(.sizeMismatch, "more bytes were compressed than pledged") }
            pledgedRemaining = remaining
        }
        progress.isComplete = progress.consumed == input.count
        return progress
    }

    /// Takes the last bytes of the frame from `input` and ends it; call again with what was not consumed, and with
    /// nothing until `isComplete`. With a worker the first call returns once it has all, and the rest is done meanwhile.
    ///
    /// Throws when fewer bytes than pledged were handed in.
    package mutating func finish(
        _ input: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
        into output: UnsafeMutableRawBufferPointer
    ) throws(ZstandardError) -> Progress {
        if let pledged = pledgedRemaining {
            guard UInt64(input.count) == pledged else {
                throw input.count > pledged
                    ? ZstandardError(.sizeMismatch, "more bytes were compressed than pledged")
                    : ZstandardError(
                        .truncated, "\(pledged - UInt64(input.count)) bytes fewer were compressed than pledged")
            }
        }
        let progress = try step(input, output, ZSTD_e_end)
        if let pledged = pledgedRemaining { pledgedRemaining = pledged - UInt64(progress.consumed) }
        return progress
    }

    private func step(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, _ directive: ZSTD_EndDirective
    ) throws(ZstandardError) -> Progress {
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var destination = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let remaining = try ZstandardError.check(ZSTD_compressStream2(context, &destination, &source, directive))
        return Progress(consumed: source.pos, produced: destination.pos, isComplete: remaining == 0)
    }

    /// One frame of all of `bytes`, stating their size.
    package mutating func compress(_ bytes: UnsafeRawBufferPointer) throws(ZstandardError) -> [UInt8] {
        _ = try ZstandardError.check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
        let bound = try ZstandardError.check(ZSTD_compressBound(bytes.count))
        let context = context
        return try Array(unsafeUninitializedCapacity: bound) { (buffer, count) throws(ZstandardError) in
            count = try ZstandardError.check(
                ZSTD_compress2(context, buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count))
        }
    }

    /// One frame of all of `bytes`, stating their size.
    package mutating func compress(_ bytes: [UInt8]) throws(ZstandardError) -> [UInt8] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ZstandardError) in
            try self.compress(UnsafeRawBufferPointer(buffer))
        }
    }

    /// One frame of all of `bytes`, stating their size, that only opens with the same `prefix`: what it repeats of that
    /// takes next to nothing.
    package mutating func compress(_ bytes: [UInt8], against prefix: [UInt8]) throws(ZstandardError) -> [UInt8] {
        _ = try ZstandardError.check(ZSTD_CCtx_reset(context, ZSTD_reset_session_only))
        let bound = try ZstandardError.check(ZSTD_compressBound(bytes.count))
        let context = context
        return try Array(unsafeUninitializedCapacity: bound) { (buffer, count) throws(ZstandardError) in
            let result = prefix.withUnsafeBufferPointer { prefix in
                bytes.withUnsafeBufferPointer { bytes in
                    // For the next frame only, which is over before the prefix goes away.
                    let result = ZSTD_CCtx_refPrefix(context, prefix.baseAddress, prefix.count)
                    guard ZSTD_isError(result) == 0 else { return result }
                    return ZSTD_compress2(context, buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count)
                }
            }
            count = try ZstandardError.check(result)
        }
    }

    /// No frame of `count` bytes is larger.
    package static func bound(_ count: Int) throws(ZstandardError) -> Int {
        try ZstandardError.check(ZSTD_compressBound(count))
    }
}
