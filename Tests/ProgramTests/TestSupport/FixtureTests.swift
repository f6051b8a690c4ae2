import BytePath
import Digests
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// The fixtures that other tests stand on.
struct FixtureTests {
    @Test func aScratchDirectoryGoesWithItsTest() throws {
        var kept: BytePath = ""
        try withScratchDirectory { path in
            kept = path
            try Descriptor.openDirectory(path).makeDirectory("a")
        }
        #expect(throws: SystemError.self) { _ = try Descriptor.openDirectory(kept) }
    }

    @Test func aListingTellsEveryDifference() throws {
        try withScratchDirectory { path in
            let directory = try Descriptor.openDirectory(path)
            try directory.replaceFile("b", with: Array("old".utf8))
            try directory.makeDirectory("a", mode: 0o750)
            try directory.openDirectory("a").makeSymlink("link", to: "../b")
            let before = try TreeListing(of: path)
            #expect(before.entries.map(\.path) == ["", "a", "a/link", "b"])
            #expect(before.entries[2].linkTarget == "../b")
            #expect(before.entries[3].digest == ObjectID(hashing: Array("old".utf8)))
            let unchanged = try TreeListing(of: path)
            #expect(unchanged == before && unchanged.differences(from: before) == [])

            try directory.replaceFile("b", with: Array("new".utf8))
            try directory.openDirectory("a").unlink("link")
            let differences = try TreeListing(of: path).differences(from: before)
            #expect(differences.map { $0.prefix(8) } == ["- a/link", "b regula"])
        }
    }

    @Test func seededNumbersAreTheSameEverywhere() {
        var random = SeededGenerator(seed: 1_234_567)
        #expect([random.next(), random.next()] == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973])
    }

    @Test(.needsLoopDevices) func anImageIsAJournaledFileSystemOfItsOwn() throws {
        var kept: BytePath = ""
        try LoopFileSystem(sizeMiB: 32, bytesPerInode: 65536).mounted { mountPoint in
            kept = mountPoint
            let directory = try Descriptor.openDirectory(mountPoint)
            let inodes = try directory.fileSystemStatus().totalInodes
            #expect(inodes < 1024)
            let outside = try Descriptor.openDirectory(mountPoint.parent).status().device
            let inside = try directory.status().device
            #expect(inside != outside)
            try directory.replaceFile("file", with: [1, 2, 3])
            let mounts = try Descriptor.open("/proc/mounts").readAll(limit: 1 << 24)
            #expect(String(decoding: mounts, as: UTF8.self).contains(mountPoint.display))
        }
        #expect(throws: SystemError.self) { _ = try Descriptor.openDirectory(kept) }
        #expect(throws: SystemError.self) {
            try LoopFileSystem(sizeMiB: 8).mounted { path throws in
                let noise = [UInt8](repeating: 7, count: 16 << 20)
                try Descriptor.open(path.appending("big"), [.write, .create]).write(noise)
            }
        }
    }
}
