import Digests
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// What many payloads ask for together, each of them within its own limit.
@Suite("Limits over all payloads")
struct StoneLimitsTests {
    private func refusal(of bytes: [UInt8], limits: StoneLimits = StoneLimits()) -> StoneError? {
        do throws(StoneError) {
            _ = try StoneDocument(decoding: bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private func refusal(ofIndex bytes: [UInt8], limits: StoneLimits) -> StoneError? {
        do throws(StoneError) {
            _ = try StoneIndex.decode(bytes, limits: limits)
            return nil
        } catch {
            return error
        }
    }

    private func index(_ count: Int) throws -> [UInt8] {
        try StoneIndex.encode(
            repository: (0..<count).map { PackageMetadata(name: "p\($0)", version: "1", release: 1) }, options: .fast)
    }

    @Test("the packages of an index count together, and the error names the one before the limit")
    func index() throws {
        let bytes = try index(10)
        let one = PackageMetadata(name: "p0", version: "1", release: 1).recordTotals
        #expect(refusal(ofIndex: bytes, limits: StoneLimits()) == nil)
        for limits in [
            StoneLimits(metaSizeTotalMax: one.size * 6), StoneLimits(metaRecordsTotalMax: one.records * 6),
        ] {
            let error = try #require(refusal(ofIndex: bytes, limits: limits))
            #expect(error.code == .limitExceeded && error.payload == .meta)
            let words = [
                "\"p", "all meta payloads up to here",
                "more than \(limits.metaSizeTotalMax < 10_000 ? limits.metaSizeTotalMax : limits.metaRecordsTotalMax)",
            ]
            #expect(words.allSatisfy(error.message.contains), "\(error)")
        }
        let error = refusal(ofIndex: bytes, limits: StoneLimits(metaRecordsMax: 5))
        #expect(error?.code == .limitExceeded && error?.message.contains("more than 5") == true)
    }

    @Test(
        "payloads of one kind count together: layout, index, attributes",
        arguments: [PayloadKind.layout, .index, .attributes])
    func payloads(kind: PayloadKind) {
        var stone = RawStone()
        stone.appendMeta()
        for number in 0..<8 as Range<UInt64> {
            switch kind {
            case .layout: stone.append(kind, RawStone.entry(Array("d\(number)".utf8)), count: 1)
            case .index: stone.append(kind, RawStone.range(number, number + 1, [UInt8(number)]), count: 1)
            default:
                stone.append(kind, AttributeRecord.encode([AttributeRecord(key: [1], value: [2])]), count: 1)
            }
        }
        #expect(refusal(of: stone.bytes) == nil)
        for limits in [StoneLimits(recordsSizeMax: 100), StoneLimits(recordsMax: 7)] {
            let error = refusal(of: stone.bytes, limits: limits)
            #expect(error?.code == .limitExceeded && error?.payload == kind, "\(limits)")
        }
    }

    @Test("a header that claims too much is refused before anything is reserved")
    func claims() {
        for (size, count) in [(UInt64.max, UInt32(1)), (1 << 62, 1), (64, .max)] as [(UInt64, UInt32)] {
            for kind in [PayloadKind.meta, .layout, .index, .attributes] {
                var stone = RawStone()
                for _ in 0..<2 {
                    stone.append(kind, [1, 2, 3, 4], count: 1) { payload in
                        payload.compression = .zstd
                        payload.plainSize = size
                        payload.recordCount = count
                    }
                }
                #expect(refusal(of: stone.bytes)?.code == .limitExceeded, "\(kind) \(size) \(count)")
            }
        }
    }

    @Test("what is kept for a manifest is bounded, whatever it is; what is only read over is not kept")
    func manifest() throws {
        var stone = RawStone()
        stone.appendMeta()
        for _ in 0..<10 { stone.append(PayloadKind(rawValue: 99), [UInt8](repeating: 1, count: 100), count: 1) }
        for (keeps, code) in [(true, StoneError.Code.limitExceeded), (false, nil)] as [(Bool, StoneError.Code?)] {
            var found: StoneError?
            do throws(StoneReadError<Never>) {
                var reader = try StoneReader(
                    ByteArraySource(stone.bytes), limits: StoneLimits(manifestSizeMax: 1000), collectsManifest: keeps)
                while try reader.nextPayload() != nil {}
            } catch {
                found = error.stoneError
            }
            #expect(found?.code == code)
        }
    }

    @Test("a text is bounded")
    func text() {
        for (count, code) in [(StoneLimits.textSizeMax, nil), (StoneLimits.textSizeMax + 1, .limitExceeded)]
            as [(Int, StoneError.Code?)]
        {
            var stone = RawStone()
            stone.appendMeta(RawStone.record(12, 9, [UInt8](repeating: 0x61, count: count)), count: 1)
            #expect(refusal(of: stone.bytes)?.code == code)
        }
    }

    @Test("paths have a bounded number of components")
    func depth() {
        for (count, code) in [(LayoutPathRule.depthMax, nil), (LayoutPathRule.depthMax + 1, .invalidPath)]
            as [(Int, StoneError.Code?)]
        {
            let path = Array(repeating: "d", count: count).joined(separator: "/")
            #expect(refusal(of: RawStone.package(layout: [RawStone.entry(Array(path.utf8))]))?.code == code)
        }
    }

    @Test("real repositories fit: twice all packages of one, and a package of 500,000 files")
    func realSizes() {
        let limits = StoneLimits()
        #expect(limits.problem(RecordTotals(size: 120 << 20, records: 2_500_000), of: .meta) == nil)
        #expect(limits.problem(RecordTotals(size: 100 << 20, records: 500_000), of: .layout) == nil)
        #expect(limits.problem(RecordTotals(size: 32 * 500_000, records: 500_000), of: .index) == nil)
    }

    @Test("what metadata are said to have is what their records have")
    func recordTotals() throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let metadata = SamplePackage.randomMetadata(name: "x", using: &generator)
            let plain = try MetaRecord.encode(metadata.records)
            // Two numbers, and up to two bytes a record, apart.
            #expect(metadata.recordTotals.records + 2 >= UInt64(metadata.records.count))
            #expect(metadata.recordTotals.size + 32 >= UInt64(plain.count))
            #expect(metadata.recordTotals.size <= UInt64(plain.count * 2))
        }
    }
}
