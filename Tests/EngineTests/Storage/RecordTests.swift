import BytePath
import Digests
import FileTree
import ObjectStore
import PackageCatalog
import PackageModel
import States
import Storage
import TestSupport
import Testing

/// Records come back as they were written, and of other bytes nothing is believed that was not looked at.
@Suite struct RecordTests {
    /// A kind of record: bytes that could be one, and what is written of what was read.
    struct Kind: Sendable, CustomStringConvertible {
        let description: String
        let make: @Sendable (inout SeededGenerator) -> [UInt8]
        let rewrite: @Sendable (UnsafeRawBufferPointer) throws -> [UInt8]

        init<Value: BucketValue>(
            _ name: String, version: UInt8 = 1, as type: Value.Type,
            _ write: @escaping @Sendable (inout RecordWriter, inout SeededGenerator) -> Void
        ) {
            description = name
            make = { generator in
                var bytes: [UInt8] = []
                RecordWriter.append(to: &bytes, version: version) { write(&$0, &generator) }
                return bytes
            }
            rewrite = { bytes in
                var written: [UInt8] = []
                try Value(decoding: bytes).encode(into: &written)
                return written
            }
        }
    }

    static let kinds = [
        Kind("state", version: 4, as: State.self) { writer, generator in
            writer.put(UInt64(9))
            writer.put(UInt64.random(in: 0..<9, using: &generator))
            writer.put(Int64.random(in: .min ... .max, using: &generator))
            writer.put(TreeID(generator.digest()))
            for _ in 0..<4 { writer.put(UInt64.random(in: 0...1 << 40, using: &generator)) }
            writer.put("install nano – \(generator.next())")
            writer.put(generator.paths())
            let isWithGenerated = Bool.random(using: &generator)
            writer.put(isWithGenerated)
            if isWithGenerated {
                let count = UInt32.random(in: 0...2, using: &generator)
                writer.put(count)
                for _ in 0..<count {
                    writer.put(BytePath("lib"))
                    let entry = TreeEntry(
                        name: "os-release", metadata: EntryMetadata(mode: 0o644, uid: 0, gid: 0),
                        content: .regular(ObjectID(generator.digest()), size: 17))
                    entry.withRecord {
                        writer.put(counted: UnsafeRawBufferPointer(start: $0.base, count: $0.byteCount))
                    }
                    let isWithOrigin = Bool.random(using: &generator)
                    writer.put(isWithOrigin)
                    if isWithOrigin {
                        writer.put("moss")
                        writer.put(generator.paths())
                    }
                }
            }
            writer.put(UInt32(3))
            for number in 0..<3 as Range<UInt8> {
                writer.put(PackageID(SHA256Digest(filledWith: number)))
                writer.put(Bool.random(using: &generator))
            }
        },
        Kind("control", as: Control.self) { writer, generator in
            writer.put(UInt64(6))
            writer.put(UInt64.random(in: 0...5, using: &generator))
            writer.putContent(&generator)
            let isSwitching = Bool.random(using: &generator)
            writer.put(isSwitching)
            guard isSwitching else { return }
            writer.put(UInt64(5))
            writer.put(Bool.random(using: &generator))
            writer.put(generator.next())
            writer.put(generator.paths())
        },
        Kind("slot", as: TreeSlot.self) { writer, generator in
            let flags = UInt8.random(in: 0..<16, using: &generator)
            writer.put(flags)
            if flags & 1 != 0 { writer.putContent(&generator) }
            if flags & 2 != 0 { writer.put(TreeID(generator.digest())) }
            if flags & 8 != 0 { for _ in 0..<5 { writer.put(generator.next()) } }
        },
        Kind("object", as: ObjectRecord.self) { writer, generator in
            let count = UInt32.random(in: 0...3, using: &generator)
            let isCounted = count > 0 && Bool.random(using: &generator)
            writer.put(isCounted)
            writer.put(UInt64.random(in: 0..<1 << 48, using: &generator))
            for number in 0..<count {
                writer.put(0o644 + number)
                writer.put(UInt32.random(in: 0...9, using: &generator))
                writer.put(UInt32.random(in: 0...9, using: &generator))
                if isCounted { writer.put(UInt32.random(in: 1...9, using: &generator)) }
            }
        },
        Kind("manifest", as: ManifestRecord.self) { writer, generator in writer.put(generator.digest()) },
    ]

    private func rewritten(_ kind: Kind, _ bytes: [UInt8]) throws -> [UInt8] {
        try bytes.withUnsafeBytes { try kind.rewrite($0) }
    }

    @Test(arguments: kinds) func recordsComeBack(kind: Kind) throws {
        var generator = SeededGenerator.forTest()
        for _ in 0..<200 {
            let bytes = kind.make(&generator)
            #expect(try rewritten(kind, bytes) == bytes)
        }
    }

    /// No record is the beginning of another one.
    @Test(arguments: kinds) func noPartIsTakenForARecord(kind: Kind) throws {
        var generator = SeededGenerator.forTest()
        for _ in 0..<20 {
            let bytes = kind.make(&generator)
            for count in 0..<bytes.count {
                // An object with fewer variants is one, too.
                let isWhole = kind.description == "object" && count >= 10
                guard !isWhole else { continue }
                #expect(throws: DecodingFailure.self, "\(count) of \(bytes.count)") {
                    _ = try rewritten(kind, Array(bytes[..<count]))
                }
            }
            for extra in [[0], [1], Array(repeating: 0xff, count: 3)] as [[UInt8]] {
                #expect(throws: DecodingFailure.self) { _ = try rewritten(kind, bytes + extra) }
            }
        }
    }

    /// What is read of a record with a wrong bit says just these bits, or nothing.
    @Test(arguments: kinds) func everyBitCounts(kind: Kind) throws {
        var generator = SeededGenerator.forTest()
        for _ in 0..<6 {
            let bytes = kind.make(&generator)
            for bit in 0..<(8 * bytes.count) {
                var flipped = bytes
                flipped[bit / 8] ^= 1 << UInt8(bit % 8)
                guard let again = try? rewritten(kind, flipped) else { continue }
                #expect(again.count == flipped.count && again.sorted() == flipped.sorted(), "bit \(bit)")
                #expect(again != bytes || again == flipped, "bit \(bit)")
            }
        }
    }

    @Test(arguments: kinds) func newerRecordsAreNotCalledDamaged(kind: Kind) throws {
        var generator = SeededGenerator.forTest()
        var bytes = kind.make(&generator)
        for version: UInt8 in [5, 9, 255] {
            bytes[0] = version
            let failure = #expect(throws: DecodingFailure.self) { _ = try rewritten(kind, bytes) }
            #expect(try #require(failure).description.contains("written by a newer moss"))
        }
        bytes[0] = 0
        let failure = #expect(throws: DecodingFailure.self) { _ = try rewritten(kind, bytes) }
        #expect(try #require(failure).description.hasSuffix("record, byte 0: there is no version 0"))
    }

    @Test func failuresNameRecordAndPlace() throws {
        func failure(_ bytes: [UInt8], _ read: (inout RecordReader) throws -> Void) -> String? {
            do {
                try bytes.withUnsafeBytes { bytes in
                    var reader = try RecordReader(bytes, "test record", versions: 1...2)
                    try read(&reader)
                    try reader.finish()
                }
                return nil
            } catch {
                return "\(error)"
            }
        }
        #expect(failure([2, 5]) { _ = try $0.integer(UInt8.self) } == nil)
        #expect(failure([]) { _ in } == "test record, byte 0: it ends 1 bytes early")
        #expect(failure([1, 2, 3]) { _ = try $0.integer(UInt32.self) } == "test record, byte 1: it ends 2 bytes early")
        #expect(failure([1, 2]) { _ = try $0.flag() } == "test record, byte 1: 2 where 0 or 1 belongs")
        #expect(failure([1, 2]) { _ in } == "test record, byte 1: 1 bytes too many")
        #expect(
            failure([1, 1, 0, 0, 0, 0xff]) { _ = try $0.text() } == "test record, byte 5: a text that is no UTF-8")
        #expect(
            failure([1, 0xff, 0xff, 0xff, 0xff, 0]) { _ = try $0.paths() }
                == "test record, byte 1: 4294967295 elements in 1 bytes")
        #expect(
            failure([1, 0xff, 0xff, 0xff, 0xff, 0]) { _ = try $0.counted() }
                == "test record, byte 5: it ends 4294967294 bytes early")
    }
}

extension RecordWriter {
    /// What stands at `/usr` or in a slot.
    fileprivate mutating func putContent(_ generator: inout SeededGenerator) {
        put(TreeID(generator.digest()))
        put(generator.next())
        put(generator.next())
        put(generator.paths())
    }
}

extension SeededGenerator {
    mutating func digest() -> Digest128 { Digest128(high: next(), low: next()) }

    mutating func paths() -> [BytePath] {
        (0..<Int.random(in: 0...3, using: &self)).map { _ in
            BytePath(
                bytes: (0..<Int.random(in: 0...9, using: &self)).map { _ in UInt8.random(in: 1...255, using: &self) })
        }
    }
}

extension SHA256Digest {
    init(filledWith byte: UInt8) {
        self = Array(repeating: byte, count: Self.byteCount).withUnsafeBytes { SHA256Digest(bytes: $0) }
    }
}
