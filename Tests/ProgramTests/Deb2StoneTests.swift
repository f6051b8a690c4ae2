import BytePath
import Glibc
import LinuxSystem
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
            umask 022  # tests in this process set their own
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
            // What indexing remembers of stones is there once they are some seconds old.
            #expect(
                names?.filter { $0 != ".moss-index-cache" } == [
                    "stone.files", "stone.index", "tool-1-7-1-x86_64.stone",
                ])
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

    /// What manual pages and completions are made of.
    @Test func describesItself() throws {
        try withScratchDirectory { directory in
            for shell in ["bash", "zsh", "fish"] as [BytePath] {
                let result = try deb2stone(directory, ["--generate-completion-script", shell])
                #expect(result.end == .exited(0) && result.errorText == "")
                #expect(result.outputText.contains("deb2stone") && result.outputText.contains("release"), "\(shell)")
            }
            let help = try deb2stone(directory, ["--experimental-dump-help"])
            #expect(help.end == .exited(0) && help.outputText.contains("\"commandName\" : \"deb2stone\""))
            #expect(try deb2stone(directory, ["--help"]).outputText.contains("64 wrong arguments."))
        }
    }

    /// A file of any size that is being written has no name that it could leave behind.
    @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGKILL])
    func aSignalLeavesNothing(signal: Int32) throws {
        try withScratchDirectory { directory in
            try DebianSample.make(in: directory)
            let script = """
                set -e; umask 022; cd "$1"; mkdir -p tree/usr/share
                for n in 1 2 3; do head -c 20000000 /dev/urandom >tree/usr/share/$n; done
                dpkg-deb --root-owner-group -Znone --build tree debs/tool.deb >/dev/null
                """
            try Command("sh", ["-c", BytePath(script), "sh", directory]).runSuccessfully()
            for delay: UInt32 in [50, 200, 500, 900] {
                var command = try BuiltProduct.deb2stone.command(["-o", "out", "--level", "1", "debs"])
                command.directory = directory
                let running = try command.start()
                pause(milliseconds: delay)
                running.signal(signal)
                _ = try running.wait()
                let left = TestFiles.names(in: directory.appending("out").display) ?? []
                #expect(left.filter { $0.hasPrefix(".") } == [], "\(delay)")
            }
        }
    }

    /// File systems without nameless files have leftovers of what was killed; those in use by others stay.
    @Test func leftoversGoWithTheNextRun() throws {
        try withScratchDirectory { directory in
            try DebianSample.make(in: directory)
            let top = try Descriptor.openDirectory(directory)
            try top.makeDirectory("out")
            try top.replaceFile("out/.deb2stone-1-0", with: [1])
            try top.replaceFile("out/.deb2stone-2-0", with: [1])
            let used = try top.open("out/.deb2stone-2-0")
            let isLocked = try used.lock(.exclusive)
            #expect(isLocked)
            #expect(try deb2stone(directory, ["-o", "out", "debs"]).end == .exited(0))
            #expect(try deb2stone(directory, ["-o", "out", "debs"]).end == .exited(0))
            let names = TestFiles.names(in: directory.appending("out").display)?.sorted()
            #expect(names == [".deb2stone-2-0", "tool-1-1-1-x86_64.stone"])
            _ = consume used
        }
    }
}
