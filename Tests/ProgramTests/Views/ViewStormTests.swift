import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Everything at once on one root: no false damage, no wrong byte, nobody waits for ever, and nothing is left over.
@Suite(.needsRoot, .noThreadSanitizer("views end early: libfuse cancels threads")) struct ViewStormTests {
    @Test func fewSeconds() throws { try run(seconds: 8) }

    /// MOSS_STORM_SECONDS says how long, where ten minutes are not wanted.
    @Test(.long) func tenMinutes() throws {
        let seconds = getenv("MOSS_STORM_SECONDS").flatMap { Int(String(cString: $0)) } ?? 600
        try run(seconds: seconds)
    }

    private func run(seconds: Int) throws {
        var random = SeededGenerator.forTest("the storm of views")
        let seed = random.next()
        try MossFixture.run(inMemory: true) { fixture in
            try ViewStorm.publish(fixture, release: 1)
            try fixture.prepare()
            try fixture.succeed("install", "-y", "alpha", "beta")
            try ViewStorm.publish(fixture, release: 2)
            try fixture.succeed("repo", "update")
            defer { clearAway(fixture) }
            let storm = ViewStorm(fixture, seconds: seconds, seed: seed)
            try storm.run()
            print("the storm of views: \(storm.counts)")
            #expect(storm.complaints == [])
            if storm.complaints.isEmpty { try expectQuiet(fixture) }
        }
    }

    private func expectQuiet(_ fixture: MossFixture) throws {
        let leases = fixture.root.appending(".moss/leases")
        for _ in 0..<500 where try !Descriptor.openDirectory(leases).entries().isEmpty {
            try fixture.succeed("mount", "--list")
            pause(milliseconds: 20)
        }
        #expect(try Descriptor.openDirectory(leases).entries().map(\.name) == [])
        #expect(try Leftovers.processesAfterAWhile("\(fixture.scratch.display)/view-") == [])
        #expect(try MountTable.read().filter { $0.path.isAtOrBelow(fixture.scratch) && $0.type == "fuse.moss" } == [])
        try fixture.succeed("tidy")
        try fixture.succeed("fsck", "--full")
        try fixture.succeed("gc", "-y", "--verify")
    }

    /// Ends what a failed storm has left.
    private func clearAway(_ fixture: MossFixture) {
        let processes = (try? Leftovers.processes("\(fixture.scratch.display)/view-")) ?? []
        for line in processes {
            if let process = line.split(separator: " ").first.flatMap({ Int32($0) }), line.contains("moss-view") {
                ChildProcess.send(SIGKILL, to: process)
            }
        }
        let mounts = (try? MountTable.read()) ?? []
        for mount in mounts where mount.type == "fuse.moss" && mount.path.isAtOrBelow(fixture.scratch) {
            try? MountTable.unmount(mount.path, lazily: true)
        }
    }
}
