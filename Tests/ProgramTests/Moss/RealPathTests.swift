import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Errors of calls on names in a directory that is open name the whole path, which is there or could be.
@Suite struct RealPathTests {
    private func withRoot(_ body: (MossFixture) throws -> Void) throws {
        try MossFixture.run { fixture in
            for name in ["editor", "tool", "other"] { try fixture.publish(name) }
            try fixture.prepare()
            try fixture.succeed("install", "-y", "editor")
            try fixture.succeed("install", "-y", "tool")
            try body(fixture)
        }
    }

    @Test func ofTheTableOfMounts() throws {
        try withRoot { fixture in
            var seen = false
            for limit in 8..<40 {
                var command = Command(
                    "sh", ["-c", BytePath("ulimit -n \(limit); exec \"$MOSS\" -D \"$ROOT\" -y undo")])
                command.environment = [
                    "MOSS": try BuiltProduct.moss.path.display, "ROOT": fixture.root.display, "MOSS_BACKGROUND": "off",
                ]
                let result = try command.run()
                if result.end == .exited(0) { break }
                guard result.errorText.contains("mountinfo") else { continue }
                seen = true
                #expect(result.errorText.hasPrefix("moss: /proc/self/mountinfo: "), "\(result.errorText)")
            }
            #expect(seen)
        }
    }

    /// Runs `body` while directories below `.moss` have a mark of chattr(1).
    private func marking(_ names: [BytePath], _ mark: String, _ fixture: MossFixture, _ body: () throws -> Void) throws
    {
        let paths = names.map { fixture.root.appending(".moss").appending($0) }
        defer { _ = try? Command("chattr", [BytePath("-\(mark)")] + paths).run() }
        try Command("chattr", [BytePath("+\(mark)")] + paths).runSuccessfully()
        try body()
    }

    @Test(.needsRoot) func ofDirectoriesOfTheRoot() throws {
        try withRoot { fixture in
            let moss = try Descriptor.openDirectory(fixture.root.appending(".moss"))
            let objects = try moss.openDirectory("objects").entries().map { BytePath("objects").appending($0.name) }
            try fixture.succeed("state", "pin", "1", "first")
            let install: [BytePath] = ["install", "-y", "other"]
            for (names, mark, arguments, path): ([BytePath], String, [BytePath], BytePath) in [
                (objects, "i", install, "objects/"), (["packages"], "i", install, "packages/"),
                (["pins"], "i", ["state", "pin", "2", "second"], "pins/"),
                // What the first try leaves has to go, and cannot.
                (["states"], "a", install, "states/3.next: "), (["states"], "a", install, "states/3.next: "),
            ] {
                try marking(names, mark, fixture) {
                    let result = try fixture.command(arguments).run()
                    let whole = fixture.root.appending(".moss").display + "/" + path.display
                    #expect(
                        result.end == .exited(1) && result.errorText.hasPrefix("moss: \(whole)"), "\(result.errorText)")
                }
            }
        }
    }

    @Test func ofCollections() throws {
        try withRoot { fixture in
            let moss = try Descriptor.openDirectory(fixture.root.appending("etc/moss"))
            try moss.removeTree("repo.d")
            let place = fixture.root.appending("etc/moss/repo.d")
            try moss.replaceFile("repo.d", with: [])
            try fixture.fail(1, saying: "moss: \(place): this is not a directory", "install", "-y", "other")
            try moss.unlink("repo.d")
            try #require(place.withCString { mkfifo($0, 0o644) } == 0)
            try fixture.fail(1, saying: "moss: \(place): this is not a directory", "install", "-y", "other")
        }
    }
}
