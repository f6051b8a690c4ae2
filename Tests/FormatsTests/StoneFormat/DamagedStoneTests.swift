import BytePath
import Digests
import PackageModel
import StoneFormat
import TestSupport
import Testing

@Suite("Damaged stones")
struct DamagedStoneTests {
    private func refusal(of bytes: [UInt8]) -> StoneError? {
        do throws(StoneError) {
            _ = try StoneDocument(decoding: bytes).package()
            return nil
        } catch {
            return error
        }
    }

    @Test("a stone cut anywhere is an error")
    func truncation() throws {
        var generator = SeededGenerator(seed: 3)
        let sample = try SamplePackage.random(using: &generator, entryCountMax: 12, fileSizeMax: 200).stone()
        for stone in [StoneVectors.demo, sample] {
            for count in 0..<stone.count {
                let code = refusal(of: Array(stone.prefix(count)))?.code
                #expect(code == (count < 4 ? .notAStone : .truncated), "cut after \(count) bytes")
            }
            #expect(refusal(of: stone + [0])?.code == .trailingBytes)
        }
    }

    /// Nothing in the format covers a stone's own header and the payloads' headers, so what a changed bit in them does
    /// depends on whether the field can be held against something else. The one field that cannot is the record count of
    /// Content: old writers put the number of files there, new ones 0, and nobody needs it.
    @Test("of all single bits of the vector, only those of the content's record count may change")
    func bitFlips() throws {
        var unnoticed: [Int: Int] = [:]
        for position in StoneVectors.demo.indices {
            for bit in 0..<8 {
                var stone = StoneVectors.demo
                stone[position] ^= 1 << bit
                if refusal(of: stone) == nil { unnoticed[position, default: 0] += 1 }
            }
        }
        #expect(unnoticed == [633: 8, 634: 8, 635: 8, 636: 8])
        let same = try StoneDocument(decoding: StoneVectors.demo).package()
        var stone = StoneVectors.demo
        stone[633] = 0xff
        #expect(try StoneDocument(decoding: stone).package() == same)
    }

    /// A reader that does not ask for a whole package sees more: the file type may be any, and a payload whose kind
    /// became an unknown one is skipped.
    @Test("without the checks of a package, file type and payload kind are the fields that may change too")
    func bitFlipsOfContainer() {
        var unnoticed = Set<Int>()
        for position in StoneVectors.demo.indices {
            for bit in 0..<8 {
                var stone = StoneVectors.demo
                stone[position] ^= 1 << bit
                if (try? StoneDocument(decoding: stone)) != nil { unnoticed.insert(position) }
            }
        }
        let kinds = [32, 266, 513, 609].map { $0 + 30 }
        #expect(unnoticed == Set([27] + kinds + Array(633...636)))
    }

    @Test("bits of compressed stones flip without a trap, and damage below a checksum is noticed")
    func compressedBitFlips() throws {
        var generator = SeededGenerator(seed: 4)
        let stone = try SamplePackage.random(using: &generator, entryCountMax: 6, fileSizeMax: 100).stone()
        let payloads = try StoneDocument(decoding: stone).payloads
        let covered = payloads.map { payload in
            let start = Int(payload.offset) + PayloadHeader.byteCount
            return start..<(start + Int(payload.header.storedSize))
        }
        for position in stone.indices {
            var damaged = stone
            damaged[position] ^= UInt8(1 << Int.random(in: 0..<8, using: &generator))
            let error = refusal(of: damaged)
            if covered.contains(where: { $0.contains(position) }) { #expect(error != nil, "byte \(position)") }
        }
    }

    /// Layout, Index and Content of upstream's pineapple-1-1-1: made by another program, so a check of ours.
    @Test("compressed payloads of a known stone have the sizes and checksums it has")
    func pineapple() throws {
        let entry = LayoutEntry(path: "share/defaults/pienapple", kind: .regular(.ofNothing), mode: 0o100644)
        var encoder = try RecordPayloadEncoder()
        let layout = try encoder.encode(.layout, plain: try LayoutEntry.encode([entry]), recordCount: 1)
        let range = ContentRange(start: 0, end: 0, digest: .ofNothing)
        let index = try encoder.encode(.index, plain: ContentRange.encode([range]), recordCount: 1)
        let headers = [layout, index].map { bytes in bytes.withUnsafeBytes { PayloadHeader(decoding: $0) } }
        #expect(headers.map(\.storedSize) == [0x43, 0x20])
        #expect(headers.map(\.plainSize) == [0x48, 0x20])
        #expect(headers.map(\.checksum) == [0x1326_d248_7ca3_0bd1, 0x911d_313e_f4ec_8028])
        let stone = try pineappleStone()
        let content = Array(stone.suffix(41))
        let header = content.withUnsafeBytes { PayloadHeader(decoding: $0) }
        #expect(header.checksum == 0xe6fb_29dd_a2e7_a873)
        #expect(content.suffix(9) == [0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00])
    }

    private func pineappleStone() throws -> [UInt8] {
        var sample = SamplePackage(name: "pineapple", version: "1")
        sample.add(file: "share/defaults/pienapple", [])
        return try sample.stone(options: StoneWriterOptions())
    }
}
