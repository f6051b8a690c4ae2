import BytePath
import Digests
import LinuxSystem
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// The tools that benchmarks stand on: a figure is worth what its inputs are.
struct BenchmarkToolsTests {
    private func makeCollection(_ directory: BytePath, seed: Int) throws -> [PackageMetadata] {
        let sizes: [BytePath] = ["--packages", "30", "--entries", "2000", "--bytes", "2000000"]
        let place: [BytePath] = ["--out", directory, "--seed", BytePath("\(seed)")]
        try BuiltProduct.corpusGenerator.command(["collection"] + place + sizes).runSuccessfully()
        return try StoneIndex.decode(Descriptor.open(directory.appending("stone.index")).readAll())
    }

    @Test func theCorpusIsACollectionOfSoundStones() throws {
        try withScratchDirectory { scratch in
            let index = try makeCollection(scratch.appending("a"), seed: 1)
            var paths: Set<BytePath> = []
            var offered: Set<Capability> = []
            for package in index {
                let uri = try #require(package.uri)
                let bytes = try Descriptor.open(scratch.appending("a").appending(uri)).readAll()
                #expect(package.hash == bytes.withUnsafeBytes { PackageID(hashing: $0) })
                #expect(package.downloadSize == UInt64(bytes.count))
                let stone = try StoneDocument(decoding: bytes).package()
                #expect(stone.metadata.name == package.name)
                for entry in stone.layout { #expect(paths.insert(entry.path).inserted, "\(entry.path)") }
                if package.name == "corpus-extra" { #expect(stone.layout.count == 10) }
                offered.formUnion(package.allProviders)
            }
            #expect(index.count == 32)
            #expect(index.allSatisfy { offered.isSuperset(of: $0.dependencies) })
            #expect(paths.count > 1500 && paths.count < 2020)
        }
    }

    @Test func oneSeedGivesOneCorpus() throws {
        try withScratchDirectory { scratch in
            let first = try makeCollection(scratch.appending("a"), seed: 7)
            let again = try makeCollection(scratch.appending("b"), seed: 7)
            let other = try makeCollection(scratch.appending("c"), seed: 8)
            #expect(first == again)
            #expect(first != other)
        }
    }

    @Test(arguments: [1, 3]) func theLoopHashesAllThatIsThere(threads: Int) throws {
        try withScratchDirectory { scratch in
            let top = try Descriptor.openDirectory(scratch)
            var (sum, bytes): (UInt64, Int) = (0, 0)
            for directory in 0..<4 {
                let shard = BytePath("shard\(directory)")
                try top.makeDirectory(shard)
                for (number, size) in [0, 1, 5000, 1 << 20, (2 << 20) + 1].enumerated() {
                    let content = (0..<size).map { UInt8(truncatingIfNeeded: $0 + directory) }
                    try top.replaceFile(shard.appending(BytePath("\(number)")), with: content)
                    let digest = ObjectID(hashing: content)
                    sum &+= digest.low ^ digest.high
                    bytes += size
                }
            }
            let printed = try BuiltProduct.hashFiles.command([scratch, BytePath("\(threads)")]).runSuccessfully()
            let lines = printed.outputText.split(separator: "\n").dropFirst().map(String.init)
            let text = String(sum, radix: 16)
            #expect(lines == ["20", "\(bytes)", String(repeating: "0", count: 16 - text.count) + text])
        }
    }

    @Test(arguments: [1, 2]) func theLoopMakesTheTreeItsPlanDescribes(threads: Int) throws {
        try withScratchDirectory { scratch in
            let top = try Descriptor.openDirectory(scratch)
            for name in ["objects", "objects/ab", "objects/cd", "tree", "tree/a", "tree/a/b", "tree/c"] as [BytePath] {
                try top.makeDirectory(name)
            }
            try top.replaceFile("objects/ab/ab1", with: [1])
            try top.replaceFile("objects/cd/cd1", with: [2, 3], mode: 0o755)
            try top.link("objects/ab/ab1", below: top, to: "tree/a/one")
            try top.link("objects/ab/ab1", below: top, to: "tree/a/b/two")
            try top.link("objects/cd/cd1", below: top, to: "tree/three")
            try top.makeSymlink("tree/a/link", to: "../three")
            try top.replaceFile("tree/c/empty", with: [], mode: 0o600)
            try top.setMode(0o700, of: "tree/c")

            let (tree, objects, plan) = (
                scratch.appending("tree"), scratch.appending("objects"), scratch.appending("plan")
            )
            let made = scratch.appending("made")
            try BuiltProduct.linkTree.command(["plan", tree, objects, plan]).runSuccessfully()
            try BuiltProduct.linkTree.command(["make", plan, objects, made, BytePath("\(threads)")]).runSuccessfully()
            let expected = try TreeListing(of: tree)
            #expect(try TreeListing(of: made).differences(from: expected) == [])
            #expect(try top.status(of: "made/a/one").inode == top.status(of: "objects/ab/ab1").inode)
        }
    }
}
