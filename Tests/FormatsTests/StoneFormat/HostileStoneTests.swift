import BytePath
import Digests
import PackageModel
import StoneFormat
import TestSupport
import Testing
import Zstandard

@Suite("Hostile stones")
struct HostileStoneTests {
    private func refusal(of bytes: [UInt8], limits: StoneLimits = StoneLimits()) -> StoneError? {
        do throws(StoneError) {
            _ = try StoneDocument(decoding: bytes, limits: limits).package()
            return nil
        } catch {
            return error
        }
    }

    // MARK: - Layout

    @Test(
        "paths that leave /usr, or are none, are refused",
        arguments: [
            "", "/", "/etc/passwd", "..", ".", "../etc", "a/../b", "a/..", "a/./b", "./a", "a//b", "a/", "a\0b",
            "\0", String(repeating: "n", count: 256), String(repeating: "d/", count: 2045) + "e",
        ])
    func paths(path: String) {
        let error = refusal(of: RawStone.package(layout: [RawStone.entry(Array(path.utf8))]))
        #expect(error?.code == .invalidPath)
        #expect(error?.payload == .layout)
        #expect(error?.record == 0)
    }

    @Test(
        "paths that only look strange are kept",
        arguments: ["...", "a..", "..a", ".hidden", "a b", "a\nb", "ü", String(repeating: "n", count: 255)])
    func strangePaths(path: String) throws {
        let bytes = RawStone.package(layout: [RawStone.entry(Array(path.utf8))])
        #expect(try StoneDocument(decoding: bytes).package().layout.map(\.path.bytes) == [Array(path.utf8)])
    }

    @Test("bytes that are not UTF-8 are a path like any other, NULs at the end are dropped")
    func pathBytes() throws {
        let bytes = RawStone.package(layout: [RawStone.entry([0xff, 0xfe, 0, 0])])
        #expect(try StoneDocument(decoding: bytes).package().layout.map(\.path.bytes) == [[0xff, 0xfe]])
    }

    /// Layouts that are refused, and with which code.
    static let layouts: [(name: String, entries: [[UInt8]], code: StoneError.Code)] = [
        ("the same path twice", [RawStone.entry([97]), RawStone.entry([97])], .duplicatePath),
        ("twice but for a NUL", [RawStone.entry([97]), RawStone.entry([97, 0])], .duplicatePath),
        ("an unknown entry type", [RawStone.entry([97], type: 8)], .malformedRecord),
        ("entry type 0", [RawStone.entry([97], type: 0)], .malformedRecord),
        ("a directory with the mode of a file", [RawStone.entry([97], mode: 0o100755)], .malformedRecord),
        ("mode bits above the file type", [RawStone.entry([97], mode: 0o1040755)], .malformedRecord),
        ("a directory of the owner that means none", [RawStone.entry([97], uid: .max)], .malformedRecord),
        ("a directory of the group that means none", [RawStone.entry([97], gid: .max)], .malformedRecord),
        (
            "a link of the owner that means none",
            [RawStone.entry([97], type: 2, source: [98], mode: 0o120777, uid: .max)], .malformedRecord
        ),
        (
            "a file of the owner that means none",
            [RawStone.entry([97], type: 1, source: [UInt8](repeating: 1, count: 16), mode: 0o104755, uid: .max)],
            .malformedRecord
        ),
        ("a directory with a source", [RawStone.entry([97], source: [98])], .malformedRecord),
        (
            "a digest of 15 bytes",
            [RawStone.entry([97], type: 1, source: [UInt8](repeating: 1, count: 15), mode: 0o100644)],
            .malformedRecord
        ),
        ("no digest", [RawStone.entry([97], type: 1, mode: 0o100644)], .malformedRecord),
        ("a link to nothing", [RawStone.entry([97], type: 2, mode: 0o120777)], .invalidPath),
        ("a link with a NUL", [RawStone.entry([97], type: 2, source: [98, 0, 99], mode: 0o120777)], .invalidPath),
        (
            "a link longer than the kernel takes",
            [RawStone.entry([97], type: 2, source: [UInt8](repeating: 98, count: 4096), mode: 0o120777)], .invalidPath
        ),
        ("a path longer than the payload", [RawStone.entry([97], pathLength: 65535)], .malformedRecord),
        ("a source longer than the payload", [RawStone.entry([97], sourceLength: 65535)], .malformedRecord),
    ]

    @Test("layout records that make no sense are refused", arguments: layouts.indices)
    func layout(row: Int) {
        let (name, entries, code) = Self.layouts[row]
        #expect(refusal(of: RawStone.package(layout: entries))?.code == code, "\(name)")
    }

    // MARK: - Meta

    /// Metadata records appended to complete metadata, and why they are refused.
    static let metas: [(name: String, bytes: [UInt8], count: Int, code: StoneError.Code)] = [
        ("a length beyond the payload", RawStone.record(12, 9, [77, 0], length: .max), 1, .malformedRecord),
        ("a length short of the value", RawStone.record(12, 9, [77, 0], length: 1), 1, .recordCount),
        ("an integer of 7 bytes", RawStone.record(16, 8, [0, 0, 0, 0, 0, 0, 1]), 1, .malformedRecord),
        ("an integer of 9 bytes", RawStone.record(16, 8, [0, 0, 0, 0, 0, 0, 0, 0, 1]), 1, .malformedRecord),
        ("an i8 of no bytes", RawStone.record(16, 1, []), 1, .malformedRecord),
        ("a dependency without kind", RawStone.record(8, 10, []), 1, .malformedRecord),
        ("a provider without kind", RawStone.record(9, 11, []), 1, .malformedRecord),
        ("text that is not UTF-8", RawStone.record(12, 9, [0xff, 0]), 1, .invalidText),
        ("a NUL inside a text", RawStone.record(12, 9, [77, 0, 77, 0]), 1, .invalidText),
        ("a hash that is none", RawStone.record(15, 9, Array("ABC\0".utf8)), 1, .invalidText),
        ("a negative size", RawStone.record(16, 7, [255, 255, 255, 255, 255, 255, 255, 255]), 1, .malformedRecord),
        ("half a record head", [0, 0, 0], 1, .malformedRecord),
        ("a record more than counted", RawStone.record(12, 9, [77, 0]), 0, .recordCount),
        ("a count no payload can hold", [], 100_000, .recordCount),
        ("a count beyond all limits", [], Int(UInt32.max) - 9, .limitExceeded),
    ]

    @Test("metadata records that make no sense are refused", arguments: metas.indices)
    func meta(row: Int) {
        let (name, bytes, count, code) = Self.metas[row]
        var stone = RawStone()
        stone.appendMeta(bytes, count: count)
        let error = refusal(of: stone.bytes)
        #expect(error?.code == code, "\(name)")
        #expect(error?.payload == .meta, "\(name)")
    }

    @Test("the nine mandatory records are missed one by one", arguments: [1, 2, 3, 4, 5, 6, 7, 11, 13] as [UInt16])
    func mandatory(tag: UInt16) throws {
        let records = PackageMetadata(name: "a", version: "1", release: 1).records
        let rest = records.filter { $0.tag.rawValue != tag }
        #expect(rest.count == records.count - 1)
        let error = #expect(throws: StoneError.self) { _ = try PackageMetadata(records: rest) }
        #expect(error?.code == .missingTag)
    }

    @Test(
        "names that could leave a directory or disturb a terminal are refused",
        arguments: ["", "a/b", "..", ".", "a\u{1b}[2J", "a\nb"])
    func names(name: String) throws {
        let metadata = PackageMetadata(name: name, version: "1", release: 1)
        let error = #expect(throws: StoneError.self) { _ = try PackageMetadata(records: metadata.records) }
        #expect(error?.code == .invalidText)
        #expect(throws: StoneError.self) { _ = try SamplePackage(metadata).stone() }
    }

    @Test("unknown kinds, tags and primitives are read over, any integer is a number, tags are told apart")
    func lenience() throws {
        var records = PackageMetadata(name: "a", version: "1", release: 1).records.filter { $0.tag != .release }
        records += [
            MetaRecord(.release, .string("not this one")), MetaRecord(.release, .int16(5)),
            MetaRecord(.release, .uint64(6)), MetaRecord(MetaTag(rawValue: 999), .opaque(primitive: 77, bytes: [1])),
            MetaRecord(.depends, .dependency(kind: 200, target: "x")),
            MetaRecord(.depends, .dependency(kind: 0, target: "runtime")),
            MetaRecord(.buildDepends, .dependency(kind: 2, target: "build")),
            MetaRecord(.conflicts, .provider(kind: 0, target: "other")),
            MetaRecord(.conflicts, .dependency(kind: 0, target: "wrong primitive")),
        ]
        let plain = try MetaRecord.encode(records)
        let again = try plain.withUnsafeBytes { try MetaRecord.decode($0, count: UInt32(records.count), at: 0) }
        #expect(again == records)
        let metadata = try PackageMetadata(records: again)
        #expect(metadata.release == 5)
        #expect(metadata.dependencies == [Capability(.name, "runtime")])
        #expect(metadata.buildDependencies == [Capability(.pkgconfig, "build")])
        #expect(metadata.conflicts == [Capability(.name, "other")])
    }

    @Test("a package's own name is not written among its providers, others are")
    func ownName() throws {
        var metadata = PackageMetadata(name: "a", version: "1", release: 1)
        metadata.providers = [Capability(.name, "b"), Capability(.name, "a"), Capability(.name, "b")]
        #expect(try PackageMetadata(records: metadata.records).providers == [Capability(.name, "b")])
    }

    // MARK: - Index and content

    /// Index records over a content of two files, "aaaa" and "bb", and why they are refused.
    static let indices: [(name: String, ranges: [[UInt8]], code: StoneError.Code?)] = [
        ("contiguous", [RawStone.range(0, 4, a), RawStone.range(4, 6, b)], nil),
        ("in another order", [RawStone.range(4, 6, b), RawStone.range(0, 4, a)], nil),
        ("upside down", [RawStone.range(4, 0, a), RawStone.range(4, 6, b)], .invalidRange),
        ("beyond the content", [RawStone.range(0, 4, a), RawStone.range(4, 7, b)], .invalidRange),
        ("far beyond", [RawStone.range(0, 4, a), RawStone.range(.max, .max, b)], .invalidRange),
        ("overlapping", [RawStone.range(0, 4, a), RawStone.range(3, 5, b)], .invalidRange),
        ("the same range for two", [RawStone.range(0, 4, a), RawStone.range(0, 4, b)], .invalidRange),
        (
            "the same record twice", [RawStone.range(0, 4, a), RawStone.range(0, 4, a), RawStone.range(4, 6, b)],
            .invalidRange
        ),
        ("an empty range of something", [RawStone.range(0, 4, a), RawStone.range(4, 4, b)], .invalidRange),
        (
            "nothing that has bytes", [RawStone.range(0, 4, a), RawStone.range(4, 6, b), RawStone.range(4, 6, [])],
            .invalidRange
        ),
        ("a file without range", [RawStone.range(0, 4, a)], .digestMismatch),
        (
            "a range without file", [RawStone.range(0, 4, a), RawStone.range(4, 5, b), RawStone.range(5, 6, [99])],
            .digestMismatch
        ),
    ]
    static let a = Array("aaaa".utf8)
    static let b = Array("bb".utf8)

    @Test("index records are held against layout and content", arguments: indices.indices)
    func index(row: Int) {
        let (name, ranges, code) = Self.indices[row]
        let bytes = RawStone.package(
            layout: [RawStone.file("a", Self.a), RawStone.file("b", Self.b)], ranges: ranges.flatMap { $0 },
            rangeCount: ranges.count, content: Self.a + Self.b)
        #expect(refusal(of: bytes)?.code == code, "\(name)")
    }

    @Test("ranges without content, and a second content, are refused")
    func content() {
        let ranges = RawStone.range(0, 4, Self.a)
        let layout = [RawStone.file("a", Self.a)]
        let without = RawStone.package(layout: layout, ranges: ranges, rangeCount: 1)
        #expect(refusal(of: without)?.code == .missingPayload)
        var stone = RawStone()
        stone.appendMeta()
        stone.append(.content, Self.a, count: 0)
        stone.append(.content, Self.a, count: 0)
        #expect(refusal(of: stone.bytes)?.code == .repeatedPayload)
    }

    @Test("several index payloads belong together")
    func severalIndices() throws {
        var stone = RawStone()
        stone.append(.content, Self.a + Self.b, count: 2)
        stone.append(.index, RawStone.range(4, 6, Self.b), count: 1)
        stone.append(.index, RawStone.range(0, 4, Self.a), count: 1)
        stone.append(.layout, RawStone.file("a", Self.a) + RawStone.file("b", Self.b), count: 2)
        stone.appendMeta()
        #expect(try StoneDocument(decoding: stone.bytes).package().ranges.map(\.end) == [4, 6])
    }

    // MARK: - Container

    /// Content payloads whose header or frame lies, and why they are refused.
    static let contents:
        [(name: String, stored: [UInt8], change: @Sendable (inout PayloadHeader) -> Void, StoneError.Code)] = [
            ("frame shorter than said", frame, { $0.plainSize = 1001 }, .sizeMismatch),
            ("frame longer than said", frame, { $0.plainSize = 999 }, .sizeMismatch),
            ("said to be empty", frame, { $0.plainSize = 0 }, .sizeMismatch),
            ("frame cut off", frame.dropLast(), { $0.plainSize = 1000 }, .damagedCompression),
            ("no frame", [1, 2, 3, 4, 5, 6], { $0.plainSize = 6 }, .damagedCompression),
            ("no bytes", [], { $0.plainSize = 0 }, .damagedCompression),
            ("bytes behind the frame", frame + [0], { $0.plainSize = 1000 }, .trailingBytes),
            ("two frames said to be less", frame + frame, { $0.plainSize = 1500 }, .sizeMismatch),
            ("two frames said to be one", frame + frame, { $0.plainSize = 1000 }, .trailingBytes),
            ("two frames said to be more", frame + frame, { $0.plainSize = 2001 }, .sizeMismatch),
            ("second frame cut off", frame + frame.dropLast(), { $0.plainSize = 2000 }, .damagedCompression),
            (
                "a skippable frame", [0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 9], { $0.plainSize = 0 }, .damagedCompression
            ),
            (
                "unknown compression", frame, { $0.compression = PayloadCompression(rawValue: 3) },
                .unsupportedCompression
            ),
            ("unknown version", frame, { $0.version = 2 }, .unsupportedVersion),
            ("wrong checksum", frame, { ($0.plainSize, $0.checksum) = (1000, 1) }, .checksumMismatch),
            (
                "no compression, but sizes differ", frame, { ($0.plainSize, $0.compression) = (1000, .none) },
                .sizeMismatch
            ),
            ("longer than the file", frame.dropLast(), { ($0.plainSize, $0.storedSize) = (1000, 1 << 40) }, .truncated),
            ("more than such a frame can hold", frame, { $0.plainSize = 1 << 40 }, .limitExceeded),
            ("more than any limit", frame, { ($0.plainSize, $0.storedSize) = (.max, .max) }, .limitExceeded),
            (
                // No content size, a window of 1 GiB for 1000 bytes.
                "a window nothing justifies",
                [0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3] + [UInt8](repeating: 0, count: 40),
                { $0.plainSize = 1000 }, .limitExceeded
            ),
        ]
    static let frame: [UInt8] = {
        var compressor = try? Compressor()
        return (try? compressor?.compress([UInt8](repeating: 7, count: 1000))) ?? []
    }()

    @Test("content payloads that lie are refused", arguments: contents.indices)
    func contentPayload(row: Int) {
        let (name, stored, change, code) = Self.contents[row]
        var stone = RawStone()
        stone.append(.content, stored, count: 0) { payload in
            payload.compression = .zstd
            change(&payload)
        }
        #expect(refusal(of: stone.bytes)?.code == code, "\(name)")
    }

    @Test("limits are kept: metadata, layout, content")
    func limits() throws {
        var generator = SeededGenerator(seed: 5)
        let bytes = try SamplePackage.random(using: &generator).stone()
        #expect(refusal(of: bytes) == nil)
        #expect(refusal(of: bytes, limits: StoneLimits(metaSizeMax: 10))?.payload == .meta)
        #expect(refusal(of: bytes, limits: StoneLimits(recordsSizeMax: 10))?.payload == .layout)
        #expect(refusal(of: bytes, limits: StoneLimits(contentSizeMax: 10))?.payload == .content)
    }

    @Test("unknown payloads are skipped, but their checksum is verified")
    func unknownPayload() throws {
        for wrong in [false, true] {
            var stone = RawStone()
            stone.append(PayloadKind(rawValue: 200), [1, 2, 3], count: 9) { payload in
                payload.compression = PayloadCompression(rawValue: 99)
                payload.plainSize = .max
                if wrong { payload.checksum ^= 1 }
            }
            stone.appendMeta()
            #expect(refusal(of: stone.bytes)?.code == (wrong ? .checksumMismatch : nil))
        }
    }

    @Test("after an error a reader says that it is of no use")
    func afterError() throws {
        var reader = try StoneReader(ByteArraySource(Array(StoneVectors.demo.prefix(300))))
        #expect(throws: StoneReadError<Never>.self) { while try reader.nextPayload() != nil {} }
        do throws(StoneReadError<Never>) {
            _ = try reader.nextPayload()
            Issue.record("a failed reader went on")
        } catch {
            #expect(error.stoneError.code == .unusable)
        }
    }
}
