import BytePath
import CollectionIndex
import CollectionSettings
import LinuxSystem
import PackageModel
import Publishing
import StoneFormat
import Testing

@Suite struct RepositoriesIndexerTests {
    private func index(_ scratch: RepositoryScratch, threads: Int = 2) throws -> [UInt8] {
        try CollectionIndexer(directory: scratch.stones, threadCount: threads).writeIndex()
        return try Descriptor.openDirectory(scratch.stones).readFile("stone.index")
    }

    @Test func indicesAreSortedCompleteAndReproducible() throws {
        try withRepositoryScratch { one in
            try withRepositoryScratch { other in
                let names = (0..<30).map { "p\($0)" }
                for name in names { try one.stone(name, in: BytePath("stones/d\(name.count)")) }
                for name in names.reversed() { try other.stone(name, in: BytePath("stones/d\(name.count)")) }
                let bytes = try index(one)
                #expect(try index(other, threads: 7) == bytes)
                #expect(try index(one, threads: 1) == bytes)
                let packages = try StoneIndex.decode(bytes)
                #expect(packages.map(\.name) == names.sorted())
                #expect(packages.first?.uri == "d2/p0-1.1-1-1-x86_64.stone")
                #expect(packages.allSatisfy { $0.hash != nil && $0.downloadSize != nil })
            }
        }
    }

    @Test func theHigherReleaseCounts() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a", 10)
            try scratch.stone("a", 9)
            #expect(try StoneIndex.decode(index(scratch)).map(\.release) == [10])
        }
    }

    @Test func oneReleaseTwiceNamesBothFiles() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a", file: "one.stone")
            try scratch.stone("a", provides: ["binary(x)"], file: "two.stone")
            let message = repositoryFailure { try index(scratch) }
            #expect(message.contains("stones/one.stone") && message.contains("stones/two.stone"))
        }
    }

    @Test func damagedStonesAreNamedAndNothingIsWritten() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try scratch.write("not a stone at all, but long enough for a header", to: "stones/b.stone")
            #expect(repositoryFailure { try index(scratch) }.contains("stones/b.stone"))
            #expect(try Descriptor.openDirectory(scratch.stones).statusIfPresent(of: "stone.index") == nil)
        }
    }

    @Test func emptyDirectoriesGiveEmptyIndices() throws {
        try withRepositoryScratch { scratch in
            let packages = try StoneIndex.decode(index(scratch))
            #expect(packages.isEmpty)
        }
    }
}
