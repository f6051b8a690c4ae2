import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// What somebody put below `/usr` is never lost: it goes with the tree it is in, and from there to a place that is told.
struct LocalFilesTests {
    private func withRoot(_ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(in: scratch, offering: (0..<6).map { systemPackage("p\($0)") })
            try root.done("-y", "install", "p0", "p1")
            try body(root)
        }
    }

    /// One of each, with the paths at which they have to be found.
    private func putLocalFiles(_ root: CommandRoot) throws -> [BytePath: FileKind] {
        let usr = try Descriptor.openDirectory(root.root.appending("usr"))
        try usr.makeDirectory("local")
        try usr.makeDirectory("local/bin")
        try usr.replaceFile("local/bin/tool", with: Array("mine\n".utf8))
        try usr.makeSymlink("local/link", to: "bin/tool")
        try usr.makeDirectory("share/hollow")
        let place = BytePath("share/p0")
        try usr.replaceFile(place.appending("stray"), with: [])
        try usr.link(BytePath("bin/p0-0"), below: usr, to: BytePath("bin/hard"))
        try Command("mkfifo", [root.root.appending("usr/share/fifo")]).runSuccessfully()
        // A package's file in another version of one's own.
        try usr.replaceFile("bin/p1-0", with: Array("mine too\n".utf8), mode: 0o755)
        return [
            "local/bin/tool": .regular, "local/link": .symlink, "share/hollow": .directory,
            place.appending("stray"): .regular, "bin/hard": .regular, "share/fifo": .fifo, "bin/p1-0": .regular,
        ]
    }

    private func kept(_ root: CommandRoot) throws -> [BytePath: FileKind] {
        let place = root.root.appending(".moss/lost+found")
        guard let directory = try? Descriptor.openDirectory(place) else { return [:] }
        var kept: [BytePath: FileKind] = [:]
        for state in try directory.entries() {
            for entry in try TreeListing(of: place.appending(state.name)).entries { kept[entry.path] = entry.kind }
        }
        return kept
    }

    private func expectAllKept(_ root: CommandRoot, _ files: [BytePath: FileKind], _ what: String) throws {
        let found = try kept(root)
        for (path, kind) in files { #expect(found[path] == kind, "\(path) after \(what)") }
        let place = root.root.appending(".moss/lost+found/state-1")
        let tool = try Descriptor.openDirectory(place).readFile("local/bin/tool")
        let own = try Descriptor.openDirectory(place).readFile("bin/p1-0")
        #expect(tool == Array("mine\n".utf8) && own == Array("mine too\n".utf8))
    }

    @Test func theNextChangesFindThem() throws {
        try withRoot { root in
            let files = try putLocalFiles(root)
            let first = try root.command(["-y", "install", "p2"]).runSuccessfully()
            #expect(first.outputText.contains("/usr/local"), "the plan names what it sees: \(first.outputText)")
            let second = try root.command(["-y", "install", "p3"]).runSuccessfully()
            #expect(second.errorText.contains("lost+found/state-1"), "\(second.errorText)")
            try expectAllKept(root, files, "two changes")
            for name in ["p4", "p5"] { try root.done("-y", "install", BytePath(name)) }
            try root.done("tidy")
            try expectAllKept(root, files, "tidying")
            #expect(try root.moss("state", "verify").end == .exited(0))
            #expect(try root.names(in: "lost+found") == ["state-1"])
        }
    }

    @Test func tidyingFindsThem() throws {
        try withRoot { root in
            let files = try putLocalFiles(root)
            try root.done("-y", "install", "p2")
            let tidied = try root.command(["tidy", "--json"]).runSuccessfully().outputText
            #expect(tidied.contains("local_files") && tidied.contains("local"), "\(tidied)")
            try expectAllKept(root, files, "tidying")
        }
    }

    @Test func theDiskMayBeGivenBackInAnyWay() throws {
        for arguments: [BytePath] in [["gc"], ["-y", "state", "prune", "--keep", "1"], ["fsck", "--repair", "-y"]] {
            try withRoot { root in
                let files = try putLocalFiles(root)
                try root.done("-y", "install", "p2")
                _ = try root.command(arguments).run()
                for name in ["p3", "p4"] { try root.done("-y", "install", BytePath(name)) }
                try root.done("tidy")
                try expectAllKept(root, files, "\(arguments.map(\.display))")
            }
        }
    }

    @Test func whatIsInUseKeepsThemUntilItIsFree() throws {
        try withRoot { root in
            let files = try putLocalFiles(root)
            let held = try Descriptor.openDirectory(root.root.appending("usr/share"))
            for name in ["p2", "p3"] { try root.done("-y", "install", BytePath(name)) }
            try root.done("tidy")
            #expect(try kept(root).isEmpty)
            let kinds = try held.entries().map(\.name.display)
            #expect(kinds.contains("fifo"))
            try close(held)
            try root.done("tidy")
            try expectAllKept(root, files, "the last user went")
        }
    }

    private func close(_ descriptor: consuming Descriptor) throws {}

    @Test(.needsLoopDevices) func aClockInThePast() throws {
        try withScratchDirectory { scratch in
            let image = scratch.appending("image")
            let point = scratch.appending("mnt")
            try LoopFileSystem(sizeMiB: 64).make(image)
            try Descriptor.openDirectory(scratch).makeDirectory("mnt")
            try LoopFileSystem.mounted(image, at: point) { _ in
                let root = try CommandRoot(in: point, offering: (0..<4).map { systemPackage("p\($0)") })
                try root.done("-y", "install", "p0")
                try Descriptor.openDirectory(root.root).replaceFile("usr/share/p0/stray", with: [1])
            }
            for field in ["mtime", "ctime"] {
                for (name, value) in [(field, "20010101000000"), ("\(field)_extra", "0")] {
                    let request = BytePath("set_inode_field /root/usr/share/p0 \(name) \(value)")
                    try Command("debugfs", ["-w", "-R", request, image]).runSuccessfully()
                }
            }
            try LoopFileSystem.mounted(image, at: point) { _ in
                let root = CommandRoot(at: point)
                for name in ["p1", "p2", "p3"] { try root.done("-y", "install", BytePath(name)) }
                #expect(try !root.listing().entries.contains { $0.path.lastComponent == "stray" })
                #expect(try kept(root)["share/p0/stray"] == .regular)
                let check = try root.moss("fsck")
                #expect(check.end == .exited(0), "\(check.outputText)")
            }
        }
    }
}
