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

    /// What the check before a change asks for is enough, and not much more than enough.
    @Test(.needsLoopDevices, arguments: [false, true])
    func theCheckAsksForWhatIsNeeded(hasSpare: Bool) throws {
        let packages = [
            systemPackage("base"), bulky("small", fileCount: 1500, fileSize: 20),
            bulky("medium", fileCount: 200, fileSize: 30_000), bulky("large", fileCount: 3, fileSize: 3 << 20),
        ]
        try withSmallRoot(LoopFileSystem(sizeMiB: 96), offering: packages) { root, mount in
            let disk = try Descriptor.openDirectory(mount)
            for name in ["small", "medium", "large"] as [BytePath] {
                if hasSpare { try root.done("tidy") }
                func leave(_ count: UInt64) throws {
                    let free = try disk.fileSystemStatus().availableBytes
                    try Command("fallocate", ["-l", BytePath("\(free - count)"), mount.appending("filler")])
                        .runSuccessfully()
                }
                try leave(512 << 10)
                let refusal = try root.moss("-y", "install", name)
                try disk.unlink("filler")
                #expect(refusal.end == .exited(6))
                let words = refusal.errorText.split(separator: " ").map { $0.filter(\.isNumber) }.compactMap {
                    UInt64($0)
                }
                // Free, needed, missing.
                try #require(words.count >= 3 && words.suffix(3)[words.count - 2] == words.suffix(3).reduce(0, +) / 2)
                let needed = words[words.count - 2]
                try leave(needed + (16 << 10))
                let before = try disk.fileSystemStatus().freeBytes
                try root.done("-y", "install", name)
                let used = before - (try disk.fileSystemStatus().freeBytes)
                try disk.unlink("filler")
                print(
                    "\(name.display), \(hasSpare ? "with" : "without") a spare: asked for \(needed) bytes, took \(used)"
                )
                #expect(used + (1 << 20) <= needed)
                #expect(needed <= used * 2 + (4 << 20))
            }
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

    /// A root before and after installing a package, to be copied.
    private struct Scene {
        let base: CommandRoot
        let old: TreeListing
        let new: TreeListing
        let counts: [String: Int]

        init(in scratch: BytePath) throws {
            let packages = ["base", "new", "more"].map { systemPackage($0) }
            base = try CommandRoot(in: scratch, offering: packages)
            try base.done("-y", "install", "base")
            old = try base.listing()
            new = try base.copied { root in
                try root.done("-y", "install", "new")
                return try root.listing()
            }
            counts = try base.copied { try $0.counts("-y", "install", "new") }
        }

        /// Installs with one call going wrong: it ends with success or one of `codes`, and nothing else goes wrong.
        func check(_ tracing: [BytePath], _ codes: [Int32], _ place: String) throws -> CommandResult.End {
            try base.copied { root in
                let result = try root.traced(tracing, ["-y", "install", "new"])
                // What is written to standard output may be lost; the change is done all the same.
                let isLost =
                    result.end == .exited(11)
                    && result.errorText.contains("done, but not all of its output could be written to standard output")
                #expect(
                    isLost || ([0] + codes).contains(result.exitCode ?? -1),
                    "\(place): \(result.end) \(result.errorText)")
                let namesIt = [root.path.display, "/stones/", "standard output", "/proc/self"].contains {
                    result.errorText.contains($0)
                }
                let isClear = result.end == .exited(0) || namesIt
                #expect(isClear, "\(place): \(result.errorText)")
                let found = try root.listing()
                #expect(found == old && !isLost || found == new, "\(place)")
                #expect(try root.active() == (found == old ? 1 : 2), "\(place)")
                try root.done("-y", "install", "new", "more")
                #expect(try root.states().allSatisfy { $0.number <= 3 }, "\(place)")
                try root.done("tidy")
                let litter = try root.litter()
                #expect(litter == [], "\(place)")
                return result.end
            }
        }
    }

    /// Any one call may fail at any time, without space (28), with a broken disk (5) or a used up quota (122); nothing
    /// but the old or the new state may come of it.
    @Test(.noThreadSanitizer("some of the failing calls are its runtime's"))
    func aFailingCallLeavesTheOldOrTheNewState() throws { try failCalls(pointCount: 4) }

    @Test(.long) func manyFailingCallsLeaveTheOldOrTheNewState() throws { try failCalls(pointCount: 30) }

    private func failCalls(pointCount: Int) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let scene = try Scene(in: scratch)
            var tally: [String: Int] = [:]
            for name in Self.failing {
                guard let count = scene.counts[name] else { continue }
                // Without a library the program does not even start.
                let points = Self.points(count, pointCount).filter { name != "openat" || $0 > count / 3 }
                for (index, point) in points.enumerated() {
                    let number = [28, 5, 122][index % 3]
                    let end = try scene.check(
                        ["fail", BytePath(name), BytePath("\(point)"), BytePath("\(number)")], [number == 5 ? 1 : 6],
                        "\(name) \(point) of \(count) failing with \(number)")
                    tally["\(end)", default: 0] += 1
                }
            }
            print("\(tally.values.reduce(0, +)) failing calls ended with \(tally)")
        }
    }

    /// The same for calls that a signal interrupts (4), descriptors that run out (24), and reads and writes that take
    /// less than they were asked to.
    @Test func anInterruptedOrShortCallLeavesTheOldOrTheNewState() throws { try disturbCalls(pointCount: 3) }

    @Test(.long) func manyInterruptedOrShortCalls() throws { try disturbCalls(pointCount: 30) }

    private func disturbCalls(pointCount: Int) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let scene = try Scene(in: scratch)
            var tally: [String: Int] = [:]
            var cases: [[String]] = []
            for (name, number) in [("openat", 24), ("openat", 4), ("fdatasync", 4), ("fsync", 4), ("write", 4)] {
                let count = scene.counts[name] ?? 0
                cases += Self.points(count, pointCount).filter { $0 > count / 3 || name != "openat" }
                    .map { ["fail", name, "\($0)", "\(number)"] }
            }
            for name in ["write", "pwrite64", "pwritev", "pread64", "read"] {
                // The first third is the loader's, which takes no less than all.
                let count = scene.counts[name] ?? 0
                cases += Self.points(count, pointCount * 3 / 2).filter { $0 > count / 3 }
                    .map { ["short", name, "\($0)", "7"] }
            }
            for words in cases {
                let end = try scene.check(words.map { BytePath($0) }, [1, 6], words.joined(separator: " "))
                tally["\(words[0]) \(words[1]): \(end)", default: 0] += 1
            }
            print("\(cases.count) interrupted and short calls ended with \(tally)")
        }
    }

    /// Up to `limit` numbers from 1 to `count`, evenly spread, with both ends.
    private static func points(_ count: Int, _ limit: Int) -> [Int] {
        if count <= limit { return count == 0 ? [] : Array(1...count) }
        return (0..<limit).map { 1 + $0 * (count - 1) / (limit - 1) }
    }
}
