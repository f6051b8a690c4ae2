import BytePath
import Glibc
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Bad input and bad surroundings: a clear error, the documented exit code, and nothing changed.
@Suite struct MossRefusalTests {
    private func withInstalledTool(_ body: (MossFixture) throws -> Void) throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            try fixture.publish("other")
            try fixture.prepare()
            try fixture.succeed("install", "-y", "tool")
            let before = try TreeListing(of: fixture.root.appending("usr"))
            try body(fixture)
            #expect(try TreeListing(of: fixture.root.appending("usr")).differences(from: before) == [])
            #expect(try fixture.succeed("state", "list").split(separator: "\n").count == 1)
        }
    }

    @Test func newcomersAreToldWhatToDoNext() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            let missing = try fixture.fail(3, saying: "there is no such directory", "list", "installed")
            #expect(missing.contains("`moss -D \(fixture.root) init`"), "\(missing)")
            #expect(try fixture.moss("fsck").end == .exited(3))
            let hint = "`moss -D \(fixture.root) repo add NAME URI`"
            let made = try fixture.command(["init"]).runSuccessfully()
            #expect(made.errorText.contains(hint), "\(made.errorText)")
            // Who knows already is told nothing.
            #expect(try fixture.command(["init"]).runSuccessfully().errorText.isEmpty)
            let none = try fixture.fail(3, saying: "there are no collections", "install", "-y", "tool")
            #expect(none.contains(hint), "\(none)")
            try fixture.succeed("repo", "add", "tests", fixture.stones)
            try fixture.fail(3, saying: "nothing provides", "install", "-y", "nothing")
            try fixture.succeed("install", "-y", "tool")
            try fixture.fail(3, saying: "paths begin with /usr, as in /usr/bin/tool", "blame", "usr/bin/tool")
            try fixture.succeed("blame", "/usr/bin/tool", contains: "tool")
        }
    }

    @Test func everyCommandExplainsItself() throws {
        try MossFixture.run { fixture in
            for command: [BytePath] in [["try"], ["bisect"], ["mount"], ["install"], ["state", "list"]] {
                for option: BytePath in ["--help", "-h"] {
                    let text = try BuiltProduct.moss.command(command + [option]).runSuccessfully().outputText
                    #expect(text.contains("USAGE:"), "\(command) \(option): \(text)")
                }
                let version = try BuiltProduct.moss.command(command + ["--version"]).runSuccessfully().outputText
                #expect(version.split(separator: ".").count == 3, "\(command): \(version)")
            }
            try BuiltProduct.moss.command(["try", "--help", "install", "tool", "--", "tool"]).runSuccessfully()
            // Another option there is still refused.
            let wrong = try fixture.command(["try", "--no-such", "install", "tool", "--", "tool"]).run()
            #expect(wrong.end == .exited(2) && wrong.errorText.contains("options stand before the change"))
        }
    }

    @Test func withoutYesAndWithoutATerminalNothingHappens() throws {
        try withInstalledTool { fixture in
            for arguments: [BytePath] in [
                ["install", "other"], ["remove", "tool"], ["install", "other", "--json"],
            ] {
                let result = try fixture.command(arguments).run()
                #expect(result.end == .exited(4))
                #expect((result.outputText + result.errorText).contains("use -y"))
            }
        }
    }

    @Test func noAnswerIsNo() throws {
        try withInstalledTool { fixture in
            // script(1) gives the command a terminal, with the answer typed into it.
            for (answer, exit) in [("n\n", 4), ("\n", 4)] {
                let script = "printf '\(answer)' | script -qec \"$0 -D $1 install other\" /dev/null; exit $?"
                let result = try Command(
                    "bash", ["-o", "pipefail", "-c", BytePath(script), BuiltProduct.moss.path, fixture.root]
                ).run()
                #expect(result.end == .exited(Int32(exit)), "\(result.outputText)")
                #expect(result.outputText.contains("[y/N]"))
            }
        }
    }

    @Test func whatDoesNotExistIsNamed() throws {
        try withInstalledTool { fixture in
            try fixture.fail(3, saying: "tol", "install", "-y", "tol")
            try fixture.fail(3, saying: "nothing", "remove", "-y", "nothing")
            try fixture.fail(3, saying: "nothing", "info", "nothing")
            try fixture.fail(3, saying: "nothing", "fetch", "nothing")
            try fixture.fail(3, saying: "state 99", "state", "activate", "-y", "99")
            try fixture.fail(3, saying: "state 99", "state", "query", "99")
            try fixture.fail(3, saying: "state 99", "state", "remove", "-y", "99")
            try fixture.fail(3, saying: "state 99", "state", "diff", "1", "99")
            try fixture.fail(3, saying: "called x", "state", "activate", "-y", "x")
            try fixture.fail(3, saying: "called x", "state", "remove", "-y", "1", "x")
            try fixture.fail(3, saying: "nothing", "repo", "remove", "nothing")
            try fixture.fail(3, saying: "none", "blame", "/usr/none")
            try fixture.fail(1, saying: "active", "state", "remove", "-y", "1")
            try fixture.fail(1, saying: "no state was made", "redo", "-y")
            try fixture.fail(2, saying: "soname(x", "install", "-y", "soname(x")
        }
    }

    @Test func usageErrorsAreTwo() throws {
        try MossFixture.run { fixture in
            for arguments: [BytePath] in [
                [], ["state"], ["nothing"], ["install"], ["state", "activate", "x!"], ["state", "prune", "-k", "0"],
                ["state", "remove", "3-1"], ["inspect", "-q", "x"], ["list", "installed", "--color", "pink"],
            ] {
                let result = try fixture.command(arguments).run()
                #expect(result.end == .exited(2), "\(arguments)")
            }
            try fixture.succeed("--help", contains: "Exit codes")
            try fixture.succeed("help", "state", "prune", contains: "--include-newer")
            try fixture.succeed("-V", hasPrefix: "0.1.0\n")
        }
    }

    @Test func missingDependenciesAreShownWithTheirChain() throws {
        try withInstalledTool { fixture in
            try fixture.publish("top", needs: [Capability(.name, "middle")])
            try fixture.publish("middle", needs: [Capability(.soname, "libmissing.so.1(x86_64)")])
            try fixture.succeed("repo", "update")
            let error = try fixture.fail(7, "install", "-y", "top")
            #expect(error.contains("soname(libmissing.so.1(x86_64))"))
            #expect(error.contains("chain: top 1.0-1 -> middle 1.0-1 (middle)"))
        }
    }

    @Test func everyFileConflictIsListed() throws {
        try withInstalledTool { fixture in
            for name in ["one", "two"] {
                try fixture.publish(name) {
                    $0.add(file: "share/first", Array(name.utf8))
                    $0.add(file: "share/second", Array("\(name)2".utf8))
                }
            }
            try fixture.succeed("repo", "update")
            let error = try fixture.fail(7, "install", "-y", "one", "two")
            for word in ["share/first", "share/second", "one", "two"] { #expect(error.contains(word), "\(error)") }
        }
    }

    @Test func declaredConflictsAreEnforced() throws {
        try withInstalledTool { fixture in
            try fixture.publish("rival", conflicts: [Capability(.name, "tool")])
            try fixture.succeed("repo", "update")
            try fixture.fail(7, saying: "conflicts with tool", "install", "-y", "rival")
        }
    }

    @Test func aRootThatIsNotOursStaysAsItIs() throws {
        try MossFixture.run { fixture in
            let scratch = try Descriptor.openDirectory(fixture.scratch)
            try fixture.fail(3, saying: "root", "list", "installed")
            try scratch.makeDirectory("root")
            try fixture.fail(1, saying: "init", "install", "-y", "tool")
            try scratch.replaceFile("root/precious", with: [1])
            try fixture.fail(1, saying: "holds files", "init")
            #expect(TestFiles.names(in: fixture.root.display)?.filter { !$0.hasPrefix(".") } == ["precious"])
        }
    }

    @Test(.needsRoot) func aRootThatMayNotBeWrittenSaysWhy() throws {
        try withInstalledTool { fixture in
            try Command("chmod", ["-R", "a+rX", fixture.scratch]).runSuccessfully()
            try Command("chmod", ["a+rx", fixture.scratch]).runSuccessfully()
            let nobody = { (arguments: [BytePath]) in
                try Command(
                    "setpriv",
                    ["--reuid=65534", "--regid=65534", "--clear-groups", BuiltProduct.moss.path, "-D", fixture.root]
                        + arguments
                ).run()
            }
            let refused = try nobody(["install", "-y", "other"])
            #expect(refused.end == .exited(1))
            #expect(refused.errorText.contains("permission denied"), "\(refused.errorText)")
        }
    }

    @Test func twoAtOnceTakeTurns() throws {
        try withInstalledTool { fixture in
            let moss = try Descriptor.openDirectory(fixture.root.appending(".moss"))
            let name = try #require(moss.entries().map(\.name).first { $0.bytes.suffix(4).elementsEqual("lock".utf8) })
            let lock = try FileLock(on: name, below: moss, holder: "process 1 (the test)", wait: false)
            try fixture.fail(5, saying: "process 1 (the test)", "install", "-y", "other")
            let locked = try fixture.json("sync", "sync", "-y", exit: 5)
            #expect(locked["code"] as? String == "locked")
            try fixture.succeed("list", "installed", hasPrefix: "tool")

            let waiting = try fixture.command(["sync", "-y", "--wait"]).start()
            usleep(300_000)
            #expect(waiting.isRunning)
            _ = consume lock
            let result = try waiting.wait()
            #expect(result.end == .exited(0))
            #expect(result.errorText.contains("waiting for process 1 (the test)"))
        }
    }

    @Test func stonesThatAreNoneAreNamed() throws {
        try MossFixture.run { fixture in
            let scratch = try Descriptor.openDirectory(fixture.scratch)
            try scratch.replaceFile("no.stone", with: Array("no stone".utf8))
            try fixture.publish("tool")
            let name: BytePath = "stones/tool-1.0-1-1-x86_64.stone"
            var bytes = try scratch.readFile(name)
            bytes[bytes.count - 3] ^= 1
            try scratch.replaceFile("damaged.stone", with: bytes)

            let check = try fixture.moss("inspect", "--check", "no.stone", "damaged.stone", name)
            #expect(check.end == .exited(1))
            let lines = check.outputText.split(separator: "\n")
            #expect(lines.count == 3 && lines[0].contains("damaged") && lines[1].contains("damaged"))
            #expect(lines.last?.hasSuffix(": good") == true)
            let quiet = try fixture.moss("inspect", "--check", "-q", "damaged.stone")
            #expect(quiet.end == .exited(1) && quiet.outputText == "")
            try fixture.fail(1, saying: "damaged.stone", "extract", "damaged.stone")
            try fixture.fail(1, saying: "missing.stone", "extract", "missing.stone")
            #expect(TestFiles.names(in: fixture.scratch.display)?.contains("tool-1.0-1.x86_64") == false)
        }
    }

    @Test func extractionNeverFollowsALink() throws {
        try MossFixture.run { fixture in
            let scratch = try Descriptor.openDirectory(fixture.scratch)
            try scratch.makeDirectory("outside")
            try fixture.publish("evil") {
                $0.add(link: "share/way", to: BytePath("\(fixture.scratch)/outside"))
                $0.add(file: "share/way/file", [1])
            }
            try fixture.fail(1, "extract", "stones/evil-1.0-1-1-x86_64.stone")
            #expect(try scratch.openDirectory("outside").entries().isEmpty)
            #expect(try scratch.statusIfPresent(of: "evil-1.0-1.x86_64") == nil)
        }
    }
}
