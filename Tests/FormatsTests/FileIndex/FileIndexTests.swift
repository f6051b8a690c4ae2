import BytePath
import Digests
import FileIndex
import Glibc
import TestSupport
import Testing

@Suite("File indexes")
struct FileIndexTests {
    static let digest = SHA256Digest(hashing: UnsafeRawBufferPointer(start: nil, count: 0))

    /// Paths as packages have them: some of all, most of one.
    static func randomFiles(
        _ packages: [String], perPackage: Int, using generator: inout SeededGenerator
    ) -> [FileIndex.File] {
        var files = Set<FileIndex.File>()
        for name in packages {
            for number in 0..<Int.random(in: 0...perPackage, using: &generator) {
                let places = [
                    "bin/\(name)-\(number)", "lib/lib\(name).so.\(number)", "share/doc/\(name)/\(number)",
                    "share/common/\(number % 7)", "share/ü/\u{1}\(number)", String(repeating: "d/", count: 40) + "x",
                ]
                let path = BytePath(places.randomElement(using: &generator) ?? "x")
                let kind = FileIndex.Kind.allCases.randomElement(using: &generator) ?? .regular
                guard !files.contains(where: { $0.path == path && $0.package == name }) else { continue }
                files.insert(FileIndex.File(path: path, kind: kind, package: name))
            }
        }
        return files.sorted { ($0.path, $0.package) < ($1.path, $1.package) }
    }

    static func encoded(
        _ files: [FileIndex.File], _ packages: [String], level: Int = 1, blockSize: Int = 64 << 10
    ) throws -> [UInt8] {
        var writer = try FileIndexWriter(index: digest, packages: packages, level: level, blockSize: blockSize)
        for file in files {
            let package = try #require(packages.firstIndex(of: file.package))
            try writer.add(file.path.bytes, file.kind, package: package)
        }
        return try writer.encode()
    }

    @Test("what was written is found again, whatever the order it was added in")
    func roundTrip() throws {
        var generator = SeededGenerator.forTest()
        for (count, blockSize) in [(0, 1), (1, 1), (2, 64 << 10), (30, 64 << 10), (30, 300), (30, 1)] {
            let packages = (0..<count).map { "p\($0)" }.sorted()
            let files = Self.randomFiles(packages, perPackage: 40, using: &generator)
            let encoded = { try Self.encoded($0, packages, blockSize: blockSize) }
            let bytes = try encoded(files)
            #expect(try encoded(files.shuffled(using: &generator)) == bytes)
            #expect(try encoded(files + files) == bytes)
            let index = try FileIndex(bytes)
            #expect(index.packages == packages && index.index == Self.digest)
            #expect(try index.all() == files)
            for file in files.shuffled(using: &generator).prefix(20) {
                #expect(try index.files(at: file.path) == files.filter { $0.path == file.path })
                let missing = BytePath(bytes: file.path.bytes + [1])
                #expect(try index.files(at: missing).isEmpty)
            }
            for pattern: BytePath in ["", "doc", "share/doc/p1*/*", "*.so.?", "/usr/bin/p2-1", "**/[0-3]", "zz"] {
                let pattern = FilePattern(pattern)
                let expected = files.filter { pattern.matches($0.path.bytes) }
                #expect(try index.files(matching: pattern).files == expected)
                let some = try index.files(matching: pattern, limit: 3)
                #expect(some.files == Array(expected.prefix(3)) && some.isComplete == (expected.count <= 3))
            }
        }
    }

    @Test("a look-up reads one or two blocks, and none for a path before all others")
    func fewBlocksAreRead() throws {
        let packages = (0..<100).map { "package\(1000 + $0)" }
        var files: [FileIndex.File] = []
        for name in packages {
            for number in 0..<100 {
                let place = "share/\(name)/file\(number % 10)\(number)-\(String(repeating: "x", count: number))"
                files.append(.init(path: BytePath(place), kind: .regular, package: name))
            }
            files.sort { $0.path < $1.path }
        }
        let bytes = try Self.encoded(files, packages)
        let reads = Counted()
        let index = try FileIndex(byteCount: bytes.count) { (range) throws(FileIndexError) in
            reads.ranges.append(range)
            return Array(bytes[range])
        }
        #expect(reads.ranges.count == 2)
        var generator = SeededGenerator.forTest()
        var blockCount = 0
        for file in files.shuffled(using: &generator).prefix(30) {
            reads.ranges = []
            #expect(try index.files(at: file.path) == [file])
            blockCount = max(blockCount, reads.ranges.count)
        }
        #expect(blockCount <= 2)
        reads.ranges = []
        _ = try index.files(matching: FilePattern("**"))
        #expect(reads.ranges.count > 3)
        let all = reads.ranges.count
        reads.ranges = []
        #expect(try index.files(matching: FilePattern("share/package1007/*")).files.count == 100)
        #expect(reads.ranges.count < all / 2)
    }

    /// Read on this thread only.
    private final class Counted: @unchecked Sendable {
        var ranges: [Range<Int>] = []
    }

    @Test("paths of a collection take less than a tenth of their text")
    func size() throws {
        var generator = SeededGenerator(seed: 5)
        let words = (0..<60).map { _ in String(UInt32.random(in: 10_000...9_999_999, using: &generator), radix: 36) }
        let word = { words.randomElement(using: &generator) ?? "" }
        let packages = Set((0..<400).map { _ in "\(word())-\(word())" }).sorted()
        var files: [FileIndex.File] = []
        for name in packages {
            files.append(.init(path: BytePath("bin/\(name)"), kind: .regular, package: name))
            files.append(.init(path: BytePath("share/licenses/\(name)/LICENSE"), kind: .regular, package: name))
            for language in ["de", "fr", "pt_BR", "zh_CN", "ja", "sv"] {
                let place = "share/locale/\(language)/LC_MESSAGES/\(name).mo"
                files.append(.init(path: BytePath(place), kind: .regular, package: name))
            }
            for number in 0..<90 {
                let place = "share/\(name)/\(["icons", "data", "help"][number % 3])/\(word())-\(number).svg"
                files.append(.init(path: BytePath(place), kind: .regular, package: name))
            }
        }
        let text = files.reduce(0) { $0 + $1.path.count + 1 }
        let bytes = try Self.encoded(files, packages, level: 12)
        print("\(files.count) paths: \(bytes.count) of \(text) bytes")
        #expect(bytes.count * 10 < text)
    }

    @Test("every damaged byte is noticed")
    func damage() throws {
        var generator = SeededGenerator.forTest()
        let packages = (0..<20).map { "p\($0)" }.sorted()
        let files = Self.randomFiles(packages, perPackage: 20, using: &generator)
        let bytes = try Self.encoded(files, packages)
        for position in bytes.indices {
            var damaged = bytes
            damaged[position] ^= UInt8.random(in: 1...255, using: &generator)
            #expect(throws: FileIndexError.self, "byte \(position)") { try FileIndex(damaged).all() }
        }
        for count in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: FileIndexError.self) { try FileIndex(Array(bytes.prefix(count))).all() }
        }
        #expect(throws: FileIndexError.self) { try FileIndex(bytes + [0]) }
    }

    @Test("nothing that no stone could have is written")
    func refusals() throws {
        var writer = try FileIndexWriter(index: Self.digest, packages: ["a"])
        for path in ["", "/a", "a/../b", "a//b", "a\0b", String(repeating: "x", count: 256)] {
            #expect(throws: FileIndexError.self) { try writer.add(Array(path.utf8), .regular, package: 0) }
        }
        for packages in [["b", "a"], ["a", "a"], [""], ["a\0"], [String(repeating: "n", count: 256)]] {
            #expect(throws: FileIndexError.self) { try FileIndexWriter(index: Self.digest, packages: packages) }
        }
    }
}

/// What the fuzzer starts from, and what it once found, kept in `Tests/Fuzz/Corpus/files`.
@Suite("Fuzz corpus of file indexes")
struct FileIndexCorpusTests {
    private static let corpus = TestFiles.packageRoot + "/Tests/Fuzz/Corpus/files/"

    @Test("generated indexes, and blocks that the fuzzer can get at, pass what it checks")
    func seeds() throws {
        for seed in 0..<6 as Range<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let packages = (0..<Int(seed)).map { "p\($0)" }
            let files = FileIndexTests.randomFiles(packages, perPackage: 8, using: &generator)
            try check("seed\(seed)", FileIndexTests.encoded(files, packages))
        }
        let block = Self.block([(0, "bin/a", 0), (5, "", 2), (4, "b", 1), (0, "lib/x", 0)])
        try check("block", [0, 3] + block)
        let later = Self.block([(0, "share/x", 1)])
        try check(
            "blocks", [1, 3] + block + [UInt8](repeating: 0, count: max(0, later.count - block.count)) + [0] + later)
        #expect(try FileIndex(FileIndexFuzzing.assembled([0, 3] + block)).all().count == 4)
    }

    /// A plain block of what each path shares, its rest, and the step to its package.
    private static func block(_ entries: [(shared: UInt8, rest: String, step: UInt8)]) -> [UInt8] {
        let size = [0, 0, 0, UInt8(entries.count)]
        return size + size + size + entries.map(\.shared) + entries.map { UInt8($0.rest.utf8.count) << 2 }
            + entries.map(\.step) + entries.flatMap { Array($0.rest.utf8) }
    }

    @Test("every file of the corpus passes again")
    func replay() throws {
        let names = try #require(TestFiles.names(in: Self.corpus))
        #expect(names.count > 5)
        for name in names { FileIndexFuzzing.check(try #require(TestFiles.bytes(of: Self.corpus + name))) }
    }

    private func check(_ name: String, _ bytes: [UInt8]) throws {
        FileIndexFuzzing.check(bytes)
        if getenv("MOSS_RECORD_CORPUS") != nil { #expect(TestFiles.write(bytes, to: Self.corpus + name)) }
    }
}
