import BytePath
import Digests
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Ordinary users on a root they own, and on one they may only look at.
struct OwnerTests {
    private static let owner: UInt32 = 65534
    private static let reader: UInt32 = 65533

    /// Runs a copy of moss, which any user can reach, as `user`.
    private func run(_ root: CommandRoot, as user: UInt32, _ arguments: [BytePath]) throws -> CommandResult {
        let identifier = BytePath("\(user)")
        let program = root.path.appending("moss")
        var command = Command(
            "setpriv",
            ["--reuid", identifier, "--regid", identifier, "--clear-groups", program, "-D", root.root] + arguments)
        command.environment = CommandRoot.environment
        return try command.run()
    }

    private func withOwnedRoot(_ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let identifier = BytePath("\(Self.owner)")
            var special = systemPackage("special")
            special.add(file: "bin/set-id", Array("set-id\n".utf8), mode: 0o4755)
            special.add(file: "bin/plain", Array("owned\n".utf8))
            let content = ObjectID(hashing: Array("owned\n".utf8))
            special.add(LayoutEntry(path: "bin/owned", kind: .regular(content), mode: 0o100644, uid: 7, gid: 9))
            let packages = (0..<4).map { systemPackage("p\($0)") } + [special]
            try Command("cp", [BuiltProduct.moss.path, scratch.appending("moss")]).runSuccessfully()
            try Descriptor.openDirectory(scratch).makeDirectory("stones")
            let root = CommandRoot(at: scratch)
            for package in packages { try root.publish(package) }
            try Command("chmod", ["755", scratch]).runSuccessfully()
            try Descriptor.openDirectory(scratch).makeDirectory("root")
            try Command("chown", ["-R", BytePath(bytes: identifier.bytes + [58] + identifier.bytes), root.root])
                .runSuccessfully()
            for arguments: [BytePath] in [["init"], ["repo", "add", "test", root.stones]] {
                try expectDone(root, arguments)
            }
            try body(root)
        }
    }

    private func expectDone(_ root: CommandRoot, _ arguments: [BytePath]) throws {
        let result = try run(root, as: Self.owner, arguments)
        #expect(result.end == .exited(0), "\(arguments.map(\.display)): \(result.errorText)")
    }

    @Test(.needsRoot) func everythingWorksForTheOwner() throws {
        try withOwnedRoot { root in
            try expectDone(root, ["-y", "install", "p0", "p1", "special"])
            let first = try root.listing()
            let entries = Dictionary(uniqueKeysWithValues: first.entries.map { ($0.path, $0) })
            #expect(entries["bin/set-id"]?.mode == 0o4555, "nobody writes to what is shared")
            #expect(entries["bin/owned"]?.uid == Self.owner, "owners are recorded, not applied")
            #expect(first.entries.allSatisfy { $0.uid == Self.owner && $0.gid == Self.owner })
            try expectDone(root, ["tidy"])
            try expectDone(root, ["-y", "install", "p2"])
            try expectDone(root, ["-y", "remove", "p0"])
            try root.publish(systemPackage("p1", release: 2))
            try expectDone(root, ["repo", "update"])
            try expectDone(root, ["-y", "sync"])
            try expectDone(root, ["-y", "state", "activate", "1"])
            #expect(try root.listing() == first)
            try expectDone(root, ["-y", "state", "activate", "4"])
            try expectDone(root, ["-y", "state", "prune", "--keep", "1"])
            try expectDone(root, ["tidy"])
            let (numbers, litter) = (try root.states().map(\.number), try root.litter())
            #expect(numbers == [4])
            // Trees stay while a process that this user may not look into, and that began while they were live, lives.
            #expect(litter.filter { !$0.hasSuffix("trees") } == [])
        }
    }

    @Test(.needsRoot) func nobodyIsSentToWhoIsRefused() throws {
        try withOwnedRoot { root in
            try expectDone(root, ["-y", "install", "p0"])
            let packages = root.root.appending(".moss/packages")
            try Command("chmod", ["000", packages]).runSuccessfully()
            let result = try run(root, as: Self.owner, ["-y", "install", "p1"])
            #expect(result.end == .exited(1) && result.errorText.contains("\(packages): permission denied"))
            // Root is refused, whatever the mode is.
            #expect(!result.errorText.contains("as root"), "\(result.errorText)")
            let other = try root.command(["-y", "install", "p1"]).run()
            #expect(other.end == .exited(1) && other.errorText.contains("run the command as that user"))
        }
    }

    @Test(.needsRoot) func othersMayLookButNotChange() throws {
        try withOwnedRoot { root in
            try expectDone(root, ["-y", "install", "p0", "special"])
            try expectDone(root, ["-y", "install", "p1"])
            let before = try root.listing()
            let questions: [[BytePath]] = [
                ["list", "installed"], ["list", "available"], ["info", "p0"], ["state", "list"], ["state", "active"],
                ["state", "query", "1"], ["state", "diff", "1", "2"], ["search", "p"], ["search-file", "set-id"],
                ["repo", "list"], ["blame", "bin/set-id"],
            ]
            for question in questions {
                let result = try run(root, as: Self.reader, question)
                #expect(result.end == .exited(0), "\(question.map(\.display)): \(result.errorText)")
                #expect(!result.output.isEmpty, "\(question.map(\.display))")
            }
            let changes: [[BytePath]] = [
                ["-y", "install", "p2"], ["-y", "remove", "p0"], ["-y", "sync"], ["-y", "state", "activate", "1"],
                ["-y", "state", "remove", "1"], ["repo", "add", "more", root.stones], ["repo", "update"], ["tidy"],
            ]
            for change in changes {
                let result = try run(root, as: Self.reader, change)
                #expect(result.end == .exited(1), "\(change.map(\.display)): \(result.end) \(result.errorText)")
                let isClear =
                    result.errorText.contains("permission denied") && result.errorText.contains(root.root.display)
                #expect(isClear, "\(change.map(\.display)): \(result.errorText)")
            }
            #expect(try root.listing() == before)
        }
    }
}
