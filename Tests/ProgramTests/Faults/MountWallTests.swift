import BytePath
import Glibc
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// What is mounted below `/usr` or in another tree stays as it is, whatever moss does, and what is below `/usr` is seen
/// there afterwards.
struct MountWallTests {
    /// Something mounted: where below the root, and a file in it (or the mounted file itself) with what it holds.
    private struct Mounted {
        let place: BytePath
        let file: BytePath
        let text: String
    }

    private static func write(_ text: String, to path: BytePath) throws {
        try Descriptor.open(path, [.write, .create, .truncate]).write(Array(text.utf8))
    }

    private static func read(_ path: BytePath) -> String? {
        (try? Descriptor.open(path).readAll()).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func run(_ program: BytePath, _ arguments: [BytePath]) throws {
        try Command(program, arguments).runSuccessfully()
    }

    /// Runs `body` with a root whose packages have places to mount on, and takes all mounts away again.
    private func withRoot(_ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            defer {
                for mount in ((try? MountTable.read()) ?? []).reversed() where mount.path.isAtOrBelow(scratch) {
                    try? MountTable.unmount(mount.path, lazily: true)
                }
            }
            var packages = (0..<6).map { systemPackage("p\($0)") }
            packages[0].add(directory: "lib/restricted", mode: 0o500)
            let root = try CommandRoot(in: scratch, offering: packages)
            try root.done("-y", "install", "p0", "p1")
            try root.done("-y", "install", "p2")
            try root.done("tidy")
            try body(root)
        }
    }

    private func mountTmpfs(on place: BytePath) throws {
        try Self.run("mount", ["-t", "tmpfs", "none", place])
    }

    /// Mounts at ten places below `/usr` and in the spare.
    private func mountEverything(in root: CommandRoot, image: BytePath?) throws -> [Mounted] {
        let usr = root.root.appending("usr")
        let outside = root.path.appending("outside")
        try Descriptor.openDirectory(root.path).ensureDirectory("outside")
        try Descriptor.openDirectory(outside).ensureDirectory("directory")
        try Self.write("outside", to: outside.appending("directory/file"))
        try Self.write("masked", to: outside.appending("mask"))
        var mounted: [Mounted] = []
        func note(_ place: BytePath, _ file: BytePath, _ text: String, writing: Bool = true) throws {
            let whole = root.root.appending(place).appending(file)
            if writing { try Self.write(text, to: whole) }
            mounted.append(Mounted(place: place, file: file, text: text))
        }
        try mountTmpfs(on: usr.appending("share/p0/empty"))
        try note("usr/share/p0/empty", "kept", "on a package's directory")
        for name: BytePath in ["local", "opt", "boot", "ro"] { try Descriptor.openDirectory(usr).ensureDirectory(name) }
        try mountTmpfs(on: usr.appending("local"))
        try note("usr/local", "kept", "on a directory nobody owns")
        try Descriptor.openDirectory(usr.appending("local")).ensureDirectory("deep")
        try mountTmpfs(on: usr.appending("local/deep"))
        try note("usr/local/deep", "kept", "on another mount")
        try Self.run("mount", ["--bind", outside.appending("directory"), usr.appending("opt")])
        try note("usr/opt", "file", "outside", writing: false)
        try Self.run("mount", ["--bind", outside.appending("directory"), usr.appending("ro")])
        try Self.run("mount", ["-o", "remount,bind,ro", usr.appending("ro")])
        try note("usr/ro", "file", "outside", writing: false)
        try Self.run("mount", ["--bind", outside.appending("mask"), usr.appending("bin/p1-0")])
        try note("usr/bin/p1-0", "", "masked", writing: false)
        try mountTmpfs(on: usr.appending("lib/restricted"))
        try note("usr/lib/restricted", "kept", "on a restricted directory")
        try Descriptor.openDirectory(usr.appending("share/p2")).ensureDirectory("of-mine")
        try mountTmpfs(on: usr.appending("share/p2/of-mine"))
        try note("usr/share/p2/of-mine", "kept", "below a package's directory")
        if let image {
            try Self.run("mount", ["--bind", image, usr.appending("boot")])
            try note("usr/boot", "kept", "on a disk of its own")
        }
        for name in try root.names(in: "trees") {
            let place = BytePath(".moss/trees").appending(name).appending("share")
            try mountTmpfs(on: root.root.appending(place))
            try note(place, "kept", "in a spare")
        }
        return mounted
    }

    private func missing(_ mounted: [Mounted], in root: CommandRoot) -> [String] {
        mounted.filter { Self.read(root.root.appending($0.place).appending($0.file)) != $0.text }.map(\.text)
    }

    /// Mounts below the root's `/usr`, and elsewhere in it.
    private func places(in root: CommandRoot) throws -> (live: Int, others: Int) {
        let all = try MountTable.read().filter { $0.path.isAtOrBelow(root.root) }
        let live = all.filter { $0.path.isAtOrBelow(root.root.appending("usr")) }.count
        return (live, all.count - live)
    }

    /// Every command, changes in an order in which each has something to do.
    private static func commands(_ root: CommandRoot) -> [[BytePath]] {
        let view = root.path.appending("view")
        let stone = root.stones.appending(BytePath(systemPackage("p0").metadata.stoneFileName))
        return [
            ["-y", "install", "p3"], ["-y", "remove", "p1"], ["mount", "1", view], ["-y", "install", "p4", "p5"],
            ["umount", view], ["-y", "undo"], ["mount", "--all", view], ["-y", "redo"], ["umount", view],
            ["mount", "--candidate", "install p1", view], ["umount", "--lazy", view],
            ["-y", "state", "activate", "1"], ["tidy"], ["-y", "sync"], ["-y", "state", "remove", "2"],
            ["try", "--state", "1", "--", "true"], ["bisect", "--good", "1", "--bad", "4", "--", "true"],
            ["list", "installed"], ["list", "available"], ["list", "sync"], ["info", "p0"], ["search", "p0"],
            ["search-file", "p0-0"], ["blame", "/usr/bin/p0-0"], ["du"], ["state", "active"], ["state", "list"],
            ["state", "query", "1"], ["state", "diff", "1", "4"], ["state", "pin", "1", "first"],
            ["state", "unpin", "1"], ["fetch", "p5", "--output-dir", root.path.appending("view")],
            ["inspect", stone], ["extract", stone, "--output-dir", root.path.appending("view")],
            ["index", root.stones],
            ["repo", "list"], ["repo", "update"], ["repo", "disable", "test"], ["repo", "enable", "test"], ["version"],
            ["fsck"], ["fsck", "--full"], ["fsck", "--repair", "-y"], ["-y", "state", "verify", "--repair"],
            ["-y", "gc"], ["-y", "gc", "--verify"], ["-y", "store", "rebuild"],
            ["-y", "install", "p3"], ["-y", "state", "prune", "--keep", "1"], ["tidy"],
            ["-y", "remove", "p0"], ["tidy"], ["-y", "undo"], ["tidy"], ["init"],
        ]
    }

    /// Files of an administrator's in directories of packages and of nobody, by path below `/usr`.
    private func makeLocalFiles(in root: CommandRoot) throws -> [BytePath] {
        let usr = try Descriptor.openDirectory(root.root.appending("usr"))
        try usr.ensureDirectory("mine")
        let paths: [BytePath] = ["share/p2/local", "bin/local", "mine/local", "share/p0/local"]
        for path in paths { try usr.replaceFile(path, with: Array("local \(path.display)".utf8)) }
        return paths
    }

    /// Those of `paths` that are neither below `/usr` nor aside.
    private func lost(_ paths: [BytePath], in root: CommandRoot) throws -> [String] {
        let aside = root.root.appending(".moss/lost+found")
        let names = (try? Descriptor.openDirectory(aside).entries().map(\.name)) ?? []
        let places = [root.root.appending("usr")] + names.map { aside.appending($0) }
        return paths.filter { path in
            // What waits in a spare is found by the next change or tidying.
            !places.contains { Self.read($0.appending(path)) == "local \(path.display)" }
        }.map(\.display)
    }

    @Test(.needsLoopDevices) func everyCommandLeavesWhatIsMounted() throws {
        try LoopFileSystem(.ext4, sizeMiB: 16).mounted { image in
            try withRoot { root in
                try Descriptor.openDirectory(root.path).ensureDirectory("view")
                let mounted = try mountEverything(in: root, image: image)
                let local = try makeLocalFiles(in: root)
                let before = try places(in: root)
                for arguments in Self.commands(root) {
                    let result = try root.command(arguments).run()
                    let line = arguments.map(\.display).joined(separator: " ")
                    #expect(missing(mounted, in: root) == [], "\(line): \(result.end) \(result.errorText)")
                    // The trees have no such program; the sandbox was made all the same.
                    let isTried =
                        ["try", "bisect"].contains(arguments[0])
                        && result.errorText.contains("no such program in the sandbox")
                    let isDone = [.exited(0), .exited(9)].contains(result.end)
                    #expect(isTried || isDone, "\(line): \(result.end) \(result.errorText)")
                    #expect(try places(in: root) == before, "after \(line)")
                }
                #expect(try lost(local, in: root) == [])
            }
        }
    }

    @Test(.needsRoot) func aPlanNamesWhatIsMounted() throws {
        try withRoot { root in
            let place = root.root.appending("usr/share/p0/empty")
            try mountTmpfs(on: place)
            for arguments: [BytePath] in [["install", "--dry-run", "p3"], ["undo", "--dry-run"]] {
                let text = try root.command(arguments).runSuccessfully().outputText
                #expect(text.contains("Mounted below /usr, and coming along: ") && text.contains(place.display))
                let json = try root.command(["--json"] + arguments).runSuccessfully().outputText
                #expect(json.contains("\"mounts\":[\""))
            }
        }
    }

    @Test(.needsRoot) func flagsComeAlong() throws {
        try withRoot { root in
            let place = root.root.appending("usr/share/p0/empty")
            try Self.run("mount", ["-t", "tmpfs", "-o", "ro,noexec,nosuid", "none", place])
            try root.done("-y", "install", "p3")
            #expect(throws: SystemError.self) { try Self.write("x", to: place.appending("x")) }
            let text = try Command("findmnt", ["-no", "OPTIONS", place]).runSuccessfully().outputText
            #expect(text.contains("noexec") && text.contains("nosuid"))
        }
    }

    @Test(.needsRoot) func mountsOverOneAnotherAreNamedAndStay() throws {
        try withRoot { root in
            let place = root.root.appending("usr/share/p0/empty")
            for text in ["lower", "upper"] {
                try mountTmpfs(on: place)
                try Self.write(text, to: place.appending("kept"))
            }
            let states = try root.states()
            for arguments: [BytePath] in [["-y", "install", "p3"], ["-y", "undo"], ["-y", "state", "activate", "1"]] {
                let result = try root.command(arguments).run()
                #expect(result.end == .exited(1))
                #expect(result.errorText.contains(place.display))
            }
            #expect(try root.states() == states)
            #expect(Self.read(place.appending("kept")) == "upper")
            try MountTable.unmount(place, lazily: false)
            #expect(Self.read(place.appending("kept")) == "lower")
            try root.done("-y", "install", "p3")
            #expect(Self.read(place.appending("kept")) == "lower")
        }
    }

    @Test(.needsRoot) func mountsThatOthersSeeComeAlong() throws {
        try withRoot { root in
            try Self.run("mount", ["--bind", root.path, root.path])
            try Self.run("mount", ["--make-shared", root.path])
            let place = root.root.appending("usr/share/p0/empty")
            try mountTmpfs(on: place)
            try Descriptor.openDirectory(place).ensureDirectory("deep")
            try mountTmpfs(on: place.appending("deep"))
            try Self.write("kept", to: place.appending("deep/kept"))
            for name: BytePath in ["p3", "p4"] {
                try root.done("-y", "install", name)
                try root.done("tidy")
                #expect(Self.read(place.appending("deep/kept")) == "kept")
                #expect(try places(in: root).others == 0)
            }
        }
    }

    @Test(.needsRoot) func aTreeWithAMountStaysUntilItIsUnmounted() throws {
        try withRoot { root in
            let spare = try #require(try root.names(in: "trees").first)
            let place = root.root.appending(".moss/trees").appending(spare).appending("share/p0/empty")
            try mountTmpfs(on: place)
            let text = try root.done("tidy")
            #expect(text.contains(place.display))
            try root.done("-y", "install", "p3")
            try root.done("tidy")
            #expect(try root.names(in: "trees").contains(spare))
            try MountTable.unmount(place, lazily: false)
            try root.done("tidy")
            #expect(try root.litter() == [])
        }
    }
}

/// What cannot be exchanged is told before anything is brought in.
struct UnsuitableRootTests {
    private func refused(_ root: CommandRoot, naming words: [String]) throws {
        let objects = try TreeListing(of: root.root.appending(".moss/objects")).entries.count
        for arguments: [BytePath] in [
            ["-y", "install", "p1"], ["install", "--dry-run", "p1"], ["-y", "remove", "p0"], ["-y", "undo"],
            ["-y", "state", "activate", "1"],
        ] {
            let result = try root.command(arguments).run()
            #expect(result.end == .exited(1), "\(arguments): \(result.errorText)")
            for word in words { #expect(result.errorText.contains(word), "\(arguments): \(result.errorText)") }
        }
        #expect(try TreeListing(of: root.root.appending(".moss/objects")).entries.count == objects)
    }

    private func withRoot(_ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(in: scratch, offering: (0..<3).map { systemPackage("p\($0)") })
            try root.done("-y", "install", "p0")
            try root.done("-y", "install", "p2")
            try body(root)
        }
    }

    @Test func aLink() throws {
        try withRoot { root in
            let top = try Descriptor.openDirectory(root.root)
            try top.rename("usr", to: "elsewhere")
            try top.makeSymlink("usr", to: "elsewhere")
            try refused(root, naming: ["usr", "link to elsewhere"])
        }
    }

    @Test(.needsRoot, arguments: ["usr", ".moss/trees", ".moss/objects"] as [BytePath])
    func aMountPoint(_ name: BytePath) throws {
        try withRoot { root in
            let place = root.root.appending(name)
            try Mounts.bind(place, to: place)
            defer { try? MountTable.unmount(place, lazily: true) }
            try refused(root, naming: [place.display, "mount point"])
        }
    }

    @Test(.needsRoot) func aLowerLayer() throws {
        try withRoot { root in
            let top = try Descriptor.openDirectory(root.path)
            try top.ensureDirectory("layers")
            let layers = root.path.appending("layers")
            try Command("mount", ["-t", "tmpfs", "none", layers]).runSuccessfully()
            defer { try? MountTable.unmount(layers, lazily: true) }
            for name: BytePath in ["upper", "work", "root"] {
                try Descriptor.openDirectory(layers).ensureDirectory(name)
            }
            let options = BytePath("lowerdir=").bytes + root.root.bytes + BytePath(",upperdir=").bytes
            let upper = BytePath(
                bytes: options + layers.appending("upper").bytes + BytePath(",workdir=").bytes
                    + layers.appending("work").bytes)
            try Command("mount", ["-t", "overlay", "-o", upper, "none", layers.appending("root")]).runSuccessfully()
            defer { try? MountTable.unmount(layers.appending("root"), lazily: true) }
            try top.makeSymlink("over", to: "layers")
            var command = try BuiltProduct.moss.command(["-D", layers.appending("root"), "-y", "install", "p1"])
            command.environment = CommandRoot.environment
            let result = try command.run()
            #expect(result.end == .exited(1))
            #expect(result.errorText.contains("lower layer"), "\(result.errorText)")
        }
    }
}
