import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Disks that fill up or fail: refused with numbers or undone, and the next try works.
struct DiskFullTests {
    /// A root on a small file system, its stones elsewhere.
    private func withSmallRoot(
        _ image: LoopFileSystem, offering packages: [SamplePackage], _ body: (CommandRoot, BytePath) throws -> Void
    ) throws {
        try image.mounted { mount in
            try withScratchDirectory { scratch in
                try Descriptor.openDirectory(mount).makeDirectory("home")
                try Descriptor.openDirectory(scratch).makeSymlink("root", to: mount.appending("home/root"))
                try Descriptor.openDirectory(mount.appending("home")).makeDirectory("root")
                let root = try CommandRoot(in: scratch, offering: packages)
                try root.done("-y", "install", "base")
                try root.done("tidy")
                try body(root, mount)
            }
        }
    }

    private func bulky(_ name: String, fileCount: Int, fileSize: Int) -> SamplePackage {
        var package = SamplePackage(name: name)
        for number in 0..<fileCount {
            let text = Array("\(name) \(number) ".utf8)
            let bytes = (0..<fileSize).map { text[$0 % text.count] }
            package.add(file: BytePath("share/\(name)/d\(number % 50)/f\(number)"), bytes)
        }
        return package
    }

    private func expectUnchanged(_ root: CommandRoot, _ before: TreeListing) throws {
        let (active, numbers) = (try root.active(), try root.states().map(\.number))
        #expect(active == 1 && numbers == [1])
        #expect(try root.listing() == before)
        #expect(try root.litter() == [])
    }

    @Test(.needsLoopDevices) func whatDoesNotFitIsRefusedWithNumbers() throws {
        let packages = [systemPackage("base"), bulky("huge", fileCount: 40, fileSize: 1 << 20)]
        try withSmallRoot(LoopFileSystem(sizeMiB: 32), offering: packages) { root, _ in
            let before = try root.listing()
            let result = try root.moss("-y", "install", "huge")
            #expect(result.end == .exited(6))
            #expect(result.errorText.contains("bytes free, this change needs 4"))
            try expectUnchanged(root, before)
        }
    }

    @Test(.needsLoopDevices) func fewInodesAreRefusedWithNumbers() throws {
        let packages = [systemPackage("base"), bulky("many", fileCount: 600, fileSize: 10)]
        let image = LoopFileSystem(sizeMiB: 48, bytesPerInode: 64 << 10)
        try withSmallRoot(image, offering: packages) { root, _ in
            let before = try root.listing()
            let result = try root.moss("-y", "install", "many")
            #expect(result.end == .exited(6))
            #expect(result.errorText.contains("inodes free, this change needs"))
            try expectUnchanged(root, before)
        }
    }

    /// The check before a change estimates; what it lets through must still end well on a disk that is too full.
    @Test(.needsLoopDevices) func aDiskThatFillsUpHalfWayLeavesTheOldState() throws {
        let packages = [systemPackage("base"), bulky("tiny", fileCount: 1500, fileSize: 20)]
        try withSmallRoot(LoopFileSystem(sizeMiB: 32, bytesPerInode: 4096), offering: packages) { root, mount in
            let before = try root.listing()
            let disk = try Descriptor.openDirectory(mount)
            var ends: [Int32: Int] = [:]
            for leftKiB in [64, 512, 1024, 2048, 3072, 4096, 5120, 6144, 7168] {
                let free = try disk.fileSystemStatus().availableBytes
                let filler = free > UInt64(leftKiB) << 10 ? free - UInt64(leftKiB) << 10 : 0
                try Command("fallocate", ["-l", BytePath("\(filler)"), mount.appending("filler")]).runSuccessfully()
                let result = try root.moss("-y", "install", "tiny")
                try disk.unlink("filler")
                ends[result.exitCode ?? -1, default: 0] += 1
                if result.end == .exited(0) { break }
                #expect(result.end == .exited(6), "\(leftKiB) KiB: \(result.errorText)")
                #expect(result.errorText.contains(root.root.display))
                try expectUnchanged(root, before)
            }
            print("a filling disk ended with \(ends)")
            if try root.active() == 1 { try root.done("-y", "install", "tiny") }
            #expect(try root.active() == 2)
        }
    }

    private static let failing = [
        "write", "pwrite64", "pwritev", "linkat", "mkdirat", "symlinkat", "renameat", "renameat2", "openat",
        "fdatasync", "fsync",
        "syncfs", "ftruncate", "unlinkat", "utimensat", "fchmod", "fchmodat",
    ]

    /// Any one call may fail at any time; nothing but the old or the new state may come of it.
    @Test func aFailingCallLeavesTheOldOrTheNewState() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = ["base", "new", "more"].map { systemPackage($0) }
            let base = try CommandRoot(in: scratch, offering: packages)
            try base.done("-y", "install", "base")
            let old = try base.listing()
            let new = try base.copied { root in
                try root.done("-y", "install", "new")
                return try root.listing()
            }
            let counts = try base.copied { try $0.counts("-y", "install", "new") }
            var tally: [String: Int] = [:]
            for name in Self.failing {
                guard let count = counts[name] else { continue }
                let points = Set([1, count / 3 + 1, count * 2 / 3 + 1, count]).sorted()
                for (index, point) in points.enumerated() {
                    let number = [28, 5, 122][index % 3]
                    try base.copied { root in
                        let result = try root.traced(
                            ["fail", BytePath(name), BytePath("\(point)"), BytePath("\(number)")],
                            ["-y", "install", "new"])
                        let place = "\(name) \(point) of \(count) failing with \(number)"
                        tally["\(result.end)", default: 0] += 1
                        let code = number == 5 ? 1 : 6
                        #expect(
                            [.exited(0), .exited(Int32(code))].contains(result.end),
                            "\(place): \(result.end) \(result.errorText)")
                        let namesIt = [root.path.display, "standard output"].contains { result.errorText.contains($0) }
                        let isClear = result.end == .exited(0) || namesIt
                        #expect(isClear, "\(place): \(result.errorText)")
                        let found = try root.listing()
                        #expect(found == old || found == new, "\(place)")
                        #expect(try root.active() == (found == old ? 1 : 2), "\(place)")
                        try root.done("-y", "install", "new", "more")
                        #expect(try root.states().allSatisfy { $0.number <= 3 }, "\(place)")
                        try root.done("tidy")
                        let litter = try root.litter()
                        #expect(litter == [], "\(place)")
                    }
                }
            }
            print("failing calls ended with \(tally)")
        }
    }
}
