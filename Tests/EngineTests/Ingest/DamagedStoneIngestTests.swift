import BytePath
import Digests
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import StoneFormat
import TestSupport
import Testing

@Suite("Damaged and forged stones against the store")
struct DamagedStoneIngestTests {
    private static let small = SamplePackage(
        name: "p", files: [("a", noise(1000)), ("b", noise(300, seed: 2)), ("c", Array("text".utf8))])
    private static let large = SamplePackage(
        name: "p", files: [("a", noise(1000)), ("b", noise(2 << 20, seed: 2)), ("d", noise(1 << 20, seed: 3))])

    private func expectNothing(_ scratch: EngineScratch, _ comment: Comment) throws {
        #expect(try scratch.packageIDs().isEmpty, comment)
        #expect(try scratch.objectRecords().isEmpty, comment)
        #expect(try scratch.complaints().isEmpty, comment)
    }

    @Test("a flipped bit anywhere is an error, and leaves no temporary files", arguments: [0, 1])
    func flips(which: Int) throws {
        let stone = try (which == 0 ? Self.small : Self.large).stone()
        let id = stone.withUnsafeBytes { PackageID(hashing: $0) }
        var random = SeededGenerator.forTest()
        try withEngineScratch { scratch throws in
            let head = which == 0 ? Array(stone.indices) : Array(stride(from: 0, to: 200, by: 5))
            let places = head + (0..<15).map { _ in Int.random(in: stone.indices, using: &random) }
            for place in places {
                var damaged = stone
                damaged[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
                let failure = scratch.failure(of: damaged, expecting: id)
                #expect(failure != nil, "byte \(place)")
            }
            try expectNothing(scratch, "flips")
            try scratch.add(stone)
        }
    }

    @Test("a stone that ends early or goes on is an error", arguments: [0, 1])
    func truncation(which: Int) throws {
        let stone = try (which == 0 ? Self.small : Self.large).stone()
        var random = SeededGenerator.forTest()
        try withEngineScratch { scratch throws in
            var ends = (0..<(which == 0 ? 60 : 15)).map { _ in Int.random(in: stone.indices, using: &random) }
            ends += [0, 1, 31, 32, 33, stone.count - 1]
            for end in ends {
                #expect(scratch.failure(of: Array(stone[..<end])) != nil, "end \(end)")
            }
            for more in [[0], noise(40), Array(stone)] as [[UInt8]] {
                #expect(scratch.failure(of: stone + more) != nil)
            }
            try expectNothing(scratch, "truncation")
        }
    }

    @Test("another stone than the promised one is refused by its SHA-256")
    func wrongStone() throws {
        try withEngineScratch { scratch throws in
            let stone = try Self.small.stone()
            let other = PackageID(hashing: UnsafeRawBufferPointer(start: nil, count: 0))
            guard case .wrongStone(_, let expected, let found) = scratch.failure(of: stone, expecting: other) else {
                Issue.record("not refused"); return
            }
            #expect(expected == other && found == stone.withUnsafeBytes { PackageID(hashing: $0) })
            try expectNothing(scratch, "wrong stone")
        }
    }

    /// A stone whose content is not what its index says.
    private func lying(_ name: String = "p", says promised: [UInt8], holds content: [UInt8]) throws -> [UInt8] {
        let forged = ForgedStone(try SamplePackage(name: name, files: [("a", promised)]).stone())
        let index = ForgedStone.index([(0, UInt64(content.count), ObjectID(hashing: promised))])
        return ForgedStone.assembled(
            forged[.meta] + forged[.layout] + [index, ForgedStone.plain(.content, content, records: 0)])
    }

    private func expectWrongContent(
        _ scratch: EngineScratch, _ stone: [UInt8], _ promised: [UInt8], _ found: [UInt8],
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let failure = scratch.failure(of: stone)
        guard case .wrongContent(_, let expected, let digest) = failure else {
            Issue.record("\(String(describing: failure))", sourceLocation: sourceLocation)
            return
        }
        #expect(expected == ObjectID(hashing: promised), sourceLocation: sourceLocation)
        #expect(digest == ObjectID(hashing: found), sourceLocation: sourceLocation)
    }

    @Test("content with another digest than the index says is refused", arguments: [1, 1000, 3 << 20])
    func wrongContent(size: Int) throws {
        let promised = noise(size)
        var content = promised
        content[size - 1] ^= 1
        try withEngineScratch { scratch throws in
            expectWrongContent(scratch, try lying(says: promised, holds: content), promised, content)
            #expect(try scratch.objectFiles().isEmpty)
            try expectNothing(scratch, "wrong content")
        }
    }

    @Test(
        "a stone that lies about an object that is there is refused, and the object stays", arguments: [1000, 3 << 20])
    func wrongContentOfKnown(size: Int) throws {
        let promised = noise(size)
        try withEngineScratch { scratch throws in
            try scratch.add(SamplePackage(name: "good", files: [("x", promised)]))
            var flipped = promised
            flipped[size / 2] ^= 0x80
            for content in [flipped, promised + [0], Array(promised.dropLast()), [1]] {
                expectWrongContent(scratch, try lying(says: promised, holds: content), promised, content)
                #expect(try scratch.complaints().isEmpty)
                #expect(try scratch.objects.readObject(ObjectID(hashing: promised)) == promised)
            }
            #expect(try scratch.packageIDs().count == 1)
        }
    }

    @Test("gaps between contents are skipped, content that is mostly gaps is refused")
    func gaps() throws {
        let content = noise(100)
        let forged = ForgedStone(try SamplePackage(name: "p", files: [("a", content)]).stone())
        func stone(_ start: Int, _ total: Int) -> [UInt8] {
            let index = ForgedStone.index([(UInt64(start), UInt64(start + 100), ObjectID(hashing: content))])
            let plain = [UInt8](repeating: 7, count: start) + content
            let all = plain + [UInt8](repeating: 7, count: total - plain.count)
            return ForgedStone.assembled(
                forged[.meta] + forged[.layout] + [index, ForgedStone.plain(.content, all, records: 0)])
        }
        try withEngineScratch { scratch throws in
            for (start, total) in [(10, 110), (0, 200), (900_000, 1_000_100), (1 << 20, (1 << 20) + 100)] {
                #expect(try scratch.ingest(stone(start, total)).objects.count == 1)
            }
            #expect(scratch.failure(of: stone(1 << 20, 4 << 20)) != nil)
            try expectNothing(scratch, "gaps")
        }
    }

    @Test("indexes that do not fit are refused before anything is written")
    func badIndexes() throws {
        let content = noise(100)
        let digest = ObjectID(hashing: content)
        let forged = ForgedStone(try SamplePackage(name: "p", files: [("a", content)]).stone())
        let indexes: [[(start: UInt64, end: UInt64, digest: ObjectID)]] = [
            [(0, 101, digest)], [(1, 101, digest)], [(50, 0, digest)], [(0, .max, digest)], [(.max, .max, digest)], [],
            [(0, 100, ObjectID(hashing: [1]))], [(0, 50, digest), (50, 100, digest)],
            [(0, 100, digest), (0, 100, ObjectID(hashing: [1]))], [(0, 0, digest)],
        ]
        try withEngineScratch { scratch throws in
            for ranges in indexes {
                let stone = ForgedStone.assembled(
                    forged[.meta] + forged[.layout] + [ForgedStone.index(ranges)] + forged[.content])
                let failure = scratch.failure(of: stone)
                guard case .stone = failure else {
                    Issue.record("\(ranges): \(String(describing: failure))")
                    continue
                }
                #expect(try scratch.objectFiles().isEmpty, "\(ranges)")
            }
            for without in [PayloadKind.meta, .index, .content] {
                let stone = ForgedStone.assembled(forged.payloads.filter { $0.header.kind != without })
                #expect(scratch.failure(of: stone) != nil, "without \(without)")
            }
            try expectNothing(scratch, "indexes")
        }
    }

    @Test("layouts that cannot be installed are refused")
    func badLayouts() throws {
        let paths = [
            "/etc/passwd", "../x", "a/../../x", "a//b", "", ".stateID", "a/", "nul\0x",
            String(repeating: "a", count: 256),
        ]
        try withEngineScratch { scratch throws in
            for path in paths {
                var package = SamplePackage(name: "p")
                package.add(file: BytePath(path), [1, 2, 3])
                guard let stone = try? package.stone() else { continue }
                #expect(scratch.failure(of: stone) != nil, "\(path.debugDescription)")
            }
            for kind in [LayoutEntry.Kind.characterDevice, .blockDevice, .fifo, .socket] {
                var package = SamplePackage(name: "p")
                package.add(LayoutEntry(path: "node", kind: kind, mode: kind.fileTypeBits | 0o600))
                let stone = try package.stone()
                guard case .layout = scratch.failure(of: stone) else {
                    Issue.record("\(kind) was not refused")
                    continue
                }
            }
            try expectNothing(scratch, "layouts")
        }
    }

    @Test("two contents of one digest are refused, whether the first is recorded or has just arrived")
    func collision() throws {
        let (one, other) = collidingContents()
        #expect(one != other)
        try #require(ObjectID(hashing: one) == ObjectID(hashing: other))
        for isRecorded in [true, false] {
            try withEngineScratch { scratch throws in
                let record = try scratch.ingest(SamplePackage(name: "one", files: [("a", one)]))
                if isRecorded { try scratch.record([record]) }
                let stone = try SamplePackage(name: "other", files: [("b", other)]).stone()
                let failure = scratch.failure(of: stone)
                guard case .collision(let digest, let path) = failure else {
                    Issue.record("recorded \(isRecorded): \(String(describing: failure))")
                    return
                }
                #expect(digest == ObjectID(hashing: one) && path.lastComponent == "ingested.stone")
                if !isRecorded { try scratch.record([record]) }
                #expect(try scratch.objects.readObject(digest) == one)
            }
        }
    }
}
