import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Looking for damage and repairing it, by the built program.
@Suite struct MossCheckTests {
    /// A root with two states; `tool` is in the second one only.
    private func prepare(_ fixture: MossFixture) throws {
        try fixture.publish("editor") { $0.add(link: "bin/vi", to: "editor") }
        try fixture.publish("tool")
        try fixture.prepare()
        try fixture.succeed("install", "-y", "editor")
        try fixture.succeed("install", "-y", "tool")
    }

    /// Writes to a file through one of its links: its object, and every tree it is in, have other bytes then.
    private func overwrite(_ fixture: MossFixture, _ path: BytePath) throws {
        try Descriptor.open(fixture.root.appending(path), [.write]).write(Array("E".utf8))
    }

    private func names(_ report: [String: Any], _ outcome: String) -> Set<String> {
        let findings = report["findings"] as? [[String: Any]] ?? []
        return Set(findings.filter { $0["outcome"] as? String == outcome }.compactMap { $0["name"] as? String })
    }

    @Test func aDamagedRootIsRepaired() throws {
        try MossFixture.run { fixture in
            try prepare(fixture)
            try fixture.succeed("fsck", hasPrefix: "Looked at ", hasSuffix: "nothing is wrong.\n")
            let usr = try Descriptor.openDirectory(fixture.root.appending("usr"))
            try overwrite(fixture, "usr/bin/tool")
            try usr.unlink("bin/vi")
            try usr.makeSymlink("bin/vi", to: "nowhere")
            try usr.replaceFile("bin/mine", with: Array("mine\n".utf8))
            try usr.setMode(0o700, of: "bin")

            let found = try fixture.json("fsck", "fsck", exit: 8)
            #expect(found["is_damaged"] as? Bool == true && found["is_complete"] as? Bool == true)
            #expect(names(found, "found").isSuperset(of: ["usr/bin", "usr/bin/vi", "usr/bin/mine"]))
            #expect(names(found, "found").contains { $0.hasPrefix(".moss/objects/") })
            let affected = try #require((found["affected"] as? [[String: Any]])?.first)
            #expect(affected["packages"] as? [String] == ["tool 1.0-1"] && affected["states"] as? [Int] == [2])
            #expect(affected["paths"] as? [String] == ["usr/bin/tool"])
            #expect(found["advice"] as? [String] == ["moss -D \(fixture.root) fsck --repair"])

            let repaired = try fixture.json("fsck", "fsck", "--full", "--repair", exit: 9)
            #expect(repaired["is_damaged"] as? Bool == false && names(repaired, "lost").isEmpty)
            #expect(try fixture.text(of: "usr/bin/tool") == "tool 1.0-1\n")
            #expect(try Descriptor.openDirectory(fixture.root).readLink("usr/bin/vi") == "editor")
            #expect(try !fixture.exists("usr/bin/mine"))
            let place = try #require(repaired["set_aside"] as? String)
            #expect(try fixture.text(of: BytePath(place).appending("usr/bin/mine")) == "mine\n")
            try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")
            try fixture.succeed("gc", "--verify", "-y")
        }
    }

    @Test func whatIsReplacedIsPutAside() throws {
        try MossFixture.run { fixture in
            try prepare(fixture)
            let moss = try Descriptor.openDirectory(fixture.root.appending(".moss"))
            let manifest = BytePath("packages").appending(
                try #require(moss.openDirectory("packages").entries().first).name)
            for path in [manifest, "states/1"] { try moss.replaceFile(path, with: Array("damaged".utf8)) }
            try overwrite(fixture, "usr/bin/tool")
            let report = try fixture.json("fsck", "fsck", "--full", "--repair", exit: 9)
            let place = BytePath(try #require(report["set_aside"] as? String))
            for path in [manifest, "states/1"] {
                #expect(try fixture.text(of: place.appending(path)) == "damaged")
            }
            let objects = try Descriptor.openDirectory(fixture.root.appending(place).appending("objects")).entries()
            #expect(objects.count == 1)
            try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")
        }
    }

    @Test func collectingStopsWhereAStateCannotBeMarked() throws {
        try MossFixture.run { fixture in
            try prepare(fixture)
            // The manifest of one package is gone, and so are the records.
            let packages = try Descriptor.openDirectory(fixture.root.appending(".moss/packages"))
            try packages.unlink(#require(packages.entries().first).name)
            try Descriptor.openDirectory(fixture.root.appending(".moss")).removeTree("db")
            let before = try TreeListing(of: fixture.root.appending(".moss/objects"))
            _ = try fixture.moss("state", "list")
            try fixture.fail(1, saying: "is not in the ", "gc", "-y")
            #expect(try TreeListing(of: fixture.root.appending(".moss/objects")) == before)
            try fixture.succeed("repo", "update")
            #expect(try fixture.moss("fsck", "--repair").end == .exited(9))
            try fixture.succeed("gc", "-y")
            try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")
        }
    }

    @Test func whatIsLostIsNamedWithWhatBringsItBack() throws {
        try MossFixture.run { fixture in
            try prepare(fixture)
            try fixture.succeed("repo", "remove", "tests")
            try overwrite(fixture, "usr/bin/tool")
            let lost = try fixture.command(["fsck", "--full", "--repair"]).run()
            #expect(lost.end == .exited(8) && lost.errorText.isEmpty, "\(lost.errorText)")
            #expect(lost.outputText.contains(": usr/bin/tool of tool 1.0-1; states 2\n"), "\(lost.outputText)")
            #expect(lost.outputText.contains("\n  moss -D \(fixture.root) repo add "), "\(lost.outputText)")
            // A state without it is whole, and the one with it says so.
            try fixture.succeed("state", "verify", "1")
            #expect(try fixture.command(["state", "verify", "2"]).run().end == .exited(8))
            // Doing as it was told.
            try fixture.succeed("repo", "add", "tests", "stones")
            #expect(try fixture.command(["fsck", "--repair"]).run().end == .exited(9))
            #expect(try fixture.text(of: "usr/bin/tool") == "tool 1.0-1\n")
            try fixture.succeed("state", "verify", hasSuffix: "nothing is wrong.\n")
        }
    }

    @Test func oneStateIsVerified() throws {
        try MossFixture.run { fixture in
            try prepare(fixture)
            try overwrite(fixture, "usr/bin/tool")
            #expect(try fixture.json("state verify", "state", "verify", "1")["is_damaged"] as? Bool == false)
            #expect(try fixture.json("state verify", "state", "verify", "2", exit: 8)["is_damaged"] as? Bool == true)
            try fixture.fail(3, "state", "verify", "9")
            try fixture.succeed("state", "pin", "2", "good")
            #expect(try fixture.json("state verify", "state", "verify", "good", exit: 8)["is_damaged"] as? Bool == true)
            #expect(try fixture.json("state verify", "state", "verify", "--repair", exit: 9)["objects"] is Int)
            try fixture.succeed("state", "verify", "--quick", hasSuffix: "nothing is wrong.\n")
        }
    }

    @Test func theDatabaseIsMadeAnew() throws {
        try MossFixture.run { fixture in
            try prepare(fixture)
            let states = try fixture.succeed("state", "list")
            let report = try fixture.json("store rebuild", "store", "rebuild")
            #expect(report["packages"] as? Int == 2 && report["states"] as? Int == 2)
            #expect(try fixture.succeed("state", "list") == states)
            #expect(try fixture.succeed("list", "available").split(separator: "\n").count == 2)
            try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")

            // Any command does it when it has to, and says so.
            try Descriptor.openDirectory(fixture.root.appending(".moss")).removeTree("db")
            let result = try fixture.command(["state", "list"]).run()
            #expect(result.end == .exited(0) && result.outputText == states, "\(result.errorText)")
            #expect(result.errorText.contains("was made anew from the files beside it: 2 packages, 2 states"))
            try Descriptor.openDirectory(fixture.root.appending(".moss/db")).unlink("data.mdb")
            let document = try fixture.succeed("state", "list", "--json")
            #expect(document.contains("\"notices\":[\"the database"), "\(document)")
            try fixture.succeed("repo", "update")
            try fixture.succeed("install", "-y", "tool", contains: "othing to do")
            try fixture.succeed("undo", "-y")
            try fixture.succeed("fsck", "--full", hasSuffix: "nothing is wrong.\n")
        }
    }

    @Test func theBudgetAndTheOptionsAreChecked() throws {
        try MossFixture.run { fixture in
            try prepare(fixture)
            for wrong: [BytePath] in [["--quick", "--full"], ["--quick", "--budget", "1s"], ["--budget", "soon"]] {
                #expect(try fixture.command(["fsck"] + wrong).run().end == .exited(2))
            }
            let report = try fixture.json("fsck", "fsck", "--budget", "10m")
            #expect(report["budget_progress"] as? Int == 1000 && report["depth"] as? String == "full")
        }
    }
}
