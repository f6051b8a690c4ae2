import BytePath
import Digests
import PackageModel
import StoneFormat
import TestSupport
import Testing

@Suite("Stones as values")
struct StoneDocumentTests {
    @Test("the uncompressed vector decodes to the package it describes")
    func demoVector() throws {
        let bytes = StoneVectors.demo
        #expect(bytes.count == 654)
        #expect(
            bytes.withUnsafeBytes { PackageID(hashing: $0) }.hexadecimal
                == "d95165f258c355d2aff0bc2bfaa126dc2280fca8fa224211e9cbb4b43bb21318")
        let document = try StoneDocument(decoding: bytes)
        #expect(document.payloads.map(\.offset) == [32, 266, 513, 609])
        #expect(document.payloads.map(\.header.recordCount) == [12, 4, 2, 0])
        let package = try document.package()
        #expect(
            package.metadata
                == PackageMetadata(
                    name: "demo", version: "1.0", release: 7, summary: "A demo", description: "Demo package",
                    homepage: "https://example.org", licenses: ["MIT"],
                    dependencies: [Capability(.soname, "libc.so.6(x86_64)")],
                    providers: [Capability(.binary, "demo")]))
        let hello = ObjectID(hashing: Array("hello, stone\n".utf8))
        #expect(
            package.layout == [
                LayoutEntry(path: "bin/demo", kind: .regular(hello), mode: 0o100755),
                LayoutEntry(path: "bin/demo2", kind: .symlink("demo"), mode: 0o120777),
                LayoutEntry(path: "share/demo/empty", kind: .regular(.ofNothing), mode: 0o100644),
                LayoutEntry(path: "share/demo/private", kind: .directory, mode: 0o040700),
            ])
        #expect(
            package.ranges == [
                ContentRange(start: 0, end: 13, digest: hello), ContentRange(start: 13, end: 13, digest: .ofNothing),
            ])
        #expect(package.contentSize == 13)
    }

    @Test("encoding the vector's records gives its bytes again")
    func demoVectorAgain() throws {
        let document = try StoneDocument(decoding: StoneVectors.demo)
        var bytes = document.header.encoded
        for payload in document.payloads {
            let plain: [UInt8]
            switch payload.body {
            case .meta(let records): plain = try MetaRecord.encode(records)
            case .layout(let entries): plain = try LayoutEntry.encode(entries)
            case .index(let ranges): plain = ContentRange.encode(ranges)
            default: plain = Array("hello, stone\n".utf8)
            }
            bytes += RecordPayloadEncoder.encodePlain(
                payload.header.kind, plain: plain, recordCount: payload.header.recordCount)
        }
        #expect(bytes == StoneVectors.demo)
    }

    @Test("random packages survive a round trip", arguments: 0..<40 as Range<UInt64>)
    func roundTrip(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let sample = SamplePackage.random(using: &generator, fileSizeMax: seed % 8 == 0 ? 200_000 : 4096)
        let bytes = try sample.stone()
        let package = try StoneDocument(decoding: bytes).package()
        #expect(package.metadata == sample.metadata, "seed \(seed)")
        #expect(package.layout == sample.layout.sorted { $0.path < $1.path }, "seed \(seed)")
        #expect(package.contentSize == (sample.files.isEmpty ? nil : sample.files.reduce(0) { $0 + $1.size }))

        var content: [UInt8] = []
        var reader = try StoneReader(ByteArraySource(bytes), collectsManifest: true)
        while let payload = try reader.nextPayload() {
            if payload.kind == .content { try reader.readContent { content.append(contentsOf: $0) } }
        }
        for range in package.ranges {
            #expect(sample.content(range.digest) == Array(content[Int(range.start)..<Int(range.end)]), "seed \(seed)")
        }
        let kept = reader.manifest
        let manifest = try StoneDocument(decoding: try #require(kept).encoded)
        let document = try StoneDocument(decoding: bytes)
        #expect(manifest.payloads.map(\.body) == document.payloads.map(\.body).filter { $0 != .content })
    }
}
