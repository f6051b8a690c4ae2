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

/// What databases of before there was a format number hold says the same as today's records.
@Suite struct FormerRecordTests {
    private static let tree = Digest128(high: 1, low: 2)
    private static let next = Digest128(high: 3, low: 4)

    private static func bytes(_ parts: [UInt8]...) -> [UInt8] { Array(parts.joined()) }

    private static func u64(_ numbers: UInt64...) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    }

    private static func u32(_ numbers: UInt32...) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number.littleEndian) { Array($0) } }
    }

    private static func big(_ numbers: UInt64...) -> [UInt8] {
        numbers.flatMap { number in withUnsafeBytes(of: number.bigEndian) { Array($0) } }
    }

    private static func paths(_ texts: String...) -> [UInt8] {
        u32(UInt32(texts.count)) + texts.flatMap { u32(UInt32($0.utf8.count)) + Array($0.utf8) }
    }

    private static let control = bytes(u64(7, 9), tree.canonicalBytes, u64(100))
    private static let journal = bytes(u64(8), [1], u64(55))
    private static let slot = tree.canonicalBytes + u64(100)
    private static let seal = u64(1, 2, 3, 4, 5)

    /// Records by bucket: all forms that there were.
    static let samples: [(bucket: String, record: [UInt8])] = [
        ("control", control), ("control", bytes(control, u64(77))), ("control", bytes(control, journal, u64(77))),
        ("control", bytes(control, u64(0), [0], u64(0), u64(77), paths("mnt", "srv"), paths())),
        ("control", bytes(control, journal, u64(77), paths("mnt"), paths("srv", "a"))),
        ("tree-slots", []), ("tree-slots", slot), ("tree-slots", bytes(slot, u64(77))),
        ("tree-slots", bytes(slot, u64(77), next.canonicalBytes, [1])),
        ("tree-slots", bytes(slot, u64(77), tree.canonicalBytes, [2 | 4], seal)),
        ("tree-slots", bytes(slot, u64(77), next.canonicalBytes, [1 | 4], seal, paths("mnt"))),
        ("tree-slots", bytes(slot, u64(77), tree.canonicalBytes, [2], paths("mnt", "srv"))),
        ("objects", u64(5)), ("objects", bytes(u64(5), u32(0o644, 1, 2))),
        ("pending-objects", bytes(u64(5 | 1 << 56), u32(0o644, 1, 2, 3), u32(0o755, 0, 0, 1))),
        ("directory-claims", bytes(u64(0), u32(0o755, 0, 0))),
        ("manifests", tree.canonicalBytes),
        ("packages", u32(0)), ("repositories.packages", bytes(u32(1), [1, 2, 3])),
        (
            "repositories.collections",
            bytes(SHA256Digest(filledWith: 1).bytes, big(10, 20, 30, 40), Array("file:///a\0/srv/a".utf8))
        ),
        ("repositories.names", bytes(SHA256Digest(filledWith: 2).bytes, big(3, 4), Array("1.2\0an editor".utf8))),
        ("repositories.stones", bytes(big(99, 98), u32(0))),
    ]

    private func translated(_ bucket: String, _ record: [UInt8]) throws -> [UInt8]? {
        try record.withUnsafeBytes { try FormerRecords.translate($0, in: Array(bucket.utf8)) }
    }

    private func read<Value: BucketValue>(
        _ bucket: String, _ record: [UInt8], as type: Value.Type = Value.self
    ) throws -> Value {
        try #require(try translated(bucket, record)).withUnsafeBytes { try Value(decoding: $0) }
    }

    @Test func controlSaysTheSame() throws {
        func control(_ rest: [UInt8]) throws -> Control { try read("control", Self.control + rest) }
        for rest in [[], Self.u64(77), Self.bytes(Self.journal, Self.u64(77))] {
            let record = try control(rest)
            #expect(record.active == 7 && record.nextState == 9 && record.live.tree == TreeID(Self.tree))
            // Without a fingerprint nothing is trusted.
            #expect(record.live.stamp == (rest.isEmpty ? 0 : 100))
            #expect(record.live.fingerprint == (rest.isEmpty ? 0 : 77))
            #expect(record.live.mountPoints.isEmpty)
        }
        #expect(try control(Self.u64(77)).journal == nil)
        let switching = try #require(try control(Self.bytes(Self.journal, Self.u64(77))).journal)
        #expect(switching.state == 8 && switching.isNew && switching.slot == 55 && switching.mountPoints.isEmpty)
        let still = try control(
            Self.bytes(Self.u64(0), [0], Self.u64(0), Self.u64(77), Self.paths("mnt"), Self.paths()))
        #expect(still.live.mountPoints == ["mnt"] && still.journal == nil && still.live.fingerprint == 77)
        let both = try control(
            Self.bytes(Self.journal, Self.u64(77), Self.paths("mnt"), Self.paths("srv", "a")))
        #expect(both.live.mountPoints == ["mnt"] && both.journal?.mountPoints == ["srv", "a"])
    }

    @Test func slotsSayTheSame() throws {
        func slot(_ record: [UInt8]) throws -> TreeSlot { try read("tree-slots", record) }
        #expect(try slot([]) == TreeSlot(nil))
        #expect(try slot(Self.slot) == TreeSlot(TreeOnDisk(untrusted: TreeID(Self.tree))))
        let plain = try slot(Self.slot + Self.u64(77))
        #expect(plain.content?.stamp == 100 && plain.content?.fingerprint == 77 && plain.becoming == nil)
        let changing = try slot(Self.bytes(Self.slot, Self.u64(77), Self.next.canonicalBytes, [1]))
        #expect(changing.becoming == TreeID(Self.next) && changing.content == plain.content)
        let sealed = try slot(
            Self.bytes(Self.slot, Self.u64(77), Self.tree.canonicalBytes, [2 | 4], Self.seal))
        #expect(sealed.becoming == nil && sealed.content == plain.content)
        var written: [UInt8] = []
        sealed.encode(into: &written)
        #expect(written.suffix(40).elementsEqual(Self.seal))
        let mounted = try slot(
            Self.bytes(Self.slot, Self.u64(77), Self.tree.canonicalBytes, [2], Self.paths("mnt", "srv")))
        #expect(mounted.content?.mountPoints == ["mnt", "srv"] && mounted.becoming == nil)
    }

    @Test func objectsAndManifestsSayTheSame() throws {
        let plain: ObjectRecord = try read("objects", Self.u64(5) + Self.u32(0o644, 1, 2))
        #expect(plain == ObjectRecord(size: 5, variants: [EntryMetadata(mode: 0o644, uid: 1, gid: 2)]))
        let counted: ObjectRecord = try read(
            "objects", Self.bytes(Self.u64(5 | 1 << 56), Self.u32(0o644, 1, 2, 3), Self.u32(0o755, 0, 0, 1)))
        #expect(counted.size == 5 && counted.claims == [3, 1] && counted.variants.map(\.mode) == [0o644, 0o755])
        let manifest: ManifestRecord = try read("manifests", Self.tree.canonicalBytes)
        #expect(manifest.digest == Self.tree)
    }

    @Test func collectionsSayTheSame() throws {
        func expected(_ write: (inout RecordWriter) -> Void) -> [UInt8] {
            var bytes: [UInt8] = []
            RecordWriter.append(to: &bytes, version: 1, write)
            return bytes
        }
        let records = Dictionary(grouping: Self.samples, by: { $0.bucket }).mapValues { $0[0].record }
        func found(_ bucket: String) throws -> [UInt8]? { try translated(bucket, records[bucket] ?? []) }
        #expect(
            try found("repositories.collections")
                == expected {
                    $0.put(SHA256Digest(filledWith: 1))
                    for number in [10, 20, 30, 40] as [UInt64] { $0.put(number) }
                    $0.put("file:///a")
                    $0.put("/srv/a" as BytePath)
                    $0.put("")
                })
        #expect(
            try found("repositories.names")
                == expected {
                    $0.put(SHA256Digest(filledWith: 2))
                    $0.put(UInt64(3))
                    $0.put(UInt64(4))
                    $0.put("1.2")
                    $0.put("an editor")
                })
        #expect(
            try found("repositories.stones")
                == expected {
                    $0.put(UInt64(99))
                    $0.put(UInt64(98))
                    $0.put(rest: [1, 0, 0, 0, 0])
                })
        #expect(try found("repositories.packages") == [1, 1, 0, 0, 0, 1, 2, 3])
    }

    @Test(arguments: ["states", "trees", "layouts", "capabilities", "repositories.providers", "format", "unknown"])
    func theseStayAsTheyAre(bucket: String) throws {
        for record in [[], [1], Array(repeating: 0xff, count: 100)] as [[UInt8]] {
            #expect(try translated(bucket, record) == nil)
        }
    }

    /// Cut short or with a wrong bit they are translated or refused; nothing else happens.
    @Test(arguments: samples.indices) func damagedOnesAreBounded(index: Int) throws {
        let (bucket, record) = Self.samples[index]
        #expect(try translated(bucket, record) != nil)
        var attempts: [[UInt8]] = (0..<record.count).map { Array(record[..<$0]) }
        attempts += (0..<(8 * record.count)).map { bit in
            var flipped = record
            flipped[bit / 8] ^= 1 << UInt8(bit % 8)
            return flipped
        }
        attempts += [record + [0], record + Array(repeating: 0xff, count: 9)]
        for attempt in attempts {
            if let found = try? translated(bucket, attempt) { #expect(found.count <= record.count + 60) }
        }
    }

    /// Files of states were never written anew: each version is read for ever.
    @Test func statesOfAllVersionsAreRead() throws {
        let entry = TreeEntry(
            name: "os-release", metadata: EntryMetadata(mode: 0o644, uid: 0, gid: 0),
            content: .regular(ObjectID(Self.next), size: 17))
        let entryRecord = entry.withRecord { Array(UnsafeRawBufferPointer(start: $0.base, count: $0.byteCount)) }
        func counted(_ bytes: [UInt8]) -> [UInt8] { Self.u32(UInt32(bytes.count)) + bytes }
        for version in 1...3 as ClosedRange<UInt32> {
            var bytes = Self.bytes(
                Self.u32(version), Self.u64(9, 8, 7), Self.tree.canonicalBytes, Self.u64(1, 2, 3, 4),
                counted(Array("install".utf8)), Self.paths("lib64"))
            if version > 1 { bytes += Self.bytes(Self.u32(1), counted(Array("lib".utf8)), counted(entryRecord)) }
            if version > 2 { bytes += counted(Array("moss".utf8)) + Self.paths("lib/os-info.json") }
            bytes += Self.bytes(Self.u32(1), SHA256Digest(filledWith: 1).bytes, [1])
            let state = try bytes.withUnsafeBytes { try State(decoding: $0) }
            let origin =
                version > 2 ? GeneratedEntry.Origin(maker: "moss", sources: ["lib/os-info.json"]) : nil
            let expected = State(
                number: 9, parent: 8, created: 7, summary: "install", tree: TreeID(Self.tree),
                totals: TreeTotals(directories: 1, files: 2, symlinks: 3, bytes: 4), redirects: ["lib64"],
                selections: [Selection(package: PackageID(SHA256Digest(filledWith: 1)), isExplicit: true)],
                generated: version > 1 ? [GeneratedEntry(directory: "lib", entry: entry, origin: origin)] : nil)
            #expect(state == expected)
            var written: [UInt8] = []
            state.encode(into: &written)
            #expect(written.first == 4)
            #expect(try written.withUnsafeBytes { try State(decoding: $0) } == expected)
        }
    }
}
