import Zstandard

extension PayloadHeader {
    /// The largest window that decompressing this payload may take; memory for it is only taken by a frame that asks.
    package func windowSizeMax(_ limits: StoneLimits) -> UInt64 {
        min(limits.windowSizeMax, max(plainSize, StoneLimits.windowSizeFloor))
    }
}

extension StoneReader where Source: ~Copyable {
    mutating func beginContent(_ payload: PayloadHeader) throws(Failure) {
        plainRemaining = payload.plainSize
        frameEnded = payload.compression == .none
        if payload.compression == .zstd { try beginFrame(payload) }
    }

    private mutating func beginFrame(_ payload: PayloadHeader) throws(Failure) {
        frameEnded = false
        let window = payload.windowSizeMax(limits)
        do throws(ZstandardError) {
            try decompressor.begin(windowSizeMax: window)
        } catch {
            throw fail(error)
        }
    }

    /// Fills `output` with the next plain bytes of the Content payload and returns how many; 0 at its end.
    ///
    /// Fewer bytes than fit are delivered only at the end. Checksum and size have been verified when the last bytes
    /// are delivered; until then the bytes may be anything. Best with buffers of 256 KiB, which stay in the cache.
    package mutating func readContent(into output: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
        try checkUsable()
        guard let payload = current else { return 0 }
        precondition(payload.kind == .content, "the current payload is not content")
        var produced = 0
        while plainRemaining > 0, produced < output.count {
            let room = Int(min(UInt64(output.count - produced), plainRemaining))
            let target = UnsafeMutableRawBufferPointer(rebasing: output[produced..<(produced + room)])
            if payload.compression == .zstd, frameEnded, storedRemaining > 0 { try beginFrame(payload) }
            let count = payload.compression == .zstd ? try inflate(target) : try copy(target)
            produced += count
            plainRemaining -= UInt64(count)
        }
        if plainRemaining == 0 { try finishContent(payload) }
        return produced
    }

    /// Hands the plain bytes of the Content payload to `body`, in chunks of at most 256 KiB that are valid during the call.
    ///
    /// Checksum and size have been verified when the last chunk is handed out. Rethrows what `body` throws, and a
    /// ``StoneReadError``.
    package mutating func readContent(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { chunk.deallocate() }
        while true {
            let count = try readContent(into: chunk)
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
        }
    }

    private mutating func copy(_ target: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
        guard let bytes = try stored() else { throw fail(.sizeMismatch, "the content is shorter than its header says") }
        let count = min(bytes.count, target.count)
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        consume(count)
        return count
    }

    /// One step of decompression, which may produce nothing; throws when there is nothing more to come.
    private mutating func inflate(_ target: UnsafeMutableRawBufferPointer) throws(Failure) -> Int {
        guard !frameEnded else {
            throw fail(.sizeMismatch, "the content ends \(plainRemaining) bytes before the size in its header")
        }
        let bytes = try stored() ?? UnsafeRawBufferPointer(start: nil, count: 0)
        let progress: Decompressor.Progress
        do throws(ZstandardError) {
            progress = try decompressor.decompress(bytes, into: target)
        } catch {
            throw fail(error)
        }
        consume(progress.consumed)
        frameEnded = progress.frameEnded
        if progress.produced == 0, progress.consumed == 0, !frameEnded, storedRemaining == 0 {
            throw fail(.damagedCompression, "the payload ends before its zstd frame does")
        }
        return progress.produced
    }

    /// All plain bytes were produced: the last frame and the payload must end here as well.
    private mutating func finishContent(_ payload: PayloadHeader) throws(Failure) {
        var spare: UInt8 = 0
        while !frameEnded {
            let count = try withUnsafeMutableBytes(of: &spare) { (target) throws(Failure) in try inflate(target) }
            guard count == 0 else { throw fail(.sizeMismatch, "the content is longer than its header says") }
        }
        guard storedRemaining == 0 else {
            throw fail(.trailingBytes, "\(storedRemaining) bytes follow the zstd frame inside the payload")
        }
        try finishPayload(payload)
    }
}
