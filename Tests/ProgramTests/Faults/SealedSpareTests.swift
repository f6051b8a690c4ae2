import BytePath
import Glibc
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// A spare that was checked in the background is patched without another look, and nobody's edits of it ever reach a
/// state all the same.
struct SealedSpareTests {
    private func withRoot(_ packageCount: Int = 30, _ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<packageCount).map { systemPackage("p\($0)") }
            let root = try CommandRoot(in: scratch, offering: packages + [systemPackage("a"), systemPackage("b")])
            try root.command(["-y", "install"] + packages.map { BytePath($0.metadata.name) }).runSuccessfully()
            try root.done("tidy")
            try body(root)
        }
    }

    /// Files below `trees` that every edit of these tests leaves.
    private static let edit = """
        for tree in "$ROOT"/.moss/trees/*; do
            echo mine > "$tree/share/p3/part0/edit"; rm -f "$tree/bin/p4-0"; echo mine > "$tree/bin/p4-0"
        done
        """

    private func edit(_ root: CommandRoot) throws {
        try Command("sh", ["-c", BytePath("ROOT='\(root.root.display)'; \(Self.edit)")]).runSuccessfully()
    }

    /// Changes twice, so that every tree there is has been live, and looks at each.
    private func expectNoEdits(_ root: CommandRoot, _ what: String) throws {
        for package in ["a", "b"] as [BytePath] {
            try root.done("-y", "install", package)
            #expect(try root.moss("state", "verify").end == .exited(0), "\(what), \(package)")
            let usr = try Descriptor.openDirectory(root.root.appending("usr"))
            #expect(try usr.statusIfPresent(of: "share/p3/part0/edit") == nil, "\(what), \(package)")
            #expect(try usr.readFile("bin/p4-0") == Array("p4 0 1\n".utf8), "\(what), \(package)")
        }
    }

    private func opens(_ counts: [String: Int]) -> Int {
        counts["newfstatat", default: 0] + counts["fstat", default: 0]
    }

    @Test func aSealedSpareIsNotLookedAt() throws {
        try withRoot { root in
            let sealed = try root.counts("-y", "install", "a")
            try root.done("tidy")
            _ = try Descriptor.openDirectory(root.root.appending(".moss/trees")).entries()
            let listed = try root.counts("-y", "install", "b")
            // Each package has four directories of its own.
            #expect(opens(listed) - opens(sealed) > 100, "\(listed) \(sealed)")
        }
    }

    @Test(arguments: ["before", "after", "both"])
    func edits(when: String) throws {
        try withRoot { root in
            try root.done("-y", "remove", "p0")
            if when != "after" { try edit(root) }
            try root.done("tidy")
            if when != "before" { try edit(root) }
            try expectNoEdits(root, when)
        }
    }

    @Test func editsDuring() throws {
        try withRoot { root in
            for step in 0..<12 {
                let isEven = step % 2 == 0
                try root.done("-y", isEven ? "remove" : "install", "p0")
                let tidying = try root.command(["tidy"]).start()
                usleep(UInt32(step * 4_000))
                // The tree that it lists may have another name when it is edited.
                _ = try Command(
                    "sh", ["-c", BytePath("ROOT='\(root.root.display)'; \(Self.edit)")]
                ).run()
                #expect(try tidying.wait().end == .exited(0))
            }
            try expectNoEdits(root, "during")
        }
    }

    @Test func editsAfterACheckThatWasKilled() throws {
        try withRoot { root in
            for point in [1, 3, 5, 8, 12, 20, 40] {
                try root.done("-y", point % 2 == 1 ? "remove" : "install", "p0")
                _ = try root.traced(["kill", "--mutating", BytePath("\(point)")], ["tidy"])
                try edit(root)
                try root.done("-y", "install", "p0")
                let usr = try Descriptor.openDirectory(root.root.appending("usr"))
                #expect(try usr.statusIfPresent(of: "share/p3/part0/edit") == nil, "killed before call \(point)")
                try root.done("tidy")
            }
            try expectNoEdits(root, "killed")
        }
    }

    /// Who has the tree when it is checked keeps it from being sealed, and from being patched.
    @Test func whoHasItWhenItIsChecked() throws {
        try withRoot { root in
            let usr = root.root.appending("usr")
            let holder = try Command("sh", ["-c", BytePath("cd '\(usr.display)' && echo in && exec sleep 100")]).start()
            defer { holder.signal(9) }
            try root.done("-y", "install", "a")
            try root.done("tidy")
            try Command(
                "sh", ["-c", BytePath("cd /proc/\(holder.identifier)/cwd && echo mine > share/p3/part0/edit")]
            ).runSuccessfully()
            try root.done("-y", "remove", "a")
            try expectNoEdits(root, "held")
        }
    }

    /// A copy may have the time that says that nobody listed the trees; what is in them may be anything.
    @Test func aCopyIsNotSealed() throws {
        try withRoot { root in
            try root.copied(tidy: false) { copy in
                try edit(copy)
                let trees = copy.root.appending(".moss/trees")
                try Command("touch", ["-a", "-r", root.root.appending(".moss/trees"), trees]).runSuccessfully()
                try expectNoEdits(copy, "copied")
            }
        }
    }

    /// Tools that archive a root may do so.
    @Test func anAccessTimeThatWasPutBack() throws {
        try withRoot { root in
            let trees = root.root.appending(".moss/trees")
            let before = try Descriptor.open(trees, .pathOnly).accessTime()
            try edit(root)
            try Descriptor.openDirectory(root.root.appending(".moss")).setAccessTime(
                before / 1_000_000_000, of: "trees")
            #expect(try Descriptor.open(trees, .pathOnly).accessTime() == before)
            try expectNoEdits(root, "put back")
        }
    }

    @Test(.needsRoot, arguments: ["noatime", "nodiratime", "ro"])
    func throughAMountThatNotesNothing(option: String) throws {
        try withRoot { root in
            let other = root.path.appending("other")
            try Descriptor.openDirectory(root.path).makeDirectory("other")
            try Command("mount", ["--bind", root.root, other]).runSuccessfully()
            defer { _ = try? Command("umount", [other]).run() }
            try Command("mount", ["-o", BytePath("remount,bind,\(option)"), other]).runSuccessfully()
            let names = try Descriptor.openDirectory(other.appending(".moss/trees")).entries().map(\.name)
            for name in names {
                let place = root.root.appending(".moss/trees").appending(name).appending("share/p3/part0")
                try Descriptor.openDirectory(place).replaceFile("edit", with: [1])
            }
            try expectNoEdits(root, option)
        }
    }

    /// Where listing leaves no trace, every change looks for itself.
    @Test(.needsLoopDevices) func withoutAccessTimes() throws {
        // Mounted with noatime.
        try LoopFileSystem(sizeMiB: 64).mounted { place in
            let packages = (0..<10).map { systemPackage("p\($0)") }
            let root = try CommandRoot(
                in: place, offering: packages + [systemPackage("a"), systemPackage("b")])
            try root.command(["-y", "install"] + packages.map { BytePath($0.metadata.name) }).runSuccessfully()
            try root.done("tidy")
            try edit(root)
            try expectNoEdits(root, "noatime")
        }
    }

    private struct Cost {
        var calls: [String: Int]
        var directories: Int
        var entries: Int
    }

    private func cost(packageCount: Int) throws -> Cost {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<packageCount).map { systemPackage("p\($0)", fileCount: 45) }
            let root = try CommandRoot(in: scratch, offering: packages + [systemPackage("ten")])
            try root.command(["-y", "install"] + packages.map { BytePath($0.metadata.name) }).runSuccessfully()
            try root.done("tidy")
            let entries = try root.listing().entries
            let calls = try root.counts("-y", "install", "ten")
            return Cost(calls: calls, directories: entries.count { $0.kind == .directory }, entries: entries.count)
        }
    }

    @Test func aChangeOfTenFilesAsksTheSameOfEveryTree() throws {
        let small = try cost(packageCount: 100)
        let large = try cost(packageCount: 1000)
        #expect(small.entries >= 5000 && large.entries >= 50_000)
        // Other processes are looked at for open trees, and memory comes in pieces.
        let unsteady = ["total", "futex", "mmap", "munmap", "mremap", "madvise", "brk"]
        let names = Set(small.calls.keys).union(large.calls.keys).subtracting(unsteady).sorted()
        let differences = names.compactMap { name -> String? in
            let (one, other) = (small.calls[name] ?? 0, large.calls[name] ?? 0)
            return one == other ? nil : "\(name) \(one) \(other)"
        }
        print(
            "ten files in \(small.entries) and \(large.entries) entries, total \(small.calls["total"] ?? 0) and "
                + "\(large.calls["total"] ?? 0) calls: \(differences)")
        let sums = [small, large].map { cost in names.reduce(0) { $0 + (cost.calls[$1] ?? 0) } }
        #expect(sums[1] - sums[0] < (large.directories - small.directories) / 10)
    }
}
