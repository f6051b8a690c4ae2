import BytePath
import Digests
import FileTree
import Ingest
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import States
import StoneFormat
import TestSupport
import Testing

@Suite("Stones into objects")
struct IngestTests {
    @Test("every content, mode and owner becomes an object; nothing else does")
    func variants() throws {
        try withEngineScratch { scratch throws in
            var package = SamplePackage(name: "p")
            let content = Array("content".utf8)
            let digest = ObjectID(hashing: content)
            for (number, mode) in [UInt32(0o644), 0o755, 0o600, 0o4755, 0o2755, 0o6711].enumerated() {
                package.add(file: BytePath("f\(number)"), content, mode: mode)
            }
            package.add(
                LayoutEntry(path: "owned", kind: .regular(digest), mode: 0o100640, uid: 7, gid: 0xffff_fffe))
            package.add(file: "empty", [])
            package.add(file: "large", noise(3 << 20))
            package.add(link: "link", to: "f0")
            package.add(directory: "d", mode: 0o1777)
            let record = try scratch.add(package)
            #expect(record.objects.count == 2)
            let owned = scratch.objects.effective(EntryMetadata(mode: 0o440, uid: 7, gid: 0xffff_fffe))
            let modes = [0o444, 0o555, 0o400, 0o4555, 0o2555, 0o6511].map { EntryMetadata(mode: UInt32($0)) }
            #expect(Set(record.objects[digest]?.variants ?? []) == Set(modes + [owned]))
            #expect(try scratch.objectFiles().count == 8)
            #expect(try scratch.unrecordedFiles().isEmpty)
            #expect(try scratch.states.root.moss.status(of: "objects/privileged").permissions == 0o700)
            #expect(try scratch.objects.readObject(digest) == content)
        }
    }

    @Test("contents of every size around the reader's and the pipe's limits")
    func sizes() throws {
        try withEngineScratch { scratch throws in
            let chunk = 1 << 20
            for (number, sizes) in [
                [1, 2, 239, 240, 241, 65_535, 65_536, 65_537], [chunk - 1], [chunk], [chunk + 1],
                [chunk, chunk, chunk], [chunk - 1, 2, chunk - 1, 3 * chunk, 1, 1], [5 * chunk + 17],
            ].enumerated() {
                var package = SamplePackage(name: "p\(number)")
                for (index, size) in sizes.enumerated() {
                    package.add(file: BytePath("\(number)/\(index)"), noise(size, seed: UInt64(number * 100 + index)))
                }
                let record = try scratch.add(package)
                #expect(record.objects.count == sizes.count)
                #expect(record.objects.values.map(\.size).sorted() == sizes.map(UInt64.init).sorted())
            }
            #expect(try scratch.unrecordedFiles().isEmpty)
        }
    }

    @Test("random packages that share contents: objects and records agree, every content is there once")
    func randomPackages() throws {
        try withEngineScratch { scratch throws in
            var random = SeededGenerator.forTest()
            var contents: Set<ObjectID> = []
            for number in 0..<30 {
                let package = samplePackage("p\(number)", using: &random)
                try scratch.add(package)
                for file in package.files where file.size > 0 { contents.insert(file.digest) }
            }
            #expect(Set(try scratch.objectRecords().keys) == contents)
            #expect(try scratch.unrecordedFiles().isEmpty)
        }
    }

    @Test("a recorded package is read and compared, not written again")
    func again() throws {
        try withEngineScratch { scratch throws in
            var random = SeededGenerator.forTest()
            var package = samplePackage("p", using: &random)
            package.add(file: "large", noise(3 << 20))
            let first = try scratch.add(package)
            let before = try inodes(scratch)
            let second = try scratch.ingest(package)
            #expect(second.id == first.id && second.objects == first.objects && second.manifest == first.manifest)
            #expect(second.layout.bytes == first.layout.bytes)
            #expect(try inodes(scratch) == before)
            try scratch.record([second])
            #expect(try scratch.packageIDs() == [first.id])
        }
    }

    private func inodes(_ scratch: EngineScratch) throws -> [BytePath: UInt64] {
        var inodes: [BytePath: UInt64] = [:]
        for path in try scratch.objectFiles() { inodes[path] = try scratch.states.root.moss.status(of: path).inode }
        return inodes
    }

    @Test("the content may stand anywhere in the stone")
    func payloadOrder() throws {
        let package = SamplePackage(
            name: "p", files: [("a", noise(1000)), ("b", noise(3 << 20, seed: 2)), ("c", []), ("d", [1])])
        let forged = ForgedStone(try package.stone())
        for order in 0..<forged.payloads.count {
            try withEngineScratch { scratch throws in
                var payloads = forged.payloads
                let moved = payloads.removeLast()
                payloads.insert(moved, at: order)
                let record = try scratch.add(ForgedStone.assembled(payloads))
                #expect(record.objects.count == 3)
                #expect(try scratch.unrecordedFiles().isEmpty)
            }
        }
    }

    @Test("entries that come after the content get their objects too")
    func layoutAfterContent() throws {
        let content = noise(1000)
        let one = ForgedStone(try SamplePackage(name: "p", files: [("a", content)]).stone())
        var program = SamplePackage(name: "p")
        program.add(file: "b", content, mode: 0o4755)
        let other = ForgedStone(try program.stone())
        try withEngineScratch { scratch throws in
            let record = try scratch.add(ForgedStone.assembled(one.payloads + other[.layout]))
            #expect(record.objects.values.map(\.variants.count) == [2])
        }
        let second = ForgedStone(try SamplePackage(name: "p", files: [("c", noise(2000, seed: 9))]).stone())
        let late = ForgedStone.index([(1000, 3000, ObjectID(hashing: noise(2000, seed: 9)))])
        let both = ForgedStone.plain(.content, content + noise(2000, seed: 9), records: 0)
        try withEngineScratch { scratch throws in
            // The index before the content tells of half of it only.
            let payloads = one[.meta] + one[.layout] + one[.index] + [both, late] + second[.layout]
            #expect(try scratch.add(ForgedStone.assembled(payloads)).objects.count == 2)
        }
    }

    @Test("a package without files, and one without contents")
    func nothing() throws {
        try withEngineScratch { scratch throws in
            #expect(try scratch.add(SamplePackage(name: "none")).objects.isEmpty)
            var empties = SamplePackage(name: "empty")
            empties.add(file: "a", [])
            empties.add(directory: "b")
            #expect(try scratch.add(empties).objects.isEmpty)
            #expect(try scratch.objectFiles().isEmpty)
        }
    }

    @Test("peek tells what ingest will, and writes nothing")
    func peek() throws {
        try withEngineScratch { scratch throws in
            var random = SeededGenerator.forTest()
            let package = samplePackage("p", using: &random)
            let stone = try package.stone()
            try Descriptor.openDirectory(scratch.path).replaceFile("peeked.stone", with: stone)
            let path = scratch.path.appending("peeked.stone")
            let id = stone.withUnsafeBytes { PackageID(hashing: $0) }
            let peeked = try scratch.ingester.peek(path, Descriptor.open(path), claimed: id)
            #expect(try scratch.objectFiles().isEmpty)
            let missing = try scratch.ingester.missing([peeked, peeked])
            let copies = peeked.objects.values.flatMap { object in object.variants.map { _ in object.size } }
            #expect(missing.inodes == UInt64(copies.count))
            #expect(missing.bytes == copies.reduce(0, +))
            let inBlocks = try scratch.ingester.missing([peeked], blockSize: 4096)
            #expect(inBlocks.bytes == copies.reduce(0) { $0 + ($1 + 4095) / 4096 * 4096 })
            let record = try scratch.ingest(stone, expecting: id)
            #expect(peeked.id == record.id && peeked.objects == record.objects)
            #expect(peeked.layout.bytes == record.layout.bytes && peeked.metadata == record.metadata)
            try scratch.record([record])
            #expect(try scratch.ingester.missing([peeked]) == SpaceNeeds(blockSize: 1))
        }
    }

    @Test("progress adds up to the size of the content", arguments: [1000, 3 << 20])
    func progress(size: Int) throws {
        try withEngineScratch { scratch throws in
            let stone = try SamplePackage(name: "p", files: [("a", noise(size))]).stone()
            try Descriptor.openDirectory(scratch.path).replaceFile("p.stone", with: stone)
            let path = scratch.path.appending("p.stone")
            let seen = Counter()
            _ = try scratch.ingester.ingest(path, Descriptor.open(path)) { seen.add(Int($0)) }
            #expect(seen.total == size)
        }
    }

    @Test("packages that share contents may arrive at the same time")
    func parallel() throws {
        try withEngineScratch { scratch throws in
            var random = SeededGenerator.forTest()
            let shared = (0..<50).map { noise(Int.random(in: 1...5000, using: &random), seed: UInt64($0)) }
            var files: [BytePath] = []
            for number in 0..<8 {
                var package = SamplePackage(name: "p\(number)")
                for (index, bytes) in shared.shuffled(using: &random).prefix(30).enumerated() {
                    let mode: UInt32 = [0o644, 0o755, 0o4755][Int.random(in: 0...2, using: &random)]
                    package.add(file: BytePath("p\(number)/\(index)"), bytes, mode: mode)
                }
                let name = BytePath("\(number).stone")
                try Descriptor.openDirectory(scratch.path).replaceFile(name, with: package.stone())
                files.append(scratch.path.appending(name))
            }
            let ingester = scratch.ingester
            let records = try inParallel(files, threadCount: 4) { path throws in
                try ingester.ingest(path, Descriptor.open(path))
            }
            try scratch.record(records)
            #expect(try scratch.unrecordedFiles().isEmpty)
        }
    }

    @Test("a real stone", .enabled(if: !SharedData.files(in: "stones", suffix: ".stone").isEmpty))
    func realStone() throws {
        for (name, bytes) in SharedData.files(in: "stones", suffix: ".stone") {
            try withEngineScratch { scratch throws in
                let record = try scratch.add(bytes)
                #expect(name.hasPrefix(record.metadata.name))
                #expect(try scratch.unrecordedFiles().isEmpty)
                let tree = try scratch.composed([record])
                #expect(tree.totals.files > 100)
                #expect(try scratch.ingester.missing([record]).inodes == 0)
            }
        }
    }
}

/// Files of all kinds with contents that other packages have as well.
func samplePackage(_ name: String, using random: inout SeededGenerator) -> SamplePackage {
    var package = SamplePackage(SamplePackage.randomMetadata(name: name, using: &random))
    for number in 0..<Int.random(in: 1...25, using: &random) {
        let directory =
            ["bin", "lib", "share/a/b", "share/\(name)", "lib/deep/er"].randomElement(using: &random) ?? "lib"
        let path = BytePath("\(directory)/\(name)-\(number)")
        let mode: UInt32 = [0o644, 0o755, 0o4755, 0o600].randomElement(using: &random) ?? 0o644
        switch Int.random(in: 0...7, using: &random) {
        case 0: package.add(link: path, to: "../somewhere")
        case 1:
            package.add(directory: path, mode: [0o700, 0o1777, 0o555, 0o2775].randomElement(using: &random) ?? 0o700)
        case 2: package.add(file: path, [], mode: mode)
        case 3...5:
            let shared = UInt64.random(in: 0...12, using: &random)
            package.add(file: path, noise(Int(shared) * 700 + 1, seed: shared), mode: mode)
        default:
            package.add(file: path, noise(Int.random(in: 1...20_000, using: &random), seed: random.next()), mode: mode)
        }
    }
    package.add(directory: "share/a", mode: 0o750)
    return package
}
