import TestSupport
import Testing
import Zstandard

@Suite("Zstandard frames")
struct ZstandardTests {
    /// Words, so that there is something to compress.
    private func text(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var generator = SeededGenerator(seed: seed)
        let words = (0..<500).map { _ in Array("\(UInt32.random(in: 0...99_999, using: &generator)) ".utf8) }
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += words.randomElement(using: &generator) ?? [] }
        return Array(bytes.prefix(count))
    }

    /// A frame made by streaming, with input and output cut as told.
    private func stream(
        _ bytes: [UInt8], _ parameters: Compressor.Parameters, input: Int, output: Int, pledged: Bool = true
    ) throws -> [UInt8] {
        var compressor = try Compressor(parameters)
        try compressor.begin(pledgedSize: pledged ? UInt64(bytes.count) : nil)
        var frame: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: output)
        var position = 0
        while position < bytes.count {
            let part = Array(bytes[position..<min(position + input, bytes.count)])
            let progress = try part.withUnsafeBytes { source in
                try buffer.withUnsafeMutableBytes { try compressor.compress(source, into: $0) }
            }
            position += progress.consumed
            frame += buffer[..<progress.produced]
        }
        var isComplete = false
        while !isComplete {
            let progress = try buffer.withUnsafeMutableBytes { try compressor.finish(into: $0) }
            frame += buffer[..<progress.produced]
            isComplete = progress.isComplete
        }
        return frame
    }

    private func unstream(
        _ frame: [UInt8], windowSizeMax: UInt64 = 1 << 27, input: Int, output: Int
    ) throws -> [UInt8] {
        var decompressor = try Decompressor()
        try decompressor.begin(windowSizeMax: windowSizeMax)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: output)
        var position = 0
        while true {
            let part = Array(frame[position..<min(position + input, frame.count)])
            let progress = try part.withUnsafeBytes { source in
                try buffer.withUnsafeMutableBytes { try decompressor.decompress(source, into: $0) }
            }
            position += progress.consumed
            bytes += buffer[..<progress.produced]
            if progress.frameEnded { return bytes }
            if progress.consumed == 0, progress.produced == 0 { throw ZstandardError(.truncated, "the frame is cut") }
        }
    }

    @Test("one-shot frames give back what went in", arguments: [0, 1, 32, 1000, 200_000])
    func oneShot(count: Int) throws {
        var compressor = try Compressor(Compressor.Parameters(level: 18, windowLog: 31))
        var decompressor = try Decompressor()
        for seed in 0..<3 as Range<UInt64> {
            let bytes = text(count, seed: seed)
            let frame = try compressor.compress(bytes)
            #expect(try decompressor.decompress(frame, exactly: count) == bytes)
        }
    }

    @Test("an empty frame is the nine bytes that upstream writes")
    func empty() throws {
        let nine: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00]
        let parameters = Compressor.Parameters(level: 18, windowLog: 31, workers: 2)
        var compressor = try Compressor(parameters)
        #expect(try compressor.compress([]) == nine)
        #expect(try stream([], parameters, input: 1, output: 64) == nine)
    }

    @Test("frames do not depend on how input and output are cut, nor on the number of workers")
    func reproducible() throws {
        let bytes = text(3_000_000)
        let frame = try stream(
            bytes, Compressor.Parameters(level: 1, windowLog: 31, workers: 1), input: 1 << 20, output: 1 << 17)
        for workers in 1...3 {
            let parameters = Compressor.Parameters(level: 1, windowLog: 31, workers: workers)
            #expect(try stream(bytes, parameters, input: 77_777, output: 1 << 17) == frame)
            #expect(try stream(bytes, parameters, input: 3_000_000, output: 1001) == frame)
        }
        #expect(try unstream(frame, input: 100_000, output: 5000) == bytes)
        #expect(try unstream(frame, input: 4096, output: 1 << 20) == bytes)
    }

    @Test("streams may be cut into single bytes")
    func singleBytes() throws {
        let bytes = text(2000)
        let frame = try stream(bytes, Compressor.Parameters(), input: 1, output: 1, pledged: false)
        #expect(try unstream(frame, input: 1, output: 1) == bytes)
    }

    @Test("a pledge that is not kept is an error")
    func pledge() throws {
        var compressor = try Compressor()
        var buffer = [UInt8](repeating: 0, count: 1000)
        try compressor.begin(pledgedSize: 10)
        #expect(throws: ZstandardError.self) {
            _ = try buffer.withUnsafeMutableBytes { try compressor.finish(into: $0) }
        }
    }

    /// Frames that are refused, and why.
    @Test(
        "what is not exactly one whole frame of the expected size is refused",
        arguments: [
            (0, ZstandardError.Code.sizeMismatch),  // expects one byte more
            (1, .sizeMismatch),  // expects one byte less
            (2, .truncated),  // lacks the last byte
            (3, .trailingBytes),  // one byte after the frame
            (4, .trailingBytes),  // two frames
            (5, .notAFrame),  // skippable frame
            (6, .notAFrame),  // no frame
            (7, .sizeMismatch),  // claims more than any frame of its length can hold
        ])
    func refused(number: Int, code: ZstandardError.Code) throws {
        let bytes = text(1000)
        var compressor = try Compressor()
        let frame = try compressor.compress(bytes)
        let skippable: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9]
        let cases: [([UInt8], Int)] = [
            (frame, 1001), (frame, 999), (frame.dropLast(), 1000), (frame + [0], 1000), (frame + frame, 2000),
            (skippable, 0), (bytes, 1000), (frame, 1 << 40),
        ]
        var decompressor = try Decompressor()
        let (input, size) = cases[number]
        let error = #expect(throws: ZstandardError.self) { _ = try decompressor.decompress(input, exactly: size) }
        #expect(error?.code == code)
        #expect(try decompressor.decompress(frame, exactly: 1000) == bytes, "usable after an error")
    }

    @Test("a window larger than the caller allows is refused before memory is taken")
    func window() throws {
        // Frame header: no content size, window descriptor for 2^30 bytes, then an empty last block.
        let hostile: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, 0x01, 0x00, 0x00]
        let error = #expect(throws: ZstandardError.self) {
            _ = try unstream(hostile, windowSizeMax: 1 << 23, input: 100, output: 100)
        }
        #expect(error?.code == .windowTooLarge)
        #expect(try unstream(hostile, windowSizeMax: 1 << 30, input: 100, output: 100).isEmpty)
    }

    @Test("skippable frames are refused by the stream as well, even byte by byte")
    func skippable() throws {
        let skippable: [UInt8] = [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9]
        for size in [1, 3, 9] {
            let error = #expect(throws: ZstandardError.self) { _ = try unstream(skippable, input: size, output: 10) }
            #expect(error?.code == .notAFrame)
        }
    }

    @Test("a frame against a prefix repeats it for next to nothing, and opens with it only")
    func prefix() throws {
        var generator = SeededGenerator(seed: 9)
        // Nothing in it repeats itself, so that only the prefix can help.
        let old = (0..<400_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        let new = old[100_000...] + Array("something new".utf8) + old[..<100_000]
        var compressor = try Compressor(.difference)
        var decompressor = try Decompressor()
        let frame = try compressor.compress(Array(new), against: old)
        #expect(frame.count < 2000)
        #expect(try decompressor.decompress(frame, exactly: new.count, against: old) == Array(new))
        var other = old
        other[200_000] ^= 1
        #expect((try? decompressor.decompress(frame, exactly: new.count, against: other)) != Array(new))
        #expect((try? decompressor.decompress(frame, exactly: new.count)) != Array(new))
        #expect(throws: ZstandardError.self) {
            try decompressor.decompress([1, 2, 3, 4, 5, 6, 7, 8], exactly: 5, against: old)
        }
        // The contexts are as before.
        let plain = text(1000)
        #expect(try decompressor.decompress(compressor.compress(plain), exactly: 1000) == plain)
        #expect(try compressor.compress(Array(new), against: old) == frame)
        #expect(try decompressor.decompress(compressor.compress([], against: old), exactly: 0, against: old) == [])
        #expect(
            try decompressor.decompress(compressor.compress(plain, against: []), exactly: 1000, against: []) == plain)
    }
}
