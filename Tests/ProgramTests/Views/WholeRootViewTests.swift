import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// moss mount --all and the helper of mount(8), by the built programs.
@Suite(.needsRoot) struct WholeRootViewTests {
    /// Three states: tool, then also other, then only other and tool in a later version.
    private func withStates(_ body: (MossFixture, BytePath) throws -> Void) throws {
        try MossFixture.run { fixture in
            try fixture.publish("tool") { $0.add(file: "share/tool/kept", Array("same".utf8)) }
            try fixture.publish("other")
            try fixture.prepare()
            try fixture.succeed("install", "-y", "tool")
            try fixture.succeed("install", "-y", "other")
            try fixture.publish("tool", release: 2) { $0.add(file: "share/tool/kept", Array("same".utf8)) }
            try fixture.succeed("repo", "update")
            try fixture.succeed("sync", "-y")
            let place = fixture.scratch.appending("view")
            try Descriptor.openDirectory(fixture.scratch).makeDirectory("view")
            defer { try? MountTable.unmount(place, lazily: true) }
            try body(fixture, place)
        }
    }

    private func names(_ path: BytePath) throws -> [BytePath] {
        try Descriptor.openDirectory(path).entries().map(\.name).sorted()
    }

    private func text(_ path: BytePath) throws -> String {
        String(decoding: try Descriptor.open(path).readAll(), as: UTF8.self)
    }

    private func open(_ path: BytePath) throws { _ = try Descriptor.open(path) }

    private func paths(below path: BytePath) throws -> [BytePath] {
        try TreeListing(of: path).entries.filter { $0.kind != .directory }.map(\.path).sorted()
    }

    @Test(.noThreadSanitizer("a view ends early: libfuse cancels threads"))
    func everyStateAndPackageAndDifferenceIsThere() throws {
        try withStates { fixture, place in
            try fixture.succeed("mount", "--all", place, contains: "3 states at")
            #expect(try names(place) == ["active", "diff", "packages", "states"])
            #expect(try names(place.appending("states")) == ["1", "2", "3"])
            #expect(try names(place.appending("packages")) == ["other-1.0-1", "tool-1.0-1", "tool-1.0-2"])
            #expect(try names(place.appending("diff")) == ["1..2", "2..3"])
            #expect(try text(place.appending("states/1/usr/bin/tool")) == "tool 1.0-1\n")
            #expect(try text(place.appending("active/usr/bin/tool")) == "tool 1.0-2\n")
            #expect(try paths(below: place.appending("packages/other-1.0-1/usr")) == ["bin/other"])
            #expect(try paths(below: place.appending("diff/1..2/added")) == ["bin/other"])
            #expect(try paths(below: place.appending("diff/1..2/changed")) == [])
            #expect(try paths(below: place.appending("diff/2..3/changed")) == ["bin/tool"])
            #expect(try paths(below: place.appending("diff/3..1/removed")) == ["bin/other"])
            #expect(
                try TreeListing(of: place.appending("states/3/usr")).entries
                    == TreeListing(of: fixture.root.appending("usr")).entries.filter { $0.path != ".stateID" })
            let missing: [BytePath] = [
                "states/4", "states/01", "states/1/bin", "packages/tool", "diff/1..9", "diff/1..2/new",
            ]
            for path in missing {
                #expect(throws: SystemError.self, "\(path)") { try open(place.appending(path)) }
            }
            try fixture.succeed("umount", place)
            #expect(try Descriptor.openDirectory(fixture.root).openDirectory(".moss/leases").entries().isEmpty)
        }
    }

    @Test func whatChangesIsSeenWithoutMountingAgain() throws {
        try withStates { fixture, place in
            try fixture.succeed("mount", "--all", place)
            #expect(try text(place.appending("states/1/usr/bin/tool")) == "tool 1.0-1\n")
            try fixture.succeed("remove", "-y", "other")
            #expect(try names(place.appending("states")) == ["1", "2", "3", "4"])
            #expect(try names(place.appending("active/usr/bin")) == ["tool"])
            // Somebody is in state 1, so it is kept for the view although it is removed; nobody was in state 2.
            let entered = try Descriptor.openDirectory(place.appending("states/1/usr"))
            try fixture.succeed("state", "remove", "-y", "1", "2")
            try fixture.succeed("gc", "-y")
            #expect(try names(place.appending("states")) == ["3", "4"])
            #expect(try String(decoding: entered.readFile("bin/tool"), as: UTF8.self) == "tool 1.0-1\n")
            pause(milliseconds: 1100)
            #expect(throws: SystemError.self) { try open(place.appending("states/1")) }
        }
    }

    @Test func mountStartsItByTheNameOfItsHelper() throws {
        try withStates { fixture, place in
            let helper = fixture.scratch.appending("mount.fuse.moss")
            try Descriptor.openDirectory(fixture.scratch).makeSymlink("mount.fuse.moss", to: BuiltProduct.moss.path)
            let shown = try Command(helper, [fixture.root, place, "-o", "rw,state=1"]).run()
            #expect(shown.end == .exited(0), "\(shown.errorText)")
            #expect(try text(place.appending("bin/tool")) == "tool 1.0-1\n")
            #expect(try Command("umount", [place]).run().end == .exited(0))
            #expect(try Command(helper, [fixture.root, place, "-o", "state=9"]).run().end == .exited(32))
            #expect(try Command(helper, [fixture.root, place, "-o", "wrong"]).run().end == .exited(1))
        }
    }
}
