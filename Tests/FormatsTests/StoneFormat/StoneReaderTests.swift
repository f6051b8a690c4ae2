import Digests
import Glibc
import PackageModel
import StoneFormat
import TestSupport
import Testing
import Zstandard

@Suite("Streaming stones")
struct StoneReaderTests {
    /// Gives a prefix, then zeros, a few bytes at a time, and can fail.
    private struct SlowSource: ByteSource {
        struct Broken: Error {}
        var prefix: [UInt8]
        var zeros = 0
        var step = Int.max
        var failsAtEnd = false
        var position = 0

        mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(Broken) -> Int {
            let count = min(step, buffer.count, prefix.count + zeros - position)
            if count == 0, failsAtEnd { throw Broken() }
            for index in 0..<min(count, max(0, prefix.count - position)) { buffer[index] = prefix[position + index] }
            let zerosFrom = max(0, prefix.count - position)
            if zerosFrom < count, let start = buffer.baseAddress { memset(start + zerosFrom, 0, count - zerosFrom) }
            position += count
            return count
        }
    }

    @Test("a source may return single bytes", arguments: [1, 2, 31, 33])
    func smallSteps(step: Int) throws {
        var generator = SeededGenerator(seed: 21)
        let bytes = try SamplePackage.random(using: &generator).stone()
        var reader = try StoneReader(SlowSource(prefix: bytes, step: step))
        let slow = try StoneDocument(reading: &reader)
        let whole = try StoneDocument(decoding: bytes)
        #expect(slow.payloads == whole.payloads)
    }

    @Test("a source's own error comes through")
    func sourceError() throws {
        var reader = try StoneReader(SlowSource(prefix: Array(StoneVectors.demo.prefix(400)), failsAtEnd: true))
        do throws(StoneReadError<SlowSource.Broken>) {
            while try reader.nextPayload() != nil {}
            Issue.record("accepted")
        } catch {
            guard case .source = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    @Test("content may be left in the middle, the rest is still verified")
    func partialContent() throws {
        let content = [UInt8](repeating: 5, count: 5000)
        for damage in [false, true] {
            var stone = RawStone()
            stone.append(.content, content, count: 0) { if damage { $0.checksum += 1 } }
            var reader = try StoneReader(ByteArraySource(stone.bytes))
            #expect(try reader.nextPayload()?.kind == .content)
            var some = [UInt8](repeating: 0, count: 100)
            #expect(try some.withUnsafeMutableBytes { try reader.readContent(into: $0) } == 100)
            if damage {
                #expect(throws: StoneReadError<Never>.self) { _ = try reader.nextPayload() }
            } else {
                let next = try reader.nextPayload()
                #expect(next == nil)
            }
        }
    }

    @Test("the last content bytes are handed out only after size and checksum were verified")
    func lastBytes() throws {
        var stone = RawStone()
        stone.append(.content, [1, 2, 3], count: 0) { $0.checksum += 1 }
        var reader = try StoneReader(ByteArraySource(stone.bytes))
        _ = try reader.nextPayload()
        var chunks = 0
        #expect(throws: StoneReadError<Never>.self) { try reader.readContent { _ in chunks += 1 } }
        #expect(chunks == 0)
    }

    @Test("hundreds of megabytes of content pass through a few of memory")
    func memoryOfContent() async {
        await #expect(processExitsWith: .success) {
            let count = 400 << 20
            let hasher = XXH3Hasher(.bits64)
            let zeros = [UInt8](repeating: 0, count: 1 << 20)
            for _ in 0..<400 { zeros.withUnsafeBytes { hasher.update($0) } }
            let payload = PayloadHeader(
                storedSize: UInt64(count), plainSize: UInt64(count), checksum: hasher.digest64, recordCount: 0,
                kind: .content, compression: .none)
            let prefix = StoneHeader(payloadCount: 1, fileType: .binary).encoded + payload.encoded
            var reader = try StoneReader(SlowSource(prefix: prefix, zeros: count))
            _ = try reader.nextPayload()
            let before = peakMemory()
            var read = 0
            try reader.readContent { read += $0.count }
            #expect(read == count)
            #expect(peakMemory() - before < 8 << 20)
            let end = try reader.nextPayload()
            #expect(end == nil)
        }
    }

    @Test("what a header claims takes no memory until it arrives, bombs none at all")
    func memoryOfClaims() async {
        await #expect(processExitsWith: .success) {
            // 300 bytes of zeros claimed to be 200 MiB of records, compressed and not.
            for kind in [PayloadKind.meta, .layout, .index, .attributes, .content, PayloadKind(rawValue: 99)] {
                for compression in [PayloadCompression.none, .zstd] {
                    let size: UInt64 = 200 << 20
                    let payload = PayloadHeader(
                        storedSize: size, plainSize: size, checksum: 0, recordCount: .max, kind: kind,
                        compression: compression)
                    let prefix = StoneHeader(payloadCount: 1, fileType: .binary).encoded + payload.encoded
                    let before = peakMemory()
                    #expect(throws: StoneReadError<SlowSource.Broken>.self) {
                        var reader = try StoneReader(SlowSource(prefix: prefix, zeros: 300))
                        _ = try StoneDocument(reading: &reader)
                    }
                    #expect(peakMemory() - before < 4 << 20, "\(kind.name)")
                }
            }
            // A frame of 10 KiB that says it holds 300 MiB: above the limit of records, refused by its header.
            var compressor = try Compressor()
            let bomb = try compressor.compress([UInt8](repeating: 0, count: 300 << 20))
            let before = peakMemory()
            var stone = RawStone()
            stone.append(.layout, bomb, count: 1 << 20) {
                $0.compression = .zstd
                $0.plainSize = 300 << 20
            }
            let bytes = stone.bytes
            let error = #expect(throws: StoneError.self) { _ = try StoneDocument(decoding: bytes) }
            #expect(error?.code == .limitExceeded)
            // The same frame said to hold little: nothing beyond that is reserved.
            var small = RawStone()
            small.append(.layout, bomb, count: 1) {
                $0.compression = .zstd
                $0.plainSize = 1000
            }
            let lie = small.bytes
            let mismatch = #expect(throws: StoneError.self) { _ = try StoneDocument(decoding: lie) }
            #expect(mismatch?.code == .sizeMismatch)
            #expect(peakMemory() - before < 4 << 20)
        }
    }
}

/// The most memory this process has held, in bytes.
private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss << 10
}
