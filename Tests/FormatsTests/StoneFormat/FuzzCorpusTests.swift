import Digests
import Glibc
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// What the fuzzers start from, and what they once found, kept in `Tests/Fuzz/Corpus`.
@Suite("Fuzz corpus")
struct FuzzCorpusTests {
    /// Set to write the generated seeds into the corpus instead of only checking them.
    private let records = getenv("MOSS_RECORD_CORPUS") != nil
    private static let corpus = TestFiles.packageRoot + "/Tests/Fuzz/Corpus/"

    @Test("generated stones, whole and without compression, pass what the fuzzers check")
    func stoneSeeds() throws {
        for seed in 0..<12 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let sample = SamplePackage.random(using: &generator, entryCountMax: Int(seed), fileSizeMax: 60)
            let stone = try sample.stone()
            try check("stone", "seed\(seed)", stone)
            try check("stone", "plain\(seed)", try withoutCompression(stone))
        }
        try check("stone", "vector", StoneVectors.demo)
        var stone = RawStone()
        stone.append(
            .attributes, AttributeRecord.encode([AttributeRecord(key: [1], value: [2, 3])]), count: 1)
        stone.append(PayloadKind(rawValue: 99), [1, 2, 3], count: 1)
        stone.appendMeta()
        try check("stone", "attributes", stone.bytes)
        try check("stone", "payloads", manyPayloads())
        try check("stone", "deep", RawStone.package(layout: [deepEntry(LayoutPathRule.depthMax)]))
        try check("stone", "deeper", RawStone.package(layout: [deepEntry(LayoutPathRule.depthMax + 1)]))
    }

    /// Several payloads of each kind, whose totals count, and headers that claim more than there is.
    private func manyPayloads() -> [UInt8] {
        var stone = RawStone()
        for number in 0..<4 as Range<UInt64> {
            stone.appendMeta()
            stone.append(.layout, RawStone.file("f\(number)", [UInt8(number)]), count: 1)
            stone.append(.index, RawStone.range(number, number + 1, [UInt8(number)]), count: 1)
        }
        stone.append(.content, [0, 1, 2, 3], count: 0)
        for kind in [PayloadKind.meta, .layout, .index] {
            stone.append(kind, [0, 0, 0, 1], count: 1) { payload in
                payload.compression = .zstd
                payload.plainSize = 1 << 40
                payload.recordCount = .max
            }
        }
        return stone.bytes
    }

    private func deepEntry(_ depth: Int) -> [UInt8] {
        RawStone.entry(Array(Array(repeating: "d", count: depth).joined(separator: "/").utf8))
    }

    @Test("generated indices, whole and without compression, pass what the fuzzers check")
    func indexSeeds() throws {
        for seed in 0..<6 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let packages = (0..<seed).map { number in
                var package = SamplePackage.randomMetadata(name: "p\(number)", using: &generator)
                package.uri = "../p.stone"
                package.downloadSize = number
                package.hash = [1].withUnsafeBytes { PackageID(hashing: $0) }
                return package
            }
            let index = try StoneIndex.encode(repository: packages, options: .fast)
            try check("index", "seed\(seed)", index)
            try check("index", "plain\(seed)", try withoutCompression(index))
        }
    }

    @Test("every file of the corpus passes again", arguments: ["stone", "index"])
    func replay(kind: String) throws {
        let names = try #require(TestFiles.names(in: Self.corpus + kind))
        #expect(names.count > 5)
        for name in names {
            let bytes = try #require(TestFiles.bytes(of: Self.corpus + kind + "/" + name))
            StoneFuzzing.checkStone(bytes)
            StoneFuzzing.checkIndex(bytes)
        }
    }

    @Test("every file of the texts' corpora passes again", arguments: ["kdl", "root-index"])
    func replayTexts(kind: String) throws {
        let names = try #require(TestFiles.names(in: Self.corpus + kind))
        #expect(names.count > 2)
        for name in names {
            let bytes = try #require(TestFiles.bytes(of: Self.corpus + kind + "/" + name))
            TextFuzzing.checkKDL(bytes)
            TextFuzzing.checkRootIndex(bytes)
        }
    }

    private func check(_ kind: String, _ name: String, _ bytes: [UInt8]) throws {
        StoneFuzzing.checkStone(bytes)
        StoneFuzzing.checkIndex(bytes)
        if records { #expect(TestFiles.write(bytes, to: Self.corpus + kind + "/" + name)) }
    }

    /// The same records, stored plain, so that a fuzzer can get at them.
    private func withoutCompression(_ bytes: [UInt8]) throws -> [UInt8] {
        let document = try StoneDocument(decoding: bytes)
        var stone = RawStone(header: StoneHeader(payloadCount: 0, fileType: document.header.fileType))
        for payload in document.payloads {
            let plain: [UInt8]
            switch payload.body {
            case .meta(let records): plain = try MetaRecord.encode(records)
            case .layout(let entries): plain = try LayoutEntry.encode(entries)
            case .index(let ranges): plain = ContentRange.encode(ranges)
            case .attributes(let records): plain = AttributeRecord.encode(records)
            case .frames(let frames): plain = ContentFrame.encode(frames)
            case .content, .unknown: plain = [UInt8](repeating: 0, count: Int(payload.header.plainSize))
            }
            stone.append(payload.header.kind, plain, count: Int(payload.header.recordCount))
        }
        return stone.bytes
    }
}
