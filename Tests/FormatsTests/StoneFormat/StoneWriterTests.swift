import BytePath
import Digests
import PackageModel
import StoneFormat
import TestSupport
import Testing

@Suite("Writing stones")
struct StoneWriterTests {
    private let metadata = PackageMetadata(name: "a", version: "1", release: 1)

    private func write(
        _ sample: SamplePackage, chunk: Int, options: StoneWriterOptions
    ) throws(StoneWriteError<Never>) -> [UInt8] {
        let content = sample.files.flatMap { sample.content($0.digest) ?? [] }
        var writer = try StoneWriter(
            ByteArraySink(), metadata: sample.metadata, layout: sample.layout, files: sample.files, options: options)
        for start in stride(from: 0, to: content.count, by: chunk) {
            let part = Array(content[start..<min(start + chunk, content.count)])
            try part.withUnsafeBufferPointer { (bytes) throws(StoneWriteError<Never>) in
                try writer.write(UnsafeRawBufferPointer(bytes))
            }
        }
        return try writer.finish().bytes
    }

    @Test("the bytes depend on the values only: not on chunks, workers or the order of the layout")
    func reproducible() throws {
        var generator = SeededGenerator(seed: 11)
        var sample = SamplePackage.random(using: &generator)
        for number in 0..<4 {
            var bytes: [UInt8] = []
            while bytes.count < 600_000 { bytes += "\(UInt16.random(in: 0...999, using: &generator)) ".utf8 }
            sample.add(file: BytePath("share/large\(number)"), bytes)
        }
        var options = StoneWriterOptions(recordLevel: 3, contentLevel: 1)
        let bytes = try write(sample, chunk: 1 << 20, options: options)
        var shuffled = SamplePackage(sample.metadata)
        for entry in sample.layout.shuffled(using: &generator) {
            if case .regular(let digest) = entry.kind {
                shuffled.add(file: entry.path, sample.content(digest) ?? [], mode: entry.mode & 0o7777)
            } else {
                shuffled.add(entry)
            }
        }
        for workers in 0...3 {
            options.contentWorkers = workers
            #expect(try write(shuffled, chunk: 33_333 * (workers + 1), options: options) == bytes)
        }
        #expect(try StoneDocument(decoding: bytes).package().metadata == sample.metadata)
    }

    @Test("payloads come as upstream puts them, and only those that are needed")
    func payloads() throws {
        func kinds(_ sample: SamplePackage) throws -> [PayloadKind] {
            let document = try StoneDocument(decoding: sample.stone(options: StoneWriterOptions()))
            for payload in document.payloads {
                #expect(payload.header.compression == .zstd)
                if payload.body == .content { #expect(payload.header.recordCount == 0) }
            }
            return document.payloads.map(\.header.kind)
        }
        var sample = SamplePackage(metadata)
        #expect(try kinds(sample) == [.meta])
        sample.add(link: "bin/sh", to: "bash")
        #expect(try kinds(sample) == [.meta, .layout])
        sample.add(file: "empty", [])
        #expect(try kinds(sample) == [.meta, .layout, .index, .content])
    }

    @Test("content frames state their size and have no checksum, as single segments")
    func frame() throws {
        var sample = SamplePackage(metadata)
        sample.add(file: "a", [UInt8](repeating: 1, count: 1000))
        let stone = try sample.stone(options: StoneWriterOptions())
        let content = try #require(try StoneDocument(decoding: stone).payloads.last)
        let start = Int(content.offset) + PayloadHeader.byteCount
        #expect(Array(stone[start..<(start + 7)]) == [0x28, 0xb5, 0x2f, 0xfd, 0x60, 0xe8, 0x02])
    }

    /// Content that is not what was announced: 2 files, "aaaa" and "bb".
    @Test(
        "content that is not what was announced is refused",
        arguments: ["", "aaaa", "aaaab", "aaaabbb", "aaabb", "aaaabc", "bbaaaa"])
    func mismatch(content: String) throws {
        let files = ["aaaa", "bb"].map {
            ContentFile(digest: ObjectID(hashing: Array($0.utf8)), size: UInt64($0.utf8.count))
        }
        let layout = files.enumerated().map {
            LayoutEntry(path: BytePath("f\($0.offset)"), kind: .regular($0.element.digest), mode: 0o100644)
        }
        do throws(StoneWriteError<Never>) {
            var writer = try StoneWriter(ByteArraySink(), metadata: metadata, layout: layout, files: files)
            try Array(content.utf8).withUnsafeBufferPointer { (bytes) throws(StoneWriteError<Never>) in
                try writer.write(UnsafeRawBufferPointer(bytes))
            }
            _ = try writer.finish()
            Issue.record("accepted")
        } catch {
            #expect(error.stoneError.code == .contentMismatch)
        }
    }

    @Test("files in another order, twice, missing or without a path are refused")
    func files() throws {
        let a = ContentFile(digest: ObjectID(hashing: [1]), size: 1)
        let b = ContentFile(digest: ObjectID(hashing: [2, 3]), size: 2)
        let layout = [a, b].map {
            LayoutEntry(path: BytePath("f\($0.size)"), kind: .regular($0.digest), mode: 0o100644)
        }
        for files in [[a, b], [b, b, a], [b], [a], [], [b, a, ContentFile(digest: .ofNothing, size: 0)]] {
            #expect(throws: StoneWriteError<Never>.self, "\(files)") {
                _ = try StoneWriter(ByteArraySink(), metadata: metadata, layout: layout, files: files)
            }
        }
    }

    @Test("values that no reader would take are not written")
    func refusedValues() {
        let entries = [
            LayoutEntry(path: "/abs", kind: .directory, mode: 0o040755),
            LayoutEntry(path: "a/../b", kind: .directory, mode: 0o040755),
            LayoutEntry(path: "a", kind: .directory, mode: 0o100755), LayoutEntry(path: "a", kind: .fifo, mode: 0o600),
            LayoutEntry(path: "a", kind: .symlink(""), mode: 0o120777),
        ]
        for entry in entries {
            var sample = SamplePackage(metadata)
            sample.add(entry)
            #expect(throws: StoneError.self, "\(entry)") { _ = try sample.stone() }
        }
        var sample = SamplePackage(metadata)
        sample.add(directory: "a")
        sample.add(directory: "a", mode: 0o700)
        #expect(throws: StoneError.self) { _ = try sample.stone() }
        sample = SamplePackage(metadata)
        sample.metadata.summary = "a\0b"
        #expect(throws: StoneError.self) { _ = try sample.stone() }
    }

    // MARK: - Indices

    @Test("a repository index keeps packages, order and where they are")
    func repository() throws {
        var generator = SeededGenerator(seed: 12)
        let packages = (0..<50).map { number in
            var package = SamplePackage.randomMetadata(name: "p\(number % 7)", using: &generator)
            package.uri = "../pool/\(number).stone"
            package.hash = Array("\(number)".utf8).withUnsafeBytes { PackageID(hashing: $0) }
            package.downloadSize = UInt64(number) << 33
            return package
        }
        let bytes = try StoneIndex.encode(repository: packages)
        #expect(try StoneIndex.encode(repository: packages) == bytes)
        #expect(try StoneIndex.decode(bytes) == packages)
        #expect(try StoneDocument(decoding: bytes).header.fileType == .repository)
        for count in 0..<400 {
            #expect(throws: StoneError.self) { _ = try StoneIndex.decode(Array(bytes.prefix(count))) }
        }
        #expect(try StoneIndex.decode(StoneIndex.encode(repository: [])).isEmpty)
    }

    @Test("a build manifest is ordered by name, without build release and without what an index adds")
    func manifest() throws {
        var packages = ["b", "a-devel", "a"].map { PackageMetadata(name: $0, version: "1", release: 2) }
        packages[0].uri = "b.stone"
        let again = try StoneIndex.decode(StoneIndex.encode(manifest: packages))
        #expect(again.map(\.name) == ["a", "a-devel", "b"])
        #expect(again.allSatisfy { $0.buildRelease == 0 && $0.uri == nil })
    }

    @Test("an index of more packages than the format counts is refused, one of as many is not")
    func indexLimit() throws {
        let package = PackageMetadata(name: "a", version: "1", release: 1)
        let most = [PackageMetadata](repeating: package, count: StoneIndex.packageCountMax)
        let error = #expect(throws: StoneError.self) {
            _ = try StoneIndex.encode(repository: most + [package], options: .fast)
        }
        #expect(error?.code == .formatLimit)
    }

    @Test("only indices and manifests are read as such")
    func wrongType() {
        let error = #expect(throws: StoneError.self) { _ = try StoneIndex.decode(StoneVectors.demo) }
        #expect(error?.code == .wrongFileType)
    }
}
