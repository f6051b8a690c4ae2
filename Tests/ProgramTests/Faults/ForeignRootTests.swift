import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Root, and others, in a root of an ordinary user, who may have prepared it.
@Suite(.needsRoot) struct ForeignRootTests {
    private func withUserRoot(_ body: (UserRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in try body(try UserRoot(in: scratch)) }
    }

    private func expectRefused(_ root: UserRoot, _ arguments: [BytePath], _ place: BytePath) throws {
        let result = try root.asRoot(arguments)
        #expect(result.end == .exited(1), "\(arguments.map(\.display)): \(result.end) \(result.errorText)")
        let isClear =
            result.errorText.contains("belongs to user \(UserRoot.owner)") && result.errorText.contains(place.display)
        #expect(isClear, "\(arguments.map(\.display)): \(result.errorText)")
    }

    @Test func everyChangeIsRefused() throws {
        try withUserRoot { root in
            let before = try TreeListing(of: root.root)
            for change in UserRoot.changes { try expectRefused(root, change, root.root) }
            #expect(try TreeListing(of: root.root) == before)
        }
    }

    @Test func whatAFileSaysOfOwnersDoesNotCount() throws {
        try withUserRoot { root in
            try root.script("printf 'moss root 2\\nowners applied\\n' >\"$1\"", [root.moss.appending("format")])
            let before = try TreeListing(of: root.root)
            for change in UserRoot.changes { try expectRefused(root, change, root.root) }
            for question in UserRoot.questions { _ = try root.asRoot(question) }
            #expect(try TreeListing(of: root.root) == before)
        }
    }

    @Test func lookingLeavesNothing() throws {
        try withUserRoot { root in
            for lockFile: BytePath in ["kept", "gone"] {
                if lockFile == "gone" { try Descriptor.openDirectory(root.moss).unlink("db/lock.mdb") }
                let before = try TreeListing(of: root.root)
                for question in UserRoot.questions {
                    let result = try root.asRoot(question)
                    #expect(result.end == .exited(0), "\(question.map(\.display)): \(result.end) \(result.errorText)")
                    let change = try TreeListing(of: root.root).differences(from: before)
                    #expect(change == [], "\(question.map(\.display)) with lock.mdb \(lockFile.display)")
                }
            }
            let owners = try root.run(["-y", "install", "three"])
            #expect(owners.end == .exited(0), "\(owners.errorText)")
            #expect(try root.foreignFiles() == [])
        }
    }

    @Test func linksInThePlaceOfItsFilesLeadNowhere() throws {
        try withUserRoot { root in
            let scratch = try Descriptor.openDirectory(root.commands.path)
            let secret = Array(String(repeating: "root:secret\n", count: 2000).utf8)
            try scratch.replaceFile("precious", with: secret, mode: 0o600)
            for name: BytePath in [
                "db/lock.mdb", "db/data.mdb", "lock", "trees.lock", "changing", "unswept", "reserve", "format", "db",
                "states", "trees", "objects", "packages", "leases", "pins", "next-state", "fsck-cursor", "lost+found",
            ] {
                let target = root.commands.path.appending("precious")
                for target in [target, root.commands.path.appending("made")] {
                    try root.script(
                        "cd \"$1\" && { [ ! -e \"$2\" ] || mv \"$2\" \"$2.was\"; } && ln -s \"$3\" \"$2\"",
                        [root.moss, name, target])
                    for command in UserRoot.few {
                        let result = try root.asRoot(command, timeoutSeconds: 20)
                        let label = "\(command.map(\.display)), \(name.display) -> \(target.display)"
                        guard case .exited(let code) = result.end, code < 128 else {
                            Issue.record("\(label): \(result.end)")
                            continue
                        }
                        #expect(
                            !result.outputText.contains("secret") && !result.errorText.contains("secret"), "\(label)")
                    }
                    try root.script(
                        "cd \"$1\" && rm \"$2\" && { [ ! -e \"$2.was\" ] || mv \"$2.was\" \"$2\"; }", [root.moss, name])
                }
            }
            #expect(try scratch.readFile("precious") == secret)
            #expect(try scratch.statusIfPresent(of: "made") == nil)
            #expect(try root.foreignFiles() == [])
        }
    }

    @Test(arguments: ["fifo", "directory", "socket"]) func strangeFilesKeepNobodyWaiting(kind: String) throws {
        try withUserRoot { root in
            let make: BytePath =
                switch kind {
                case "fifo": "mkfifo \"$1\""
                case "directory": "mkdir \"$1\""
                default: "python3 -c 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' \"$1\""
                }
            for name: BytePath in [
                ".moss/db/data.mdb", ".moss/db/lock.mdb", ".moss/lock", ".moss/trees.lock", ".moss/format",
                ".moss/changing", ".moss/leases/1", ".moss/pins", ".moss/states/1", ".moss/next-state", "usr/.stateID",
                "etc/moss/repo.d/a.yaml", "etc/moss/retention.yaml", ".moss/db", ".moss/states",
            ] {
                try root.script(
                    BytePath("cd \"$2\" && { [ ! -e \"$1\" ] || mv \"$1\" \"$1.was\"; } && \(make.display)"),
                    [name, root.root])
                for command in UserRoot.few {
                    let result = try root.asRoot(command, timeoutSeconds: 20)
                    let isFine = if case .exited(let code) = result.end { code < 128 } else { false }
                    #expect(isFine, "\(command.map(\.display)), \(kind) \(name.display): \(result.end)")
                }
                try root.script(
                    "cd \"$2\" && rm -r \"$1\" && { [ ! -e \"$1.was\" ] || mv \"$1.was\" \"$1\"; }", [name, root.root])
            }
            #expect(try root.foreignFiles() == [])
        }
    }

    /// Root's own root, of which a part was given away.
    @Test(arguments: ["", ".moss/db", ".moss/objects", ".moss/packages", ".moss/states", ".moss/trees"])
    func aPartOfAnothersIsEnough(part: String) throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(in: scratch, offering: [systemPackage("one"), systemPackage("two")])
            try root.done("-y", "install", "one")
            let place = part.isEmpty ? root.root : root.root.appending(BytePath(part))
            try Command("chown", [BytePath("\(UserRoot.owner)"), place]).runSuccessfully()
            let before = try TreeListing(of: root.root)
            for change: [BytePath] in [["-y", "install", "two"], ["tidy"], ["-y", "gc"], ["fsck", "--repair"]] {
                let result = try root.command(change).run()
                #expect(result.end == .exited(1), "\(change.map(\.display)): \(result.errorText)")
                let isClear =
                    result.errorText.contains("belongs to user \(UserRoot.owner)")
                    && result.errorText.contains(place.display)
                #expect(isClear, "\(result.errorText)")
            }
            try root.done("list", "installed")
            #expect(try TreeListing(of: root.root) == before)
        }
    }

    @Test func aRootIsNotMadeInAnothersDirectory() throws {
        try withScratchDirectory { scratch in
            try Descriptor.openDirectory(scratch).makeDirectory("root")
            let root = CommandRoot(at: scratch)
            try Command("chown", [BytePath("\(UserRoot.owner)"), root.root]).runSuccessfully()
            let result = try root.moss("init")
            #expect(result.end == .exited(1) && result.errorText.contains("belongs to user \(UserRoot.owner)"))
            #expect(try Descriptor.openDirectory(root.root).entries().isEmpty)
        }
    }

    @Test func nobodyElseCanHoldTheLocks() throws {
        try withScratchDirectory { scratch in
            let root = try CommandRoot(in: scratch, offering: [systemPackage("one"), systemPackage("two")])
            try root.done("-y", "install", "one")
            try root.done("tidy")
            try Command("chmod", ["755", scratch]).runSuccessfully()
            let moss = try Descriptor.openDirectory(root.root.appending(".moss"))
            for name: BytePath in ["lock", "trees.lock"] {
                #expect(try moss.status(of: name).permissions == 0o600)
                // As an older version left it.
                try Command("chmod", ["644", root.root.appending(".moss").appending(name)]).runSuccessfully()
            }
            try root.done("-y", "install", "two")
            try root.done("tidy")
            for name: BytePath in ["lock", "trees.lock"] {
                let held = try Command(
                    "setpriv",
                    [
                        "--reuid", "65534", "--regid", "65534", "--clear-groups", "flock", "-n",
                        root.root.appending(".moss").appending(name), "true",
                    ]
                ).run()
                #expect(held.end != .exited(0), "\(name.display) was opened by somebody else")
            }
        }
    }

    @Test func aViewOfItShowsNothingOfRoots() throws {
        try withUserRoot { root in
            let scratch = try Descriptor.openDirectory(root.commands.path)
            try scratch.makeDirectory("view")
            // The same size as the object that it takes the place of.
            let script: BytePath = """
                set -eu; cd "$1"; view=$2; moss=$3; scratch=$4
                object=$(find .moss/objects -type f -samefile usr/bin/one-0 | head -1)
                tr '[:print:]' S <usr/bin/one-0 >"$scratch/secret"; chmod 600 "$scratch/secret"
                show() { "$moss" -D . mount active "$view" >/dev/null; cat "$view/bin/one-0" 2>/dev/null || true; "$moss" -D . umount "$view"; }
                mv "$object" "$object.was"
                ln -s "$scratch/secret" "$object"; show; rm "$object"
                mkdir "$scratch/evil"; cp -p "$scratch/secret" "$scratch/evil/${object##*/}"
                shard=$(dirname "$object"); mv "$shard" "$shard.was"; ln -s "$scratch/evil" "$shard"; show; rm "$shard"; mv "$shard.was" "$shard"
                ln "$scratch/secret" "$object"; show; rm "$object"
                mkfifo "$object"; show; rm "$object"
                mv "$object.was" "$object"; show
                """
            var command = Command(
                "bash",
                [
                    "-c", script, "bash", root.root, root.commands.path.appending("view"), try BuiltProduct.moss.path,
                    root.commands.path,
                ])
            command.environment = CommandRoot.environment
            let result = try command.run()
            #expect(result.end == .exited(0), "\(result.errorText)")
            // All of it is this letter, which the name of the scratch directory may have too.
            #expect(!result.outputText.contains("SSSSS"), "\(result.outputText)")
            #expect(result.outputText.contains("one 0 "))
            #expect(try root.foreignFiles() == [])
        }
    }
}
