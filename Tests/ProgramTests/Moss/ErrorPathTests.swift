import BytePath
import LinuxSystem
import TestSupport
import Testing

/// Errors name the path that the trouble is with, once, and as it was meant; and paths are bytes.
@Suite struct ErrorPathTests {
    /// Runs a command in `directory`, which fails and says just `message`.
    private func check(
        _ product: BuiltProduct, _ arguments: [BytePath], in directory: BytePath, says message: String,
        _ location: SourceLocation = #_sourceLocation
    ) throws {
        var command = try product.command(arguments)
        command.directory = directory
        let result = try command.run()
        #expect(result.exitCode != 0, sourceLocation: location)
        #expect(
            result.errorText == "\(product.rawValue): \(message)\n", "\(result.errorText)", sourceLocation: location)
    }

    private static let stone: BytePath = "tool-1.0-1-1-x86_64.stone"

    @Test func ofDirectoriesThatAreNotThere() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            try fixture.prepare()
            let there = fixture.scratch
            let missing = "No such file or directory"
            try Descriptor.openDirectory(there).makeSymlink("dang", to: "nowhere")
            let root: [BytePath] = ["-D", "root"]
            try check(.moss, ["-D", "dang", "init"], in: there, says: "\(there)/dang: File exists (mkdir)")
            try check(.moss, ["-D", "no/such", "init"], in: there, says: "\(there)/no: \(missing) (open)")
            let stone = BytePath("stones").appending(Self.stone)
            try check(.moss, ["extract", "-o", "none/sub", stone], in: there, says: "none/sub: \(missing) (open)")
            try check(.moss, root + ["fetch", "-o", "none", "tool"], in: there, says: "none: \(missing) (open)")
            try check(.moss, ["index", "none/sub"], in: there, says: "none/sub: \(missing) (open)")
            try check(.moss, ["index", "-o", "none", "stones"], in: there, says: "none: \(missing) (open)")
            try check(
                .moss, root + ["mount", "1", "none/sub"], in: there,
                says: "none/sub: no such directory; make it first: mkdir none/sub")
            try check(
                .moss, root + ["repo", "add", "c", "none/sub"], in: there, says: "\(there)/none/sub: \(missing) (open)")
            try check(.deb2stone, ["-o", "none/sub", "/dev/null"], in: there, says: "none/sub: \(missing) (mkdir)")
            try check(.deb2stone, ["-o", "out", "none/a.deb"], in: there, says: "none/a.deb: \(missing) (open)")
        }
    }

    @Test func ofFilesInTheWay() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            try fixture.prepare()
            let there = try Descriptor.openDirectory(fixture.scratch)
            try there.replaceFile("file", with: [1])
            let no = "Not a directory (open)"
            let stone = BytePath("stones").appending(Self.stone)
            try check(.moss, ["-D", "file", "init"], in: fixture.scratch, says: "\(fixture.scratch)/file: \(no)")
            try check(.moss, ["extract", "-o", "file", stone], in: fixture.scratch, says: "file: \(no)")
            try check(.deb2stone, ["-o", "file", "/dev/null"], in: fixture.scratch, says: "file: File exists (mkdir)")
            try check(.moss, ["index", "file"], in: fixture.scratch, says: "file: \(no)")
        }
    }

    @Test func collectionsWhoseNamesAreNoText() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            let odd = BytePath(bytes: Array("caf".utf8) + [0xe9, 0x20, 0xc3])
            let scratch = try Descriptor.openDirectory(fixture.scratch)
            try scratch.makeDirectory(odd)
            let here = fixture.scratch.appending(odd)
            try scratch.rename("stones", to: odd.appending("stones"))
            func moss(_ arguments: [BytePath], in directory: BytePath) throws {
                var command = try BuiltProduct.moss.command(arguments)
                command.environment = ["MOSS_BACKGROUND": "off", "PATH": "/usr/bin:/bin"]
                command.directory = directory
                try command.runSuccessfully()
            }
            try moss(["-D", "r", "init"], in: here)
            #expect(try scratch.entries().map(\.name) == [odd])
            for (name, uri): (BytePath, BytePath) in [
                ("relative", "stones"), ("absolute", here.appending("stones")),
                ("url", BytePath(bytes: Array("file://".utf8) + here.appending("stones").bytes)),
            ] {
                try moss(["-D", "r", "repo", "add", name, uri], in: here)
                // It is read from anywhere, and again.
                try moss(["-D", here.appending("r"), "repo", "update", name], in: "/")
                try moss(["-D", here.appending("r"), "repo", "remove", name], in: "/")
            }
            try moss(["-D", "r", "repo", "add", "c", "stones"], in: here)
            try moss(["-D", odd.appending("r"), "install", "-y", "tool"], in: fixture.scratch)
            let out = BytePath(bytes: [0xff])
            try Descriptor.openDirectory(here).makeDirectory(out)
            try moss(["-D", "r", "fetch", "-o", out, "tool"], in: here)
            #expect(try Descriptor.openDirectory(here).statusIfPresent(of: out.appending(Self.stone)) != nil)
        }
    }

    @Test func toolsTakeNamesThatAreNoText() throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool")
            let odd = BytePath(bytes: [0x78, 0xff, 0x79])
            let scratch = try Descriptor.openDirectory(fixture.scratch)
            try scratch.makeDirectory(odd)
            try DebianSample.make(in: fixture.scratch)
            try scratch.rename("debs/tool.deb", to: BytePath(bytes: Array("debs/t".utf8) + [0xe9] + ".deb".utf8))
            try scratch.rename("stones", to: odd.appending(odd))
            func run(_ product: BuiltProduct, _ arguments: [BytePath], exit: Int32 = 0) throws -> CommandResult {
                var command = try product.command(arguments)
                command.directory = fixture.scratch
                let result = try command.run()
                #expect(result.end == .exited(exit), "\(result.errorText)")
                return result
            }
            let stones = odd.appending(odd)
            _ = try run(.moss, ["index", stones])
            _ = try run(.moss, ["inspect", stones.appending(Self.stone)])
            _ = try run(.moss, ["extract", "-o", odd, stones.appending(Self.stone)])
            #expect(try scratch.statusIfPresent(of: odd.appending("tool-1.0-1.x86_64/usr/bin/tool")) != nil)
            let (out, report) = (BytePath(bytes: [0xfe]), BytePath(bytes: [0xfd]))
            _ = try run(.deb2stone, ["--index", "-o", out, "--report", report, "debs"])
            #expect(try scratch.statusIfPresent(of: out.appending("stone.index")) != nil)
            #expect(try scratch.statusIfPresent(of: report) != nil)
            let error = try run(.moss, ["index", BytePath(bytes: [0x6e, 0xfc])], exit: 1).errorText
            #expect(error.hasPrefix("moss: n\\xfc: "), "\(error)")
        }
    }
}
