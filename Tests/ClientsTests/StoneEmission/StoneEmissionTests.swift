import BytePath
import Digests
import PackageModel
import StoneEmission
import StoneFormat
import TestSupport
import Testing

/// Entries of any source to stones, and back.
@Suite struct StoneEmissionTests {
    private static func metadata(_ name: String = "sample") -> PackageMetadata {
        PackageMetadata(name: name, version: "1.0", release: 1, licenses: ["MIT"])
    }

    /// A stone's layout by path, and its contents in order.
    private func decoded(_ stone: [UInt8]) throws -> (layout: [LayoutEntry], contents: [[UInt8]]) {
        let package = try StoneDocument(decoding: stone).package()
        var content: [UInt8] = []
        var reader = try StoneReader(ByteArraySource(stone))
        while let payload = try reader.nextPayload() {
            if payload.kind == .content { try reader.readContent { content.append(contentsOf: $0) } }
        }
        return (package.layout, package.ranges.map { Array(content[Int($0.start)..<Int($0.end)]) })
    }

    @Test func everyKindOfEntryArrives() throws {
        var contents = MemoryContents()
        var stone = StoneEmission(Self.metadata())
        stone.add(file: "share/z", contents.add(Array("same".utf8)[...]), mode: 0o4755, uid: 7, gid: 9)
        stone.add(file: "share/a", contents.add(Array("same".utf8)[...]))
        stone.add(file: "share/empty", contents.add([]))
        stone.add(file: "share/long", contents.add([UInt8](repeating: 1, count: 1 << 20)[...]))
        stone.add(link: "bin/x", to: "../share/z")
        stone.add(directory: "lib/own", mode: 0o2700)
        stone.add(LayoutEntry(path: "lib/pipe", kind: .fifo, mode: 0o010644))
        #expect(stone.files.map(\.size) == [1 << 20, 4, 0])
        #expect(stone.contentSize == (1 << 20) + 4)
        let (layout, stored) = try decoded(stone.bytes(contents: contents, options: .fast))
        #expect(
            layout.map(\.path) == ["bin/x", "lib/own", "lib/pipe", "share/a", "share/empty", "share/long", "share/z"])
        #expect(
            layout.map { String($0.mode, radix: 8) } == [
                "120777", "42700", "10644", "100644", "100644", "100644", "104755",
            ])
        #expect(layout.last?.uid == 7 && layout.last?.gid == 9 && layout.last?.kind == layout[3].kind)
        #expect(stored == [[UInt8](repeating: 1, count: 1 << 20), Array("same".utf8), []])
    }

    @Test func theOrderOfEntriesDoesNotMatter() throws {
        var contents = MemoryContents()
        let files = (0..<50).map { number in
            (path: BytePath("share/\(number % 7)/\(number)"), content: contents.add(Array("\(number % 20)".utf8)[...]))
        }
        let stones = try [files, files.reversed()].map { files in
            var stone = StoneEmission(Self.metadata())
            for file in files { stone.add(file: file.path, file.content) }
            return try stone.bytes(contents: contents, options: .fast)
        }
        #expect(stones[0] == stones[1])
    }

    @Test func aPackageWithoutFilesIsAStone() throws {
        let (layout, stored) = try decoded(StoneEmission(Self.metadata()).bytes(contents: MemoryContents()))
        #expect(layout == [] && stored == [])
    }

    @Test func contentsThatAreNotAnnouncedAreLeftOut() throws {
        var contents = MemoryContents()
        let (used, unused) = (contents.add([1, 2, 3]), contents.add([4]))
        let entry = LayoutEntry(path: "x", kind: .regular(used.digest), mode: 0o100644)
        let stone = StoneEmission(
            Self.metadata(), layout: [entry], sizes: [used.digest: used.size, unused.digest: unused.size])
        #expect(stone.files == [used])
        #expect(try decoded(stone.bytes(contents: contents)).contents == [[1, 2, 3]])
    }

    // MARK: What no stone can hold

    private func code(_ stone: StoneEmission, _ contents: MemoryContents = MemoryContents()) -> StoneError.Code? {
        do throws(StoneError) {
            _ = try stone.bytes(contents: contents, options: .fast)
            return nil
        } catch {
            return error.code
        }
    }

    @Test(arguments: ["", "/x", "a/../b", "a//b", ".", "a/\0"] as [BytePath])
    func impossiblePathsAreRefused(path: BytePath) {
        var stone = StoneEmission(Self.metadata())
        stone.add(link: path, to: "x")
        #expect(code(stone) == .invalidPath)
    }

    @Test func aPathTwiceIsRefused() {
        var stone = StoneEmission(Self.metadata())
        stone.add(link: "x", to: "y")
        stone.add(directory: "x")
        #expect(code(stone) == .duplicatePath)
    }

    @Test func namesThatAreNoTextArrive() throws {
        let odd = BytePath(bytes: Array("share/".utf8) + [0xff, 0x0a, 0x20])
        var stone = StoneEmission(Self.metadata())
        stone.add(link: odd, to: odd)
        let entry = try #require(try decoded(stone.bytes(contents: MemoryContents())).layout.first)
        #expect(entry.path == odd && entry.kind == .symlink(odd))
    }

    @Test func contentsThatAreNotWhatWasAnnouncedAreRefused() {
        var contents = MemoryContents()
        let file = contents.add([1, 2, 3])
        let cases: [(ContentFile, StoneError.Code?)] = [
            (file, nil), (ContentFile(digest: file.digest, size: 2), .contentMismatch),
            (ContentFile(digest: file.digest, size: 4), .contentMismatch),
            (ContentFile(digest: ObjectID(hashing: [9]), size: 1), .contentMismatch),
        ]
        for (announced, expected) in cases {
            var stone = StoneEmission(Self.metadata())
            stone.add(file: "x", announced)
            #expect(code(stone, contents) == expected, "\(announced)")
        }
        var unannounced = StoneEmission(Self.metadata())
        unannounced.add(LayoutEntry(path: "x", kind: .regular(file.digest), mode: 0o100644))
        #expect(code(unannounced, contents) == .digestMismatch)
    }
}
