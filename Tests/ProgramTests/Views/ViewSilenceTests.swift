import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Views that hang, were killed, or were taken away while in use: they hold up nobody, and are told apart. A command
/// that waits for one would be ended by the tests' own time limit.
@Suite(.needsRoot, .noThreadSanitizer("views end early: libfuse cancels threads")) struct ViewSilenceTests {
    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("tool") { $0.add(file: "share/tool/large", [UInt8](repeating: 7, count: 300_000)) }
            try $0.publish("other")
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "tool")
            try body(fixture)
        }
    }

    private func conditions(_ fixture: ViewFixture) throws -> [String] {
        let views = try #require(try fixture.moss.json("mount", "mount", "--list")["views"] as? [[String: Any]])
        return views.compactMap { $0["condition"] as? String }.sorted()
    }

    private func expectNothingLeft(_ fixture: ViewFixture) throws {
        for _ in 0..<500 where try fixture.leases > 0 { pause(milliseconds: 10) }
        #expect(try fixture.leases == 0 && !fixture.isMounted)
        #expect(try Leftovers.processesAfterAWhile("--mountpoint \(fixture.place.display) ") == [])
    }

    @Test(arguments: ["umount", "lazily", "busy"])
    func oneThatHangsHoldsUpNobody(way: String) throws {
        try withRoot { fixture in
            try fixture.mount(["1"], reading: "cached")
            let process = try fixture.process()
            let user = way == "busy" ? try Command("sleep", ["60"], in: fixture.place).start() : nil
            pause(milliseconds: 100)
            ChildProcess.send(SIGSTOP, to: process)
            // Somebody who waits for an answer, and cannot be helped as long as it is there.
            let reader = try Command("cat", [fixture.place.appending("share/tool/large")]).start()
            defer { reader.signal(SIGKILL) }

            #expect(try conditions(fixture) == ["silent"])
            try fixture.moss.succeed("mount", "--list", contains: "does not answer")
            try fixture.moss.succeed("install", "-y", "other")
            try fixture.moss.fail(1, saying: "a view is mounted here already", "mount", "1", fixture.place)
            try fixture.moss.fail(
                1, saying: "inside the view at", "mount", "1", fixture.place.appending("share/tool"))
            try fixture.moss.succeed("gc", "-y")
            try fixture.moss.succeed("fsck")
            if way == "umount" {
                reader.signal(SIGKILL)
                _ = try reader.wait()
                try fixture.moss.succeed("umount", fixture.place, contains: "did not answer, and was ended")
            } else {
                try fixture.moss.fail(1, saying: "in use, and does not answer", "umount", fixture.place)
                try fixture.moss.succeed("umount", "--lazy", fixture.place, contains: "did not answer, and was ended")
                #expect(try reader.wait().end == .exited(1))
            }
            user?.signal(SIGKILL)
            _ = try user?.wait()
            try expectNothingLeft(fixture)
            try fixture.mounted("1") { _ in
                let found = try conditions(fixture)
                #expect(found == ["answering"])
            }
        }
    }

    @Test(arguments: [false, true])
    func oneThatWasKilledIsUnmounted(inUse: Bool) throws {
        try withRoot { fixture in
            try fixture.mount(["1"])
            let user = inUse ? try Command("sleep", ["60"], in: fixture.place).start() : nil
            pause(milliseconds: 100)
            ChildProcess.send(SIGKILL, to: try fixture.process())
            pause(milliseconds: 200)
            try fixture.moss.succeed("umount", fixture.place, contains: "had been killed before")
            user?.signal(SIGKILL)
            _ = try user?.wait()
            try expectNothingLeft(fixture)
        }
    }

    @Test(arguments: ["cached", "passthrough"])
    func oneTakenAwayWhileInUseEndsWithItsUser(reading: String) throws {
        try withRoot { fixture in
            try fixture.mount(["1"], reading: reading)
            let first = try fixture.process()
            try {
                let open = try Descriptor.open(fixture.place.appending("share/tool/large"))
                try fixture.moss.succeed("umount", "--lazy", fixture.place, contains: "stays usable")
                #expect(try !fixture.isMounted)
                #expect(try conditions(fixture) == ["detached"])
                try fixture.moss.succeed("mount", "--list", contains: "unmounted, still in use")
                // Another at the same place is told from it, and ends alone.
                try fixture.mount(["1"], reading: reading)
                #expect(try conditions(fixture) == ["answering", "detached"])
                try fixture.moss.succeed("umount", fixture.place)
                #expect(try conditions(fixture) == ["detached"] && fixture.process() == first)
                try fixture.moss.succeed("gc", "-y")
                #expect(try open.readAll() == [UInt8](repeating: 7, count: 300_000))
            }()
            try expectNothingLeft(fixture)
            try fixture.mount(["1"])
            try fixture.moss.succeed("umount", "--lazy", fixture.place)
            try expectNothingLeft(fixture)
        }
    }

    /// A place that a dead view's lease names may be somebody else's by now.
    @Test func aHangingOneInThePlaceOfAKilledOneStays() throws {
        try withRoot { fixture in
            try fixture.mount(["1"])
            let process = try fixture.process()
            let file = fixture.moss.root.appending(".moss/leases/7")
            try Descriptor.open(file, [.write, .create]).write(
                Array("mossLease 1\npid 1\nmountpoint \(fixture.place.display)\nshows state 1\n".utf8))
            ChildProcess.send(SIGSTOP, to: process)
            try fixture.moss.succeed("state", "list")
            #expect(try fixture.isMounted && fixture.leases == 1)
            ChildProcess.send(SIGCONT, to: process)
            #expect(try conditions(fixture) == ["answering"])
            try fixture.moss.succeed("umount", fixture.place)
            try expectNothingLeft(fixture)
        }
    }
}
