import BytePath
import CollectionIndex
import CollectionSettings
import Glibc
import LinuxSystem
import PackageModel
import Publishing
import StoneFormat
import TestSupport
import Testing

@Suite struct IndexCacheTests {
    private static let cache: BytePath = ".moss-index-cache"

    private func index(_ scratch: RepositoryScratch) throws -> CollectionIndexer.Indexed {
        try CollectionIndexer(directory: scratch.stones, threadCount: 2).writeIndex(options: .fast)
    }

    /// Five stones that are old enough to be told from what they may become, and were indexed.
    private func withSettledStones(_ body: (RepositoryScratch) throws -> Void) throws {
        try withRepositoryScratch { scratch in
            for number in 0..<5 { try scratch.stone("p\(number)", in: BytePath("stones/d\(number % 2)")) }
            usleep(2_100_000)
            #expect(try index(scratch).readCount == 5)
            try body(scratch)
        }
    }

    @Test func onlyWhatIsNewIsRead() throws {
        try withSettledStones { scratch in
            let first = try Descriptor.openDirectory(scratch.stones).readFile("stone.index")
            let files = try Descriptor.openDirectory(scratch.stones).readFile("stone.files")
            let again = try index(scratch)
            #expect(again.readCount == 0 && again.stoneCount == 5 && again.fileCount == 5)
            #expect(try Descriptor.openDirectory(scratch.stones).readFile("stone.index") == first)
            #expect(try Descriptor.openDirectory(scratch.stones).readFile("stone.files") == files)
            // Another one under an old name, a new one, and one that is gone.
            try scratch.stone("p1", provides: ["binary(x)"], in: "stones/d1")
            try scratch.stone("new")
            try Descriptor.openDirectory(scratch.stones).unlink("d0/p2-1.1-1-1-x86_64.stone")
            let changed = try index(scratch)
            #expect(changed.readCount == 2 && changed.packages.map(\.name) == ["new", "p0", "p1", "p3", "p4"])
            #expect(changed.packages[2].providers == [capability("binary(x)")])
            #expect(changed == (try withoutCache(scratch)).with(readCount: 2))
        }
    }

    private func withoutCache(_ scratch: RepositoryScratch) throws -> CollectionIndexer.Indexed {
        try Descriptor.openDirectory(scratch.stones).unlink(Self.cache)
        return try index(scratch)
    }

    @Test func damagedCachesAreNotUsed() throws {
        try withSettledStones { scratch in
            var generator = SeededGenerator.forTest()
            let stones = try Descriptor.openDirectory(scratch.stones)
            let bytes = try stones.readFile(Self.cache)
            let expected = try index(scratch).with(readCount: 5)
            for _ in 0..<40 {
                var damaged = bytes
                damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0...7, using: &generator)
                try stones.replaceFile(Self.cache, with: damaged, mode: 0o600)
                #expect(try index(scratch) == expected)
            }
            for count in [0, 1, 8, 31, bytes.count - 1] {
                try stones.replaceFile(Self.cache, with: Array(bytes.prefix(count)), mode: 0o600)
                #expect(try index(scratch) == expected)
            }
        }
    }

    @Test func cachesThatOthersCouldWriteAreNotUsed() throws {
        try withSettledStones { scratch in
            let stones = try Descriptor.openDirectory(scratch.stones)
            #expect(try stones.status(of: Self.cache).permissions == 0o600)
            try stones.setMode(0o620, of: Self.cache)
            #expect(try index(scratch).readCount == 5)
            if CurrentProcess.effectiveUser == 0 {
                try stones.setOwner(uid: 12345, gid: 0, of: Self.cache)
                #expect(try index(scratch).readCount == 5)
            }
            // What cannot be replaced costs time only.
            try stones.unlink(Self.cache)
            try stones.makeDirectory(Self.cache)
            #expect(try index(scratch).readCount == 5)
        }
    }

    @Test func stonesThatAreTooNewAreReadAgain() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            #expect(try index(scratch).readCount == 1)
            #expect(try index(scratch).readCount == 1)
        }
    }
}

extension CollectionIndexer.Indexed {
    fileprivate func with(readCount: Int) -> Self {
        var copy = self
        copy.readCount = readCount
        return copy
    }
}
