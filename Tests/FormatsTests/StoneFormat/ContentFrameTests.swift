import BytePath
import Digests
import PackageModel
import StoneFormat
import TestSupport
import Testing
import Zstandard

/// Content that is cut into frames.
@Suite struct ContentFrameTests {
    private static func files(_ sizes: [UInt64]) -> [ContentFile] {
        sizes.sorted(by: >).enumerated().map { number, size in
            ContentFile(digest: ObjectID(hashing: Array("\(number)".utf8)), size: size)
        }
    }

    @Test("content is cut into frames that are neither large nor many")
    func plan() {
        let kibi: UInt64 = 1 << 10
        #expect(ContentFrame.plan([]) == [0])
        #expect(ContentFrame.plan(Self.files([0])) == [0])
        #expect(ContentFrame.plan(Self.files([8192 * kibi])) == [8192 * kibi])
        #expect(ContentFrame.plan(Self.files([8192 * kibi + 1])) == [4096 * kibi, 4096 * kibi, 1])
        // Between files where that is no waste.
        #expect(
            ContentFrame.plan(Self.files([3000, 3000, 3000].map { $0 * kibi })) == [3000, 3000, 3000].map { $0 * kibi })
        // Small files have larger frames.
        #expect(
            ContentFrame.plan(Self.files(.init(repeating: 100 * kibi, count: 100))) == [8100, 1900].map { $0 * kibi })
        var generator = SeededGenerator.forTest()
        for _ in 0..<500 {
            let count = Int.random(in: 1...200, using: &generator)
            let sizes = (0..<count).map { _ in
                UInt64.random(in: 0...(1 << UInt64.random(in: 1...26, using: &generator)), using: &generator)
            }
            let plan = ContentFrame.plan(Self.files(sizes))
            let total = sizes.reduce(0, +)
            #expect(plan.reduce(0, +) == total)
            #expect(plan.count == 1 || plan.allSatisfy { $0 > 0 && $0 <= ContentFrame.plainSizeMax })
            #expect(UInt64(plan.count) <= total / (1 << 20) * 2 + 2)
        }
    }

    /// A package of 20 MB, of which the largest file has more than a frame.
    private static func sample(_ generator: inout SeededGenerator) -> SamplePackage {
        var sample = SamplePackage.random(using: &generator)
        for (number, size) in [9_000_000, 3_500_000, 3_000_000, 1_000_000, 800_000].enumerated() {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(size + 20)
            while bytes.count < size { bytes += "\(UInt32.random(in: 0...999_999, using: &generator)) ".utf8 }
            sample.add(file: BytePath("lib/large\(number)"), bytes)
        }
        for number in 0..<200 {
            sample.add(
                file: BytePath("share/small\(number)"), Array("\(number)".utf8) + [UInt8](repeating: 7, count: 20_000))
        }
        return sample
    }

    @Test("each listed frame opens alone, has the listed SHA-256, and all together are the content")
    func frames() throws {
        var generator = SeededGenerator.forTest()
        let sample = Self.sample(&generator)
        var options = StoneWriterOptions(recordLevel: 3, contentLevel: 1)
        let stone = try sample.stone(options: options)
        for workers in 2...4 {
            options.contentWorkers = workers
            #expect(try sample.stone(options: options) == stone)
        }
        let document = try StoneDocument(decoding: stone)
        #expect(document.payloads.map(\.header.kind) == [.meta, .layout, .index, .frames, .content])
        guard case .frames(let frames) = document.payloads[3].body else {
            Issue.record("no list of frames")
            return
        }
        #expect(frames.count > 3)
        var position = Int(document.payloads[4].offset) + PayloadHeader.byteCount
        var content: [UInt8] = []
        var decompressor = try Decompressor()
        for frame in frames {
            let bytes = Array(stone[position..<(position + Int(frame.storedSize))])
            #expect(bytes.withUnsafeBytes { SHA256Digest(hashing: $0) } == frame.digest)
            content += try decompressor.decompress(bytes, exactly: Int(frame.plainSize))
            position += bytes.count
        }
        #expect(position == stone.count)
        for range in try document.package().ranges {
            #expect(Array(content[Int(range.start)..<Int(range.end)]) == sample.content(range.digest))
        }
    }

    @Test("a list that cannot be is refused, and one that nobody knows is passed over")
    func hostileLists() throws {
        let good = ContentFrame(
            storedSize: 10, plainSize: 20, digest: [1].withUnsafeBytes { SHA256Digest(hashing: $0) })
        var large = good
        large.plainSize = ContentFrame.plainSizeMax + 1
        var long = good
        long.storedSize = .max
        for (frames, count, isRight) in [
            ([good, good], 2, true), ([good], 2, false), ([good, good], 1, false), ([large], 1, false),
            ([long], 1, false),
        ] as [([ContentFrame], UInt32, Bool)] {
            let bytes = ContentFrame.encode(frames)
            let read = try? bytes.withUnsafeBytes { try ContentFrame.decode($0, count: count, at: 0) }
            #expect(read == (isRight ? frames : nil))
        }
    }
}
