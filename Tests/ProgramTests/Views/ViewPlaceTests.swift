import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Where views may be, and that there is one at a place, however the place is written and whoever comes at once.
@Suite(.needsRoot) struct ViewPlaceTests {
    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("tool") { $0.add(directory: "share/tool/hollow") }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "tool")
            try body(fixture)
        }
    }

    private func mounts(_ place: BytePath) throws -> Int { try MountTable.read().count { $0.path == place } }

    @Test func ofSeveralWhoComeAtOnceOneGetsIt() throws {
        try withRoot { fixture in
            let scratch = try Descriptor.openDirectory(fixture.moss.scratch)
            try scratch.makeSymlink("link", to: fixture.place)
            let spellings: [BytePath] = [
                fixture.place, "link", "view", "./link/", fixture.moss.scratch.appending("root/../link/."),
            ]
            for round in 0..<4 {
                let reading: BytePath = round % 2 == 0 ? "cached" : "auto"
                let commands = try spellings.map {
                    try fixture.moss.command(["mount", "--reading", reading] + (round < 2 ? ["1"] : ["--all"]) + [$0])
                        .start()
                }
                let results = try commands.map { try $0.wait() }
                #expect(results.count { $0.end == .exited(0) } == 1)
                for result in results where result.end != .exited(0) {
                    #expect(result.end == .exited(1) && result.errorText.contains("a view is mounted here already"))
                }
                #expect(try mounts(fixture.place) == 1)
                #expect(try fixture.leases == 1)
                try fixture.moss.fail(1, saying: "is mounted here already", "mount", "1", "link")
                try fixture.moss.succeed("umount", spellings[round])
                #expect(try mounts(fixture.place) == 0 && fixture.leases == 0)
            }
        }
    }

    @Test func placesThatAreNotFreeAreRefusedByName() throws {
        try withRoot { fixture in
            let (root, place) = (fixture.moss.root, fixture.place)
            try fixture.mount(["1"])
            let inside = place.appending("share/tool/hollow")
            try fixture.moss.fail(1, saying: "inside the view at \(place.display)", "mount", "1", inside)
            try fixture.moss.fail(1, saying: "inside the one at \(place.display)", "umount", inside)
            try fixture.moss.succeed("umount", place)

            for below: BytePath in ["usr/share/tool/hollow", ".moss/trees", ".moss/lost+found/x"] {
                try Command("mkdir", ["-p", root.appending(below)]).runSuccessfully()
                try fixture.moss.fail(1, saying: "which belongs to a root", "mount", "1", root.appending(below))
                try fixture.moss.fail(1, saying: "which belongs to a root", "mount", "--all", root.appending(below))
            }
            try Descriptor.openDirectory(root).makeSymlink("way", to: "usr/share/tool")
            try fixture.moss.fail(1, saying: "which belongs to a root", "mount", "1", "root/way/hollow")

            try Command("mount", ["-t", "tmpfs", "none", place]).runSuccessfully()
            try fixture.moss.fail(1, saying: "a file system (tmpfs) is mounted here", "mount", "1", place)
            try fixture.moss.fail(1, saying: "no view but a file system (tmpfs)", "umount", place)
            try fixture.moss.fail(1, saying: "no view but a file system (tmpfs)", "umount", "--lazy", place)
            #expect(try mounts(place) == 1)
            try MountTable.unmount(place, lazily: false)
            try fixture.moss.fail(1, saying: "no view is mounted here", "umount", place)
            try fixture.moss.fail(1, saying: "no view is mounted here", "umount", "nowhere/at/all")
        }
    }
}
