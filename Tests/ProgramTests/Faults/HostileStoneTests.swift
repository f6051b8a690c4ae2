import BytePath
import Digests
import Glibc
import LinuxSystem
import PackageModel
import StoneFormat
import TestSupport
import Testing
import Zstandard

/// Stones that are damaged or lie, through the command line: a clear error, no crash, and nothing changed.
struct HostileStoneTests {
    /// A stone that is no good, and which commands find out.
    private struct HostileStone {
        let what: String
        let bytes: [UInt8]
        /// Promised by the index instead of the stone's own.
        var promised: PackageID?
        /// Whether reading it as a stone finds nothing wrong.
        var isSound = false
    }

    private static let victim = systemPackage("victim")

    /// What a root holds, apart from locks, the database's pages and objects, which may stay for the next try.
    private func contents(_ root: CommandRoot) throws -> [String] {
        let listing = try root.listing().entries.map(\.description)
        let records = try root.states().map { "state \($0.number) \($0.isActive)" }
        return try listing + records + root.names(in: "packages") + root.names(in: "states") + root.names(in: "trees")
    }

    /// Puts `stone` before every command that reads one.
    /// - Returns: how many refused it.
    private func offer(_ stone: HostileStone, to root: CommandRoot) throws -> Int {
        let name = BytePath(Self.victim.metadata.stoneFileName)
        let directory = root.path.appending("hostile")
        let file = directory.appending(name)
        let target = root.path.appending("out")
        try Descriptor.openDirectory(root.path).ensureDirectory("hostile")
        try Descriptor.openDirectory(root.path).removeTree("out")
        try Descriptor.openDirectory(root.path).makeDirectory("out")
        var metadata = Self.victim.metadata
        metadata.uri = name.display
        metadata.hash = stone.promised ?? stone.bytes.withUnsafeBytes { PackageID(hashing: $0) }
        metadata.downloadSize = UInt64(stone.bytes.count)
        try Descriptor.openDirectory(directory).replaceFile(name, with: stone.bytes)
        try Descriptor.openDirectory(directory).replaceFile(
            "stone.index", with: StoneIndex.encode(repository: [metadata], options: .fast))
        try root.done("repo", "add", "--replace", "hostile", directory)
        let before = try contents(root)
        let commands: [(arguments: [BytePath], finds: Bool)] = [
            (["inspect", "--check", file], !stone.isSound), (["extract", "-o", target, file], !stone.isSound),
            (["-y", "install", "victim"], true),
        ]
        var refusals = 0
        for (arguments, finds) in commands {
            var command = try root.command(arguments)
            command.timeoutSeconds = 60
            let result = try command.run()
            let place = "\(stone.what): \(arguments[0] == "-y" ? "install" : arguments[0].display)"
            #expect(result.end == .exited(finds ? 1 : 0), "\(place): \(result.end) \(result.errorText)")
            guard result.end == .exited(1) else { continue }
            refusals += 1
            // A check has a report also where it finds something; all else has an error.
            let text = arguments[0] == "inspect" ? "moss: \(result.outputText)" : result.errorText
            let isClear = text.hasPrefix("moss: ") && text.contains(name.display)
            #expect(isClear, "\(place): \(text)")
        }
        let after = try contents(root)
        #expect(after == before, "\(stone.what): the root was changed")
        let above = try Descriptor.openDirectory(root.path).statusIfPresent(of: "evil")
        #expect(above == nil, "\(stone.what): a file outside")
        return refusals
    }

    private func check(_ stones: [HostileStone]) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let root = try CommandRoot(in: scratch, offering: [systemPackage("base")])
            try root.done("-y", "install", "base")
            try root.done("tidy")
            var refusals = 0
            for stone in stones { refusals += try offer(stone, to: root) }
            print("\(stones.count) hostile stones, \(refusals) refusals")
            let litter = try root.litter()
            #expect(litter == [])
        }
    }

    @Test func truncatedStones() throws {
        let good = try Self.victim.stone()
        let lengths = Set([0, 1, 4, 31, 32, 33, 63, 64, good.count - 1] + stride(from: 65, to: good.count, by: 97))
        try check(lengths.sorted().map { HostileStone(what: "\($0) bytes", bytes: Array(good.prefix($0))) })
    }

    @Test func flippedBits() throws {
        let good = try Self.victim.stone()
        let meaningless = Self.contentRecordCount(in: good)
        var generator = SeededGenerator.forTest()
        try check(
            (0..<16).map { number in
                var position = number * good.count / 16 + Int.random(in: 0..<good.count / 16, using: &generator)
                if meaningless.contains(position) { position = meaningless.upperBound }
                var bytes = good
                bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
                return HostileStone(what: "byte \(position)", bytes: bytes)
            })
    }

    /// Where the content's header counts records, of which content has none: writers differ in what they put there, and
    /// nobody reads it.
    private static func contentRecordCount(in stone: [UInt8]) -> Range<Int> {
        var offset = StoneHeader.byteCount
        while offset + PayloadHeader.byteCount <= stone.count {
            let header = stone[offset...].withUnsafeBytes { PayloadHeader(decoding: $0) }
            if header.kind == .content { return (offset + 24)..<(offset + 28) }
            offset += PayloadHeader.byteCount + Int(header.storedSize)
        }
        return 0..<0
    }

    // MARK: Lies

    /// A stone of uncompressed payloads from records as they are given.
    private func stone(
        layout: [UInt8], count: Int = 1, ranges: [ContentRange]? = nil, content: [UInt8] = Array("evil".utf8),
        plainSize: UInt64? = nil, isCompressed: Bool = false
    ) throws -> [UInt8] {
        let meta = try MetaRecord.encode(Self.victim.metadata.records)
        let digest = ObjectID(hashing: Array("evil".utf8))
        let ranges = ranges ?? [ContentRange(start: 0, end: 4, digest: digest)]
        let header = PayloadHeader(
            storedSize: UInt64(content.count), plainSize: plainSize ?? UInt64(content.count),
            checksum: content.withUnsafeBytes { xxh3Digest64($0) }, recordCount: 0, kind: .content,
            compression: isCompressed ? .zstd : .none)
        return StoneHeader(payloadCount: 4, fileType: .binary).encoded
            + RecordPayloadEncoder.encodePlain(
                .meta, plain: meta, recordCount: UInt32(Self.victim.metadata.records.count))
            + RecordPayloadEncoder.encodePlain(.layout, plain: layout, recordCount: UInt32(count))
            + RecordPayloadEncoder.encodePlain(
                .index, plain: ContentRange.encode(ranges), recordCount: UInt32(ranges.count))
            + header.encoded + content
    }

    /// One layout record of a file whose path is patched in, so that nothing has looked at it.
    private func record(_ path: [UInt8]) throws -> [UInt8] {
        let placeholder = path.indices.map { UInt8(ascii: $0 % 100 == 50 ? "/" : "x") }
        let digest = ObjectID(hashing: Array("evil".utf8))
        let entry = LayoutEntry(path: BytePath(bytes: placeholder), kind: .regular(digest), mode: 0o100644)
        return try LayoutEntry.encode([entry]).dropLast(path.count) + path
    }

    @Test func hostilePaths() throws {
        let paths: [(String, [UInt8])] = [
            ("absolute", Array("/etc/evil".utf8)), ("above", Array("../evil".utf8)),
            ("above later", Array("bin/../../../evil".utf8)), ("NUL", Array("bin/a".utf8) + [0] + Array("b".utf8)),
            ("dot", Array("./evil".utf8)),
            ("long name", [UInt8](repeating: 97, count: 300)),
        ]
        var stones = try paths.map { HostileStone(what: $0.0, bytes: try stone(layout: record($0.1))) }
        let twice = try record(Array("bin/evil".utf8)) + record(Array("bin/evil".utf8))
        stones.append(HostileStone(what: "duplicate", bytes: try stone(layout: twice, count: 2)))
        // No harm to a reader, but no package's to set.
        let number = try stone(layout: record(Array(".stateID".utf8)))
        stones.append(HostileStone(what: "state file", bytes: number, isSound: true))
        try check(stones)
    }

    @Test func lengthsAndContentsThatLie() throws {
        let record = try record(Array("bin/evil".utf8))
        let evil = ObjectID(hashing: Array("evil".utf8))
        let wrong = ObjectID(hashing: Array("good".utf8))
        var compressor = try Compressor(Compressor.Parameters(level: 3, windowLog: 27))
        let bomb = try compressor.compress([UInt8](repeating: 0, count: 256 << 20))
        func lie(_ what: String, _ bytes: [UInt8]) -> HostileStone { HostileStone(what: what, bytes: bytes) }
        var counted = try stone(layout: record)
        counted[4] = 0xff
        var longRecord = record
        longRecord.replaceSubrange(18..<20, with: [0xff, 0xff])
        try check([
            lie("other content", try stone(layout: record, content: Array("EVIL".utf8))),
            lie("range outside", try stone(layout: record, ranges: [ContentRange(start: 2, end: 60, digest: evil)])),
            lie("huge range", try stone(layout: record, ranges: [ContentRange(start: 0, end: 1 << 62, digest: evil)])),
            lie("reversed range", try stone(layout: record, ranges: [ContentRange(start: 4, end: 0, digest: evil)])),
            lie("no such digest", try stone(layout: record, ranges: [ContentRange(start: 0, end: 4, digest: wrong)])),
            lie("huge plain size", try stone(layout: record, plainSize: .max)),
            lie("record count", try stone(layout: record, count: 4_000_000_000)),
            lie("record length", try stone(layout: longRecord)),
            lie("payload count", counted),
            lie("bomb", try stone(layout: record, content: bomb, plainSize: 4, isCompressed: true)),
            lie("not zstd", try stone(layout: record, isCompressed: true)),
        ])
    }

    @Test func anotherStoneThanWasPromised() throws {
        let promised = [1, 2, 3].withUnsafeBytes { PackageID(hashing: $0) }
        try check([
            HostileStone(what: "wrong SHA-256", bytes: try Self.victim.stone(), promised: promised, isSound: true)
        ])
    }

    @Test func damagedIndexesAreRefused() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let root = try CommandRoot(in: scratch, offering: [])
            var metadata = Self.victim.metadata
            (metadata.uri, metadata.hash) = ("victim.stone", [1].withUnsafeBytes { PackageID(hashing: $0) })
            let good = try StoneIndex.encode(repository: [metadata], options: .fast)
            let directory = try Descriptor.openDirectory(scratch)
            try directory.makeDirectory("bad")
            for length in Set([0, 3, 31, 33, 64, good.count - 1] + stride(from: 70, to: good.count, by: 41)).sorted() {
                try directory.replaceFile("bad/stone.index", with: Array(good.prefix(length)))
                let result = try root.moss("repo", "add", "bad", scratch.appending("bad"))
                #expect(result.end == .exited(1), "\(length): \(result.end)")
                #expect(result.errorText.contains("bad/stone.index"), "\(length): \(result.errorText)")
            }
            #expect(try !root.done("repo", "list").contains("bad"))
        }
    }
}
