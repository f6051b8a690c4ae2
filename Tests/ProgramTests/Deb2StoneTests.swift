import BytePath
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// A Debian package for tests.
enum DebianSample {
    /// Makes `debs/tool.deb`.
    static func make(in directory: BytePath) throws {
        let script = """
            set -e
            umask 022  # moss in this process sets its own
            mkdir -p "$1/tree/DEBIAN" "$1/tree/usr/bin" "$1/tree/opt" "$1/debs"
            cd "$1/tree"; : > usr/bin/tool; : > opt/x
            printf 'Package: tool\\nVersion: 1\\nArchitecture: amd64\\nMaintainer: N <n@example.org>\\n' > DEBIAN/control
            printf 'Description: a tool\\n' >> DEBIAN/control
            dpkg-deb --root-owner-group --build . ../debs/tool.deb > /dev/null
            """
        try Command("sh", ["-c", BytePath(script), "sh", directory]).runSuccessfully()
    }
}

@Suite struct Deb2StoneTests {
    private func deb2stone(_ directory: BytePath, _ arguments: [BytePath]) throws -> CommandResult {
        var command = try BuiltProduct.deb2stone.command(arguments)
        command.directory = directory
        return try command.run()
    }

    @Test func convertsAndIndexes() throws {
        try withScratchDirectory { directory in
            try DebianSample.make(in: directory)
            let result = try deb2stone(
                directory, ["-o", "out", "--index", "--release", "7", "--report", "r.txt", "debs"])
            #expect(result.end == .exited(0))
            #expect(result.errorText == "")
            #expect(result.outputText.hasPrefix("1 packages, 1 entries, 0 bytes of content in "))
            let names = TestFiles.names(in: directory.appending("out").display)
            #expect(names == ["stone.index", "tool-1-7-1-x86_64.stone"])
            let index = try #require(TestFiles.bytes(of: directory.appending("out/stone.index").display))
            let package = try #require(try StoneIndex.decode(index).first)
            #expect(package.uri == "tool-1-7-1-x86_64.stone")
            #expect(package.release == 7 && package.hash != nil)
            #expect(TestFiles.bytes(of: directory.appending("r.txt").display)?.isEmpty == false)
        }
    }

    @Test func exitCodesTellWhatWasDone() throws {
        try withScratchDirectory { directory in
            try DebianSample.make(in: directory)
            #expect(TestFiles.write(Array("no".utf8), to: directory.appending("bad.deb").display))
            let some = try deb2stone(directory, ["-o", "out", "--json", "debs", "bad.deb"])
            #expect(some.end == .exited(1))
            #expect(some.errorText == "deb2stone: bad.deb: this is no Debian package (no ar archive)\n")
            #expect(some.outputText.contains("\"code\" : \"notADebianPackage\""))
            #expect(try deb2stone(directory, ["-o", "out", "bad.deb"]).end == .exited(2))
            let missing = try deb2stone(directory, ["-o", "out", "nowhere"])
            #expect(missing.end == .exited(2))
            #expect(missing.errorText.hasPrefix("deb2stone: nowhere: "))
            #expect(try deb2stone(directory, []).end == .exited(64))
            #expect(try deb2stone(directory, ["--level", "77", "debs"]).end == .exited(64))
        }
    }
}
