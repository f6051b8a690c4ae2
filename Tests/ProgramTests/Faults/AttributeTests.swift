import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Attributes and flags that somebody gave files and directories below `/usr`.
struct AttributeTests {
    private func withRoot(_ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(in: scratch, offering: (0..<6).map { systemPackage("p\($0)") })
            try root.done("-y", "install", "p0", "p1")
            defer { _ = try? Command("chattr", ["-R", "-f", "-i", "-a", root.root]).run() }
            try body(root)
        }
    }

    private static let changes: [(name: String, program: BytePath, arguments: [BytePath], path: BytePath)] = [
        ("a capability", "setcap", ["cap_net_raw+ep"], "bin/p0-0"),
        ("an attribute", "setfattr", ["-n", "user.note", "-v", "x"], "bin/p0-0"),
        ("an access list", "setfacl", ["-m", "u:1:rwx"], "bin/p0-0"),
        ("an immutable file", "chattr", ["+i"], "bin/p0-0"),
        ("an access list on a directory", "setfacl", ["-m", "u:1:rwx"], "share"),
        ("a default access list", "setfacl", ["-d", "-m", "u:1:rwx"], "bin"),
        ("an attribute of a directory", "setfattr", ["-n", "user.note", "-v", "x"], "share"),
        ("an immutable directory", "chattr", ["+i"], "share"),
        ("a directory that only grows", "chattr", ["+a"], "share"),
        ("a default access list at the top", "setfacl", ["-d", "-m", "u:1:rwx"], "."),
    ]

    @Test(.needsRoot) func checksSeeThemAndPutThemRight() throws {
        for change in Self.changes {
            try withRoot { root in
                let path = root.root.appending("usr").appending(change.path)
                try Command(change.program, change.arguments + [path]).runSuccessfully()
                for arguments: [BytePath] in [["state", "verify"], ["fsck", "--full"]] {
                    let found = try root.command(arguments).run()
                    let named = found.outputText.contains("wrong attributes") || found.outputText.contains("wrong mode")
                    #expect(found.end == .exited(8) && named, "\(change.name): \(found.end) \(found.outputText)")
                }
                let repaired = try root.command(["-y", "fsck", "--full", "--repair"]).run()
                #expect(repaired.end == .exited(9), "\(change.name): \(repaired.end) \(repaired.outputText)")
                let after = try root.command(["fsck", "--full"]).run()
                #expect(after.end == .exited(0), "\(change.name): \(after.outputText)")
                let lists = try Command("getfacl", ["-Rcps", root.root.appending("usr")]).runSuccessfully()
                #expect(lists.outputText.isEmpty, "\(change.name)")
                try root.done("-y", "install", "p2")
                try root.done("tidy")
            }
        }
    }

    @Test(.needsRoot) func aDirectoryThatWasChangedIsNotPatchedIntoALaterState() throws {
        for change in Self.changes where change.path == "share" || change.path == "bin" {
            try withRoot { root in
                let path = root.root.appending("usr").appending(change.path)
                try Command(change.program, change.arguments + [path]).runSuccessfully()
                for name in ["p2", "p3", "p4"] { try root.done("-y", "install", BytePath(name)) }
                let verified = try root.command(["state", "verify"]).run()
                #expect(verified.end == .exited(0), "\(change.name): \(verified.outputText)")
            }
        }
    }

    @Test(.needsRoot) func whatTheSystemPutsOnFilesIsNoDamage() throws {
        try withRoot { root in
            let path = root.root.appending("usr/bin/p0-0")
            try Command("setfattr", ["-n", "trusted.overlay.x", "-v", "1", path]).runSuccessfully()
            let checked = try root.command(["fsck", "--full"]).run()
            #expect(checked.end == .exited(0), "\(checked.outputText)")
        }
    }

    // MARK: Immutable

    /// What is made immutable, with which flag.
    private static let locks: [(flag: BytePath, path: BytePath)] = [
        ("+i", "bin/p0-0"), ("+a", "bin/p0-0"), ("+i", "share/p0"), ("+a", "share/p0"), ("+i", ".stateID"),
    ]

    @Test(.needsRoot) func whatIsImmutableIsGoneAround() throws {
        for lock in Self.locks {
            try withRoot { root in
                let path = root.root.appending("usr").appending(lock.path)
                try Command("chattr", [lock.flag, path]).runSuccessfully()
                let what = "\(lock.flag) \(lock.path)"
                for name in ["p2", "p3", "p4"] {
                    let changed = try root.command(["-y", "install", BytePath(name)]).run()
                    #expect(changed.end == .exited(0), "\(what), \(name): \(changed.errorText)")
                    _ = try root.moss("tidy")
                }
                let removed = try root.command(["-y", "remove", "p0"]).run()
                #expect(removed.end == .exited(0), "\(what): \(removed.errorText)")
                let pruned = try root.command(["-y", "state", "prune", "--keep", "1"]).run()
                #expect(pruned.end == .exited(0), "\(what): \(pruned.errorText)")
                let collected = try root.command(["gc"]).run()
                #expect(collected.end == .exited(0), "\(what): \(collected.errorText)")
                #expect(collected.outputText.contains("immutable"), "\(what): \(collected.outputText)")
                let tidied = try root.moss("tidy")
                #expect(tidied.end == .exited(0), "\(what): \(tidied.errorText)")
                // Nothing else stays because of it.
                let rest = lock.path == "bin/p0-0" ? 1 : 0
                #expect(try objects(root) == objects(neededBy: root) + rest, "\(what)")
                _ = try Command("chattr", ["-R", "-f", "-i", "-a", root.root]).run()
                try root.done("tidy")
                try root.done("gc")
                #expect(try objects(root) == objects(neededBy: root), "\(what)")
                #expect(try root.litter() == [], "\(what)")
                let verified = try root.command(["fsck", "--full"]).run()
                #expect(verified.end == .exited(0), "\(what): \(verified.outputText)")
            }
        }
    }

    private func objects(_ root: CommandRoot) throws -> Int {
        try TreeListing(of: root.root.appending(".moss/objects")).entries.count { $0.kind == .regular }
    }

    /// Each file of these packages has a content of its own.
    private func objects(neededBy root: CommandRoot) throws -> Int {
        try root.listing().entries.count { $0.kind == .regular && $0.size > 0 && $0.path != ".stateID" }
    }

    @Test(.needsRoot) func anImmutableUsrIsNamed() throws {
        try withRoot { root in
            let before = try root.listing()
            try Command("chattr", ["+i", root.root.appending("usr")]).runSuccessfully()
            let changed = try root.command(["-y", "install", "p2"]).run()
            #expect(changed.end == .exited(1))
            let isClear = changed.errorText.contains("usr") && changed.errorText.contains("chattr")
            #expect(isClear, "\(changed.errorText)")
            try Command("chattr", ["-i", root.root.appending("usr")]).runSuccessfully()
            #expect(try root.listing() == before)
            try root.done("-y", "install", "p2")
        }
    }
}
