import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// moss mount, umount, try and bisect, by the built programs.
@Suite(.needsRoot) struct ViewCommandTests {
    /// A program that needs no library, so that it runs in a tree of one package.
    private static let program: BytePath = "/sbin/ldconfig"

    private func withRoot(_ body: (MossFixture, BytePath) throws -> Void) throws {
        try MossFixture.run { fixture in
            let bytes = try Descriptor.open(Self.program).readAll()
            try fixture.publish("probe") { $0.add(file: "bin/probe-program", bytes, mode: 0o755) }
            try fixture.publish("tool")
            try fixture.publish("other")
            try fixture.prepare()
            try fixture.succeed("install", "-y", "probe")
            let place = fixture.scratch.appending("view")
            try Descriptor.openDirectory(fixture.scratch).makeDirectory("view")
            defer { try? MountTable.unmount(place, lazily: true) }
            try body(fixture, place)
        }
    }

    private func text(_ path: BytePath) throws -> String {
        String(decoding: try Descriptor.open(path).readAll(), as: UTF8.self)
    }

    private func listing(_ path: BytePath, except unwanted: [BytePath] = []) throws -> TreeListing {
        let entries = try TreeListing(of: path).entries
        return TreeListing(entries: entries.filter { entry in !unwanted.contains { entry.path.isAtOrBelow($0) } })
    }

    @Test(arguments: ["passthrough", "cached"])
    func aStateIsShownUntilItIsUnmounted(reading: String) throws {
        try withRoot { fixture, place in
            try fixture.succeed("mount", "--reading", BytePath(reading), "1", place, contains: "\(reading) reads")
            #expect(try text(place.appending("bin/probe")) == "probe 1.0-1\n")
            #expect(
                try Descriptor.attribute("user.moss.package", of: place.appending("bin/probe")) == Array("probe".utf8))
            #expect(try Descriptor.attribute("user.moss.state", of: place) == Array("1".utf8))
            try fixture.fail(1, saying: "mounted here already", "mount", "1", place)

            let listed = try #require(try fixture.json("mount", "mount", "--list")["views"] as? [[String: Any]])
            #expect(listed.count == 1 && listed.first?["alive"] as? Bool == true)

            let held = try Descriptor.openDirectory(place)
            try fixture.fail(1, saying: "in use", "umount", place)
            #expect(try held.status().kind == .directory)
            try fixture.succeed("umount", "--lazy", place)
        }
        try withRoot { fixture, place in
            try fixture.succeed("mount", "1", place)
            try fixture.succeed("umount", place)
            #expect(try fixture.succeed("mount", "--list") == "")
            try fixture.fail(1, saying: "no view is mounted here", "umount", place)
            try fixture.fail(3, saying: "no state 7", "mount", "7", place)
            try fixture.fail(1, saying: "is not empty", "mount", "1", fixture.root)
        }
    }

    @Test(arguments: [false, true])
    func aCandidateIsWhatTheChangeMakes(lazily: Bool) throws {
        try withRoot { fixture, place in
            var words: [BytePath] = [
                "mount", "--candidate", "install tool", "--candidate", "remove probe", place,
            ]
            if lazily { words.append("--lazy") }
            _ = try fixture.command(words).runSuccessfully()
            let shown = try listing(place)
            #expect(try text(place.appending("bin/tool")) == "tool 1.0-1\n")
            #expect(try fixture.exists("usr/bin/tool") == false)
            try fixture.succeed("umount", place)

            try fixture.succeed("install", "-y", "tool")
            try fixture.succeed("remove", "-y", "probe")
            #expect(try listing(fixture.root.appending("usr"), except: [".stateID"]) == shown)
        }
    }

    @Test func aKilledViewIsClearedAwayByTheNextCommand() throws {
        try withRoot { fixture, place in
            try fixture.succeed("mount", "--candidate", "install tool", "--reading", "passthrough", place)
            let open = try Descriptor.open(place.appending("bin/probe-program"))
            let views = try #require(try fixture.json("mount", "mount", "--list")["views"] as? [[String: Any]])
            let process = try #require(views.first?["process"] as? Int)
            ChildProcess.send(9, to: Int32(process))
            // What the kernel reads by itself goes on without the process.
            #expect(try open.readAll().count > 1000)
            pause(milliseconds: 200)
            try fixture.succeed("state", "list")
            #expect(try MountTable.read().contains { $0.path == place } == false)
            #expect(try Descriptor.openDirectory(fixture.root).openDirectory(".moss/leases").entries().isEmpty)
        }
    }

    @Test func tryingRunsWhatIsNotInstalled() throws {
        try withRoot { fixture, _ in
            try fixture.succeed("remove", "-y", "probe")
            let before = try listing(fixture.root, except: [".moss/db", ".moss/leases"])
            let result = try fixture.command(["try", "install", "probe", "--", "probe-program", "--version"]).run()
            #expect(result.end == .exited(0), "\(result.errorText)")
            #expect(result.outputText.contains("ldconfig"))
            #expect(try fixture.command(["try", "install", "tool", "--", "probe-program"]).run().end == .exited(127))
            #expect(
                try fixture.command(["try", "--state", "1", "--", "probe-program", "--nonsense"]).run().end
                    != .exited(0))
            #expect(try listing(fixture.root, except: [".moss/db", ".moss/leases"]) == before)
        }
    }

    @Test func bisectingNamesTheFirstBadState() throws {
        try withRoot { fixture, _ in
            try fixture.succeed("install", "-y", "tool")
            try fixture.succeed("install", "-y", "other")
            try fixture.succeed("remove", "-y", "probe")
            try fixture.succeed("remove", "-y", "tool")
            let command: [BytePath] = ["--", "probe-program", "--version"]
            let found = try fixture.command(["bisect", "--good", "1", "--bad", "5"] + command).runSuccessfully()
            #expect(found.outputText.contains("State 4 is the first in which it fails: remove probe.\n"))
            let wrong = try fixture.command(["bisect", "--good", "4", "--bad", "5"] + command).run()
            #expect(wrong.end == .exited(1) && wrong.errorText.contains("state 4: the command does not succeed there"))
        }
    }
}
