import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Roots made by earlier versions can be looked at, changed and made anew.
struct OldRootTests {
    private static let formerFormat = "moss root 1\nowners applied\n"
    private static let format = "moss root 2\nowners applied\n"
    private static let notice = "earlier versions of moss refuse it from now on"

    private func withOldRoot(_ old: OldRoot, _ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let directory = try Descriptor.openDirectory(scratch)
            try directory.makeDirectory("root")
            try directory.makeDirectory("stones")
            try directory.makeDirectory("view")
            try old.unpack(into: scratch.appending("root"))
            try body(CommandRoot(at: scratch))
        }
    }

    /// Everything that can be asked of the packages, states and collections.
    private func answers(_ root: CommandRoot) throws -> [String] {
        try [
            root.done("list", "installed"), root.done("list", "available"), root.done("info", "one"),
            root.done("search", "t"), root.done("state", "list"), root.done("state", "query", "first"),
            root.done("state", "diff", "2", "3"), root.done("blame", "/usr/bin/two"), root.done("repo", "list"),
        ]
    }

    private func bytes(_ root: CommandRoot, _ path: BytePath) throws -> [UInt8] {
        try Descriptor.openDirectory(root.root).readFile(path)
    }

    private func read(_ root: CommandRoot, _ path: BytePath) throws -> String {
        String(decoding: try bytes(root, path), as: UTF8.self)
    }

    @Test(.needsRoot, arguments: OldRoot.allCases) func itCanBeLookedAt(old: OldRoot) throws {
        try withOldRoot(old) { root in
            let database = try bytes(root, ".moss/db/data.mdb")
            let list = try root.done("list", "installed")
            for name in ["branding", "one", "two"] { #expect(list.contains(name)) }
            #expect(try root.states().map(\.number) == [1, 2, 3])
            #expect(try root.done("state", "query", "first").contains("install branding"))
            #expect(try root.done("state", "diff", "2", "3").contains("two"))
            #expect(try root.done("blame", "/usr/bin/two").contains("two"))
            // What a generated file was made from is noted since then.
            #expect(try root.done("blame", "/usr/lib/os-release").contains("os-info") == (old == .format3))
            try root.done("fsck", "--full")
            try root.done("state", "verify", "1")
            try root.done("du")
            #expect(try bytes(root, ".moss/db/data.mdb") == database)
            #expect(try read(root, ".moss/format") == Self.formerFormat)
        }
    }

    @Test(.needsRoot, arguments: OldRoot.allCases) func theFirstChangeTakesItOver(old: OldRoot) throws {
        try withOldRoot(old) { root in
            let before = try answers(root)
            #expect(before[0].contains("branding") && before[1].contains("two") && before[3].contains("two"))
            let result = try root.command(["state", "pin", "2", "second"]).runSuccessfully()
            #expect(result.errorText.split(separator: "\n").filter { $0.contains(Self.notice) }.count == 1)
            #expect(try read(root, ".moss/format") == Self.format)
            try root.done("state", "unpin", "2")
            #expect(try answers(root) == before)
            let next = try root.command(["-y", "undo"]).runSuccessfully()
            #expect(!next.errorText.contains(Self.notice))
            try root.done("fsck", "--full")
        }
    }

    @Test(.needsRoot, arguments: OldRoot.allCases) func aRepairTakesItOver(old: OldRoot) throws {
        try withOldRoot(old) { root in
            let before = try answers(root)
            let result = try root.moss("fsck", "--full", "--repair")
            #expect(result.end == .exited(0), "\(result.outputText)")
            #expect(result.errorText.contains(Self.notice))
            #expect(try answers(root) == before)
        }
    }

    /// Stopped before any call, it is a root that this version reads, and the next command takes it over.
    private func checkStops(every interval: Int) throws {
        try withOldRoot(.format3) { root in
            let change: [BytePath] = ["state", "pin", "2", "second"]
            let expected = try answers(root)
            let total = try root.copied(tidy: false) { copy in
                MutatingCalls.total(try copy.counts("state", "pin", "2", "second"))
            }
            #expect(total > 8)
            for point in stride(from: 1, through: total, by: interval) {
                try root.copied(tidy: false) { copy in
                    let result = try copy.traced(["kill", "--mutating", BytePath("\(point)")], change)
                    #expect(result.end == .exited(90), "call \(point): \(result.end)")
                    // Whoever reads it comes first.
                    var found = try answers(copy)
                    found[4] = expected[4]
                    #expect(found == expected, "call \(point)")
                    try copy.command(change).runSuccessfully()
                    #expect(try read(copy, ".moss/format") == Self.format, "call \(point)")
                    try copy.done("-y", "undo")
                    try copy.done("fsck", "--full")
                    let litter = try copy.litter()
                    #expect(litter == [], "call \(point)")
                }
            }
        }
    }

    @Test(.needsRoot) func takingOverCanBeStopped() throws { try checkStops(every: 4) }
    @Test(.needsRoot, .long) func takingOverCanBeStoppedAnywhere() throws { try checkStops(every: 1) }

    /// Without any room it stays what it is, and can be read; what was set aside for this makes room.
    @Test(.needsLoopDevices, arguments: [false, true]) func takingOverWithoutRoom(hasReserve: Bool) throws {
        try LoopFileSystem(.ext4, sizeMiB: 48).mounted { mount in
            try withScratchDirectory { scratch in
                try Descriptor.openDirectory(mount).makeDirectory("root")
                try Descriptor.openDirectory(scratch).makeSymlink("root", to: mount.appending("root"))
                let root = CommandRoot(at: scratch)
                try OldRoot.format3.unpack(into: mount.appending("root"))
                if !hasReserve { try Descriptor.openDirectory(root.root).unlink(".moss/reserve") }
                let expected = try answers(root)
                try LoopFileSystem.fill(mount)
                #expect(try answers(root) == expected)
                let result = try root.moss("-y", "state", "remove", "2")
                #expect(result.end == .exited(hasReserve ? 0 : 6), "\(result.end): \(result.errorText)")
                if hasReserve {
                    #expect(try root.states().map(\.number) == [1, 3])
                } else {
                    #expect(try answers(root) == expected)
                }
                let disk = try Descriptor.openDirectory(mount)
                try disk.removeTree("filler")
                try disk.removeTree("fillers")
                try root.done("-y", "undo")
                try root.done("fsck", "--full")
                #expect(try read(root, ".moss/format") == Self.format)
            }
        }
    }

    @Test(.needsRoot, arguments: OldRoot.allCases) func itsStatesCanBeShown(old: OldRoot) throws {
        try withOldRoot(old) { root in
            let view = root.path.appending("view")
            try root.done("mount", "2", view)
            let shown = try Descriptor.openDirectory(view).open("bin").entries().map(\.name.display).sorted()
            #expect(shown == ["branding", "one"])
            try root.done("umount", view)
        }
    }

    @Test(.needsRoot, arguments: OldRoot.allCases) func itCanBeChanged(old: OldRoot) throws {
        try withOldRoot(old) { root in
            try root.publish(systemPackage("new"))
            try root.done("repo", "add", "test", root.stones)
            let old = try root.listing()
            try root.done("-y", "install", "new")
            #expect(try root.active() == 4)
            #expect(try read(root, "usr/lib/os-release").contains("NAME=\"Old\""))
            try root.done("-y", "undo")
            #expect(try root.listing() == old)
            try root.done("-y", "redo")
            try root.done("-y", "state", "activate", "first")
            #expect(try !root.listing().entries.contains { $0.path == "bin/one" })
            try root.done("-y", "state", "prune", "--keep", "1", "--include-newer")
            #expect(try root.states().map(\.number) == [1])
            try root.done("tidy")
            try root.done("-y", "gc", "--verify")
            try root.done("fsck", "--full")
            #expect(try root.litter() == [])
        }
    }

    @Test(.needsRoot, arguments: OldRoot.allCases) func itsDatabaseCanBeMadeAnew(old: OldRoot) throws {
        try withOldRoot(old) { root in
            let (states, listing) = (try root.states(), try root.listing())
            let report = try root.done("-y", "store", "rebuild")
            #expect(report.contains(Self.notice))
            #expect(try read(root, ".moss/format") == Self.format)
            #expect(try root.states() == states)
            try root.done("fsck", "--full")
            try root.done("-y", "undo")
            try root.done("-y", "redo")
            #expect(try root.listing() == listing)
        }
    }
}
