internal import CZstd

/// Opens zstd frames, one after the other; the context is kept between frames.
///
/// Only plain frames are taken: skippable frames and the formats before zstd 0.8 are refused. The window, which is what
/// libzstd reserves memory for, is bounded by the caller before a frame is looked at.
package struct Decompressor: ~Copyable {
    package struct Progress: Sendable {
        package var consumed: Int
        package var produced: Int
        /// The frame is complete and all of it has been delivered; what follows `consumed` is not part of it.
        package var frameEnded: Bool
    }

    /// The largest window the format of stones asks for, in bytes.
    package static let windowSizeMax: UInt64 = 1 << 31

    private let context: OpaquePointer
    /// How many bytes of the frame's magic number were seen.
    private var magicSeen = 0

    package init() throws(ZstandardError) {
        guard let context = ZSTD_createDCtx() else { throw ZstandardError.outOfMemory }
        self.context = context
    }

    deinit {
        ZSTD_freeDCtx(context)
    }

    /// Starts a frame; an unfinished one is forgotten.
    ///
    /// - Parameter windowSizeMax: most bytes the frame may ask to keep; rounded up to a power of two from 1 KiB to
    ///   2 GiB. A frame that wants more throws ``ZstandardError/Code/windowTooLarge`` before memory is taken.
    package mutating func begin(windowSizeMax: UInt64) throws(ZstandardError) {
        _ = try ZstandardError.check(ZSTD_DCtx_reset(context, ZSTD_reset_session_only))
        let bounded = min(max(windowSizeMax, 1 << 10), Self.windowSizeMax)
        let log = UInt64.bitWidth - (bounded - 1).leadingZeroBitCount
        _ = try ZstandardError.check(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Int32(log)))
        magicSeen = 0
    }

    /// Takes bytes from `input` and puts plain ones into `output`; call again with what was not consumed.
    package mutating func decompress(
        _ input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(ZstandardError) -> Progress {
        try checkMagic(input)
        var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
        var destination = ZSTD_outBuffer(dst: output.baseAddress, size: output.count, pos: 0)
        let hint = try ZstandardError.check(ZSTD_decompressStream(context, &destination, &source))
        return Progress(consumed: source.pos, produced: destination.pos, frameEnded: hint == 0)
    }

    /// Refuses everything libzstd would take besides plain frames.
    private mutating func checkMagic(_ input: UnsafeRawBufferPointer) throws(ZstandardError) {
        var position = 0
        while magicSeen < 4, position < input.count {
            guard input[position] == UInt8(truncatingIfNeeded: 0xfd2f_b528 as UInt32 >> UInt32(magicSeen * 8)) else {
                throw ZstandardError(.notAFrame, "these bytes do not begin with the magic number of a zstd frame")
            }
            magicSeen += 1
            position += 1
        }
    }

    /// The content of `bytes`, which must be exactly one frame of exactly `size` plain bytes.
    ///
    /// Takes `size` bytes of memory and no window; a `size` that no frame of this length can reach is refused first.
    package mutating func decompress(
        _ bytes: UnsafeRawBufferPointer, exactly size: Int
    ) throws(ZstandardError) -> [UInt8] {
        try decompress(bytes, exactly: size, prefix: UnsafeRawBufferPointer(start: nil, count: 0))
    }

    private mutating func decompress(
        _ bytes: UnsafeRawBufferPointer, exactly size: Int, prefix: UnsafeRawBufferPointer
    ) throws(ZstandardError) -> [UInt8] {
        try begin(windowSizeMax: Self.windowSizeMax)
        try checkMagic(bytes)
        guard size >= 0, UInt64(size) <= Self.plainSizeBound(compressed: UInt64(bytes.count)) else {
            throw ZstandardError(.sizeMismatch, "a frame of \(bytes.count) bytes cannot hold \(size) bytes")
        }
        let frameSize = try ZstandardError.check(ZSTD_findFrameCompressedSize(bytes.baseAddress, bytes.count))
        guard frameSize == bytes.count else {
            throw ZstandardError(.trailingBytes, "\(bytes.count - frameSize) bytes follow the zstd frame")
        }
        let context = context
        if !prefix.isEmpty {
            _ = try ZstandardError.check(ZSTD_DCtx_refPrefix(context, prefix.baseAddress, prefix.count))
        }
        let plain = try Array<UInt8>(unsafeUninitializedCapacity: size) { (buffer, count) throws(ZstandardError) in
            // An empty array has no memory, and libzstd takes no null output.
            var nothing: UInt8 = 0
            count = try withUnsafeMutableBytes(of: &nothing) { (spare) throws(ZstandardError) in
                let output = buffer.baseAddress.map { UnsafeMutableRawPointer($0) } ?? spare.baseAddress
                return try ZstandardError.check(
                    ZSTD_decompressDCtx(context, output, size, bytes.baseAddress, bytes.count))
            }
        }
        guard plain.count == size else {
            throw ZstandardError(.sizeMismatch, "the zstd frame holds \(plain.count) bytes instead of \(size)")
        }
        return plain
    }

    /// The content of `bytes`, which must be exactly one frame of exactly `size` plain bytes, made against `prefix`.
    ///
    /// Takes `size` bytes of memory besides the prefix. Another prefix than that the frame was made against gives an
    /// error or other bytes: compare a digest.
    package mutating func decompress(
        _ bytes: [UInt8], exactly size: Int, against prefix: [UInt8]
    ) throws(ZstandardError) -> [UInt8] {
        try prefix.withUnsafeBufferPointer { (prefix) throws(ZstandardError) in
            try bytes.withUnsafeBufferPointer { (bytes) throws(ZstandardError) in
                let prefix = UnsafeRawBufferPointer(prefix)
                do throws(ZstandardError) {
                    return try self.decompress(UnsafeRawBufferPointer(bytes), exactly: size, prefix: prefix)
                } catch {
                    // Where the frame was refused unseen, the context still knows memory that goes away.
                    try begin(windowSizeMax: Self.windowSizeMax)
                    _ = try ZstandardError.check(ZSTD_DCtx_refPrefix(context, nil, 0))
                    throw error
                }
            }
        }
    }

    /// The content of `bytes`, which must be exactly one frame of exactly `size` plain bytes.
    package mutating func decompress(_ bytes: [UInt8], exactly size: Int) throws(ZstandardError) -> [UInt8] {
        try bytes.withUnsafeBufferPointer { (buffer) throws(ZstandardError) in
            try self.decompress(UnsafeRawBufferPointer(buffer), exactly: size)
        }
    }

    /// No frame of `compressed` bytes holds more than this: a block has at least 4 bytes and gives at most 128 KiB.
    package static func plainSizeBound(compressed: UInt64) -> UInt64 {
        let (bound, overflow) = (compressed / 4 + 1).multipliedReportingOverflow(by: 128 << 10)
        return overflow ? .max : bound
    }

    /// Input of this many bytes at a time suits libzstd best.
    package static var inputSize: Int { ZSTD_DStreamInSize() }
}
