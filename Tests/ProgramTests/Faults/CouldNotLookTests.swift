import BytePath
import Foundation
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What cannot be looked at is not damaged: it is named, and neither repaired nor removed.
@Suite struct CouldNotLookTests {
    private static let unseen: Int32 = 10

    /// A root with three states, of which only the oldest has `old`, and a spare. No collection has anything any more.
    private func withRoot(inMemory: Bool = true, _ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory(inMemory: inMemory) { scratch in
            var special = systemPackage("special")
            special.add(file: "bin/set-id", Array("set-id\n".utf8), mode: 0o4755)
            special.add(file: "share/special/secret", Array("secret\n".utf8), mode: 0o600)
            let packages = [systemPackage("old", fileCount: 600), systemPackage("new"), special]
            let root = try CommandRoot(in: scratch, offering: packages)
            try root.done("-y", "install", "old")
            try root.done("-y", "remove", "old")
            try root.done("-y", "install", "new", "special")
            try root.done("tidy")
            try root.done("repo", "remove", "test")
            try body(root)
        }
    }

    private func objects(_ root: CommandRoot) throws -> [String] {
        try TreeListing(of: root.root.appending(".moss/objects")).entries.map { "\($0)" }
    }

    private func report(_ result: CommandResult) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(result.output))
        return try #require((object as? [String: Any])?["data"] as? [String: Any], "\(result.outputText)")
    }

    /// Runs a command that may have few files open.
    private func limited(_ root: CommandRoot, _ limit: Int, _ arguments: [BytePath]) throws -> CommandResult {
        let script: BytePath = "ulimit -n \"$1\"; shift; exec \"$@\""
        var command = try Command(
            "sh", ["-c", script, "sh", BytePath("\(limit)"), BuiltProduct.moss.path, "-D", root.root] + arguments)
        command.environment = CommandRoot.environment
        return try command.run()
    }

    /// A command of a user who does not own the root, by a copy of moss that any user can reach.
    private func asOther(_ root: CommandRoot, _ arguments: [BytePath]) -> Command {
        let user: [BytePath] = ["--reuid", "65534", "--regid", "65534", "--clear-groups"]
        var command = Command("setpriv", user + [root.path.appending("moss"), "-D", root.root] + arguments)
        command.environment = CommandRoot.environment
        return command
    }

    @Test(arguments: [12, 16, 24, 64, 256]) func fewFilesAreEnoughOrNothingHappens(limit: Int) throws {
        try withRoot { root in
            let before = try objects(root)
            for arguments: [BytePath] in [
                ["fsck"], ["fsck", "--full"], ["fsck", "--full", "--repair"], ["state", "verify", "1", "--repair"],
            ] {
                let result = try limited(root, limit, arguments)
                let isRight = result.end == .exited(0) || (limit < 64 && result.end == .exited(Self.unseen))
                #expect(isRight, "\(limit) \(arguments): \(result.end) \(result.outputText)\(result.errorText)")
                #expect(!result.outputText.contains("--repair"), "\(result.outputText)")
            }
            #expect(try objects(root) == before)
            try root.done("fsck", "--full")
        }
    }

    @Test(arguments: [64, 256]) func changesWorkWithFewFiles(limit: Int) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let root = try CommandRoot(in: scratch, offering: [systemPackage("a", fileCount: 600), systemPackage("b")])
            for arguments: [BytePath] in [
                ["-y", "install", "a"], ["-y", "install", "b"], ["-y", "remove", "a"], ["tidy"],
                ["-y", "state", "activate", "1"], ["-y", "state", "remove", "2"], ["-y", "gc", "--verify"],
                ["fsck", "--full"], ["store", "rebuild"],
            ] {
                let result = try limited(root, limit, arguments)
                #expect(result.end == .exited(0), "\(limit) \(arguments): \(result.end) \(result.errorText)")
            }
            #expect(try root.litter() == [])
            try root.done("fsck", "--full")
        }
    }

    @Test(.needsRoot) func whatOthersMayNotSeeIsNotDamaged() throws {
        try withRoot(inMemory: false) { root in
            try Command("cp", [BuiltProduct.moss.path, root.path.appending("moss")]).runSuccessfully()
            try Command("chmod", ["755", root.path]).runSuccessfully()
            for arguments: [BytePath] in [["fsck"], ["fsck", "--full"], ["state", "verify", "3"]] {
                var command = asOther(root, arguments)
                let text = try command.run()
                #expect(
                    text.end == .exited(Self.unseen), "\(arguments): \(text.end) \(text.outputText)\(text.errorText)")
                #expect(text.outputText.contains("Could not look at "), "\(text.outputText)")
                #expect(text.outputText.contains("run it as root"), "\(text.outputText)")
                #expect(!text.outputText.contains("--repair"), "\(text.outputText)")
                command.arguments.append("--json")
                let data = try report(command.run())
                #expect(data["code"] as? String == "unseen" && data["is_damaged"] as? Bool == false)
                #expect((data["unseen_count"] as? Int ?? 0) > 0 && data["is_complete"] as? Bool == false)
                #expect((data["advice"] as? [String])?.isEmpty == true)
            }
            try root.done("fsck", "--full")

            // What is read and wrong counts more, and both are told.
            try Descriptor.openDirectory(root.root.appending("usr")).unlink("share/new/link")
            var command = asOther(root, ["fsck", "--json"])
            let result = try command.run()
            let data = try report(result)
            #expect(result.end == .exited(8) && data["code"] as? String == "damaged", "\(result.outputText)")
            #expect((data["findings"] as? [Any])?.count == 1 && (data["unseen_count"] as? Int ?? 0) > 0)
            command.arguments.removeLast()
            #expect(try command.run().outputText.contains("Could not look at "))
        }
    }
}
