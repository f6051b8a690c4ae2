import Digests
import PackageModel
import StoneFormat
import TestSupport
import Testing

@Suite("Stones of other writers")
struct RealStoneTests {
    @Test("a stone of the first generation: NULs in paths, no content size, a window of 4 MiB")
    func bashCompletion() throws {
        for (name, bytes) in SharedData.files(in: "stones", suffix: ".stone") where name.hasPrefix("bash-completion") {
            #expect(bytes.count == 168_864)
            let document = try StoneDocument(decoding: bytes)
            let package = try document.package()
            #expect(package.metadata.stoneFileName == name)
            #expect(package.layout.count == 745)
            #expect(package.layout.filter { if case .regular = $0.kind { true } else { false } }.count == 474)
            #expect(package.layout.filter { if case .symlink = $0.kind { true } else { false } }.count == 271)
            #expect(package.contentSize == 872_279)
            #expect(document.payloads.first { $0.header.kind == .content }?.header.recordCount == 474)
            try checkDigests(bytes, package)
            try checkAgain(document)
        }
    }

    /// Every range of the content has the digest the index gives it, whatever the size of the buffer.
    private func checkDigests(_ bytes: [UInt8], _ package: StonePackage) throws {
        for size in [1000, 1 << 18] {
            var content: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: size)
            var reader = try StoneReader(ByteArraySource(bytes))
            while let payload = try reader.nextPayload() {
                while payload.kind == .content {
                    let count = try buffer.withUnsafeMutableBytes { try reader.readContent(into: $0) }
                    if count == 0 { break }
                    content += buffer[..<count]
                }
            }
            #expect(content.count == 872_279)
            for range in package.ranges {
                #expect(ObjectID(hashing: Array(content[Int(range.start)..<Int(range.end)])) == range.digest)
            }
        }
    }

    /// Encoding the records of every payload gives a payload that decodes to the same records.
    private func checkAgain(_ document: StoneDocument) throws {
        var encoder = try RecordPayloadEncoder()
        var manifest = StoneHeader(payloadCount: 0, fileType: document.header.fileType)
        var payloads: [UInt8] = []
        let kept = document.payloads.filter { $0.body != .content && $0.body != .unknown }
        for payload in kept {
            manifest.payloadCount += 1
            let plain: [UInt8]
            switch payload.body {
            case .meta(let records): plain = try MetaRecord.encode(records)
            case .layout(let entries): plain = try LayoutEntry.encode(entries)
            case .index(let ranges): plain = ContentRange.encode(ranges)
            case .attributes(let records): plain = AttributeRecord.encode(records)
            case .frames(let frames): plain = ContentFrame.encode(frames)
            case .content, .unknown: continue
            }
            payloads += try encoder.encode(
                payload.header.kind, plain: plain, recordCount: Int(payload.header.recordCount))
        }
        let again = try StoneDocument(decoding: manifest.encoded + payloads)
        #expect(again.payloads.map(\.body) == kept.map(\.body))
    }

    @Test("build manifests decode, and their packages encode to the same records")
    func manifests() throws {
        for (name, bytes) in SharedData.files(in: "manifests", suffix: ".bin") {
            let document = try StoneDocument(decoding: bytes)
            #expect(document.header.fileType == .buildManifest, "\(name)")
            let packages = try StoneIndex.decode(bytes)
            #expect(packages.count == Int(document.header.payloadCount), "\(name)")
            for (payload, package) in zip(document.payloads, packages) {
                guard case .meta(let records) = payload.body else { continue }
                #expect(package.records == records, "\(name), \(package.name)")
            }
            try checkAgain(document)
            let again = try StoneDocument(decoding: StoneIndex.encode(manifest: packages, options: .fast))
            #expect(again.payloads.map(\.body) == document.payloads.map(\.body), "\(name)")
        }
    }
}
