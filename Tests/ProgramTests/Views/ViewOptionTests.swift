import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Options of mount(8), by the command, by the helper and by a line of fstab; and packages with odd versions.
@Suite(.needsRoot) struct ViewOptionTests {
    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("tool") { $0.add(file: "bin/script", Array("#!/bin/sh\necho ran\n".utf8), mode: 0o755) }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "tool")
            try body(fixture)
        }
    }

    /// Whether a program of the view runs.
    private func runs(_ fixture: ViewFixture) throws -> Bool {
        (try? Command(fixture.place.appending("bin/script"), []).run().outputText == "ran\n") == true
    }

    @Test(arguments: ["cached", "passthrough"])
    func programsDoNotRunWhereTheyMustNot(reading: String) throws {
        try withRoot { fixture in
            for (subject, options) in [
                (["1"], "noexec"), (["--candidate", "remove tool"], "user"), (["--all"], "noexec"),
            ] {
                let subject = subject.map { BytePath($0) }
                try fixture.mount(subject + ["-o", BytePath("nofail,x-y,\(options)")], reading: reading)
                let flags = try mountFlags(fixture.place)
                #expect(flags.isSuperset(of: ["ro", "nosuid", "nodev", "noexec"]), "\(flags)")
                if subject == ["1"] { #expect(try !runs(fixture)) }
                try fixture.moss.succeed("umount", fixture.place)
            }
            try fixture.mount(["1", "-o", "noexec", "-o", "exec"], reading: reading)
            #expect(try !mountFlags(fixture.place).contains("noexec") && runs(fixture))
            try fixture.moss.succeed("umount", fixture.place)
        }
    }

    /// The flags of the mount itself, as in mountinfo.
    private func mountFlags(_ place: BytePath) throws -> Set<String> {
        let text = try Descriptor.openDirectory("/proc/self").readFile("mountinfo")
        let line = String(decoding: text, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
            .last { $0.count > 5 && $0[4] == place.display }
        return Set(try #require(line)[5].split(separator: ",").map(String.init))
    }

    @Test func othersAreRefused() throws {
        try withRoot { fixture in
            for list: BytePath in ["rw", "noexec,suid", "dev", "remount", "nonsense", "uid=7"] {
                let result = try fixture.moss.moss("mount", "-o", list, "1", fixture.place)
                #expect(result.end == .exited(2) && result.errorText.contains("option '"), "\(result.errorText)")
            }
            #expect(try !fixture.isMounted && fixture.leases == 0)
        }
    }

    @Test func linesOfFstabAreFollowed() throws {
        try withRoot { fixture in
            let helper = fixture.moss.scratch.appending("mount.fuse.moss")
            try Descriptor.openDirectory(fixture.moss.scratch).makeSymlink(
                "mount.fuse.moss", to: BuiltProduct.moss.path)
            let line: BytePath = "rw,noexec,nosuid,nodev,_netdev,state=1"
            try Command(helper, [fixture.moss.root, fixture.place, "-o", line]).runSuccessfully()
            #expect(try mountFlags(fixture.place).contains("noexec") && !runs(fixture))
            try fixture.moss.succeed("umount", fixture.place)
            for list: BytePath in ["rw,suid", "wrong", "remount"] {
                let result = try Command(helper, [fixture.moss.root, fixture.place, "-o", list]).run()
                #expect(result.end == .exited(1) && result.errorText.contains("option '"), "\(result.errorText)")
            }
            #expect(try !fixture.isMounted)
        }
    }

    @Test func versionsTooLongForAFileAreShown() throws {
        try ViewFixture.run {
            try $0.publish("good")
            for (name, length) in [("long", 5000), ("edge", 248), ("over", 249)] {
                var package = SamplePackage(name: name, version: String(repeating: "1", count: length), release: 1)
                package.add(file: BytePath("bin/\(name)"), Array("\(name) is here\n".utf8))
                // The stone's own name would be too long as well.
                let path = $0.stones.appending(BytePath("\(name).stone"))
                try Descriptor.open(path, [.write, .create]).write(try package.stone())
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "good", "long", "edge", "over")
            try fixture.mount(["--all"])
            let packages = fixture.place.appending("packages")
            let names = try Descriptor.openDirectory(packages).entries().map(\.name).sorted()
            #expect(names.count == 4 && names.allSatisfy { $0.count <= 255 })
            #expect(
                names.contains("good-1.0-1") && names.contains { $0.count == 255 && $0.bytes.suffix(2) == [45, 49] })
            for name in names {
                let program = BytePath(String(name.display.prefix { $0 != "-" }))
                let bin = packages.appending(name).appending("usr/bin")
                #expect(try Descriptor.openDirectory(bin).entries().map(\.name) == [program])
                #expect(try Descriptor.open(bin.appending(program)).readAll().count > 5)
            }
            try fixture.moss.succeed("umount", fixture.place)
        }
    }
}
