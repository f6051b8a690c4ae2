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

    /// A sandbox of another test may keep the trees of every root for a while, and a change finds no spare then; it also
    /// looks at all processes there are. So what is to be seen has to be seen once in some tries.
    private func measure<Figures>(
        _ body: () throws -> Figures, until isRight: (Figures) -> Bool
    ) throws -> Figures {
        var figures = try body()
        for _ in 1..<12 where !isRight(figures) {
            sleep(2)
            figures = try body()
        }
        return figures
    }

    @Test func aSealedSpareIsNotLookedAt() throws {
        try withRoot { root in
            let calls = try measure {
                try root.done("tidy")
                let sealed = try root.counts("-y", "install", "a")
                try root.done("tidy")
                _ = try Descriptor.openDirectory(root.root.appending(".moss/trees")).entries()
                let listed = try root.counts("-y", "remove", "a")
                return (sealed: opens(sealed), listed: opens(listed))
            } until: {
                $0.listed - $0.sealed > 100
            }
            // Each package has four directories of its own.
            #expect(calls.listed - calls.sealed > 100, "\(calls)")
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

    private func withLargeRoot(packageCount: Int, _ body: (CommandRoot, TreeListing) throws -> Void) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<packageCount).map { systemPackage("p\($0)", fileCount: 45) }
            let root = try CommandRoot(in: scratch, offering: packages + [systemPackage("ten")])
            try root.command(["-y", "install"] + packages.map { BytePath($0.metadata.name) }).runSuccessfully()
            try body(root, root.listing())
        }
    }

    /// The calls of adding ten files, which are removed again.
    private func callsOfAddingTen(_ root: CommandRoot) throws -> [String: Int] {
        try root.done("tidy")
        let calls = try root.counts("-y", "install", "ten")
        try root.done("tidy")
        try root.done("-y", "remove", "ten")
        // Other processes are looked at for open trees, and memory comes in pieces.
        return calls.filter { !["total", "futex", "mmap", "munmap", "mremap", "madvise", "brk"].contains($0.key) }
    }

    @Test func aChangeOfTenFilesAsksTheSameOfEveryTree() throws {
        try withLargeRoot(packageCount: 100) { small, few in
            try withLargeRoot(packageCount: 1000) { large, many in
                let directories = [few, many].map { $0.entries.count { $0.kind == .directory } }
                #expect(few.entries.count >= 5000 && many.entries.count >= 50_000)
                let bound = (directories[1] - directories[0]) / 10
                let calls = try measure {
                    try (few: callsOfAddingTen(small), many: callsOfAddingTen(large))
                } until: {
                    Self.sum($0.many) - Self.sum($0.few) < bound
                }
                let differences = Set(calls.few.keys).union(calls.many.keys).sorted().compactMap { name -> String? in
                    let (one, other) = (calls.few[name] ?? 0, calls.many[name] ?? 0)
                    return one == other ? nil : "\(name) \(one) \(other)"
                }
                print("ten files in \(few.entries.count) and \(many.entries.count) entries: \(differences)")
                #expect(Self.sum(calls.many) - Self.sum(calls.few) < bound)
            }
        }
    }

    private static func sum(_ calls: [String: Int]) -> Int { calls.values.reduce(0, +) }
}
