import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Views that are killed, ended, aborted, used by many and starved: what was open goes on where it can, nobody hangs,
/// and nothing is left behind.
@Suite(.needsRoot) struct ViewRobustnessTests {
    private static let files = 300

    private static func content(_ number: Int) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: number * 300 + 1)
    }

    /// A root with one package of distinct files of up to 90 KB, and a second one that is not installed.
    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("many") { package in
                for number in 0..<Self.files {
                    package.add(file: BytePath("share/many/\(number % 7)/file-\(number)"), Self.content(number))
                }
            }
            try $0.publish("other")
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "many")
            try body(fixture)
        }
    }

    /// The digests of all files below `directory`, read by 64 processes at once.
    private func digests(_ directory: BytePath) throws -> String {
        let script: BytePath = """
            cd "$1"; find . -type f ! -name .stateID -print0 | shuf -z | xargs -0 -n 3 -P 64 sha256sum | sort
            """
        return try Command("bash", ["-o", "pipefail", "-c", script, "bash", directory]).runSuccessfully().outputText
    }

    private func expectWhole(_ fixture: ViewFixture) throws {
        let wanted = try digests(fixture.moss.root.appending("usr"))
        #expect(wanted.split(separator: "\n").count > Self.files)
        #expect(try digests(fixture.place) == wanted)
    }

    private func expectNothingLeft(_ fixture: ViewFixture) throws {
        // The process ends a moment after its mount.
        for _ in 0..<500 where try fixture.isMounted || fixture.leases > 0 { pause(milliseconds: 10) }
        #expect(try !fixture.isMounted)
        #expect(try fixture.leases == 0)
    }

    private func isReadable(_ path: BytePath) -> Bool { (try? Descriptor.open(path).readAll()) != nil }

    private func large(_ fixture: ViewFixture) -> BytePath { fixture.place.appending("share/many/5/file-299") }

    // MARK: Many readers, few descriptors

    @Test(arguments: ["auto", "passthrough", "cached"])
    func sixtyFourReadersAtOnce(reading: String) throws {
        try withRoot { fixture in
            // Of use when the programs are built with the thread sanitizer: the report of a race.
            let reports = fixture.moss.scratch.appending("reports")
            try Descriptor.openDirectory(fixture.moss.scratch).makeDirectory("reports")
            var mount = try fixture.moss.command(["mount", "--reading", BytePath(reading), "1", fixture.place])
            mount.environment?["TSAN_OPTIONS"] = "log_path=\(reports.display)/report"
            try mount.runSuccessfully()
            for _ in 0..<2 { try expectWhole(fixture) }
            try fixture.moss.succeed("umount", fixture.place)
            let found = try Descriptor.openDirectory(reports).entries()
            // libfuse cancels its threads, which the sanitizer does not survive.
            if found.isEmpty { try expectNothingLeft(fixture) }
            for report in found {
                let text = try String(decoding: Descriptor.openDirectory(reports).readFile(report.name), as: UTF8.self)
                #expect(!text.contains("WARNING: ThreadSanitizer"), "\(text.prefix(6000))")
            }
        }
    }

    @Test(arguments: ["auto", "passthrough", "cached"])
    func sixtyFourDescriptorsAreEnough(reading: String) throws {
        try withRoot { fixture in
            let mount = try fixture.moss.command(["mount", "--reading", BytePath(reading), "1", fixture.place])
            var limited = mount
            (limited.program, limited.arguments) = ("prlimit", ["--nofile=64:64", mount.program] + mount.arguments)
            try limited.runSuccessfully()
            try expectWhole(fixture)
            let descriptors = try Descriptor.openDirectory(BytePath("/proc/\(fixture.process())/fd")).entries().count
            #expect(descriptors < 64)
            #expect(try fixture.requests()["failures"] == nil)
        }
    }

    // MARK: Ends

    @Test func whatTheKernelReadsGoesOnWithoutTheProcess() throws {
        try withRoot { fixture in
            try fixture.mount(["--candidate", "install other"], reading: "passthrough")
            let open = try Descriptor.open(large(fixture))
            let mapping = try open.map(byteCount: 4096)
            let small = try Descriptor.open(fixture.place.appending("share/many/1/file-1"))
            let directory = try Descriptor.openDirectory(fixture.place)
            ChildProcess.send(9, to: try fixture.process())
            pause(milliseconds: 100)
            #expect(try open.readAll() == Self.content(299))
            #expect(mapping.bytes.elementsEqual(Self.content(299).prefix(4096)))
            #expect(try small.readAll() == Self.content(1))
            // All else fails at once.
            #expect(throws: SystemError.self) { _ = try directory.readFile("bin/many") }
            #expect(!isReadable(large(fixture)))

            try fixture.moss.succeed("list", "installed")
            #expect(try !fixture.isMounted)
            #expect(try fixture.leases == 0)
            try fixture.mounted("1") { _ in try expectWhole(fixture) }
        }
    }

    @Test(.noThreadSanitizer("a view ends early: libfuse cancels threads"))
    func aDeadViewCanBeMountedOver() throws {
        try withRoot { fixture in
            try fixture.mount(["1"])
            let dead = try fixture.process()
            ChildProcess.send(9, to: dead)
            pause(milliseconds: 100)
            try fixture.mounted("1") { _ in
                #expect(try fixture.process() != dead)
                try expectWhole(fixture)
            }
            try expectNothingLeft(fixture)
        }
    }

    @Test(.noThreadSanitizer("a view ends early: libfuse cancels threads"), arguments: ["passthrough", "cached"])
    func beingAskedToEndWhileBusyEndsIt(reading: String) throws {
        try withRoot { fixture in
            try fixture.mount(["1"], reading: reading)
            let open = try Descriptor.open(large(fixture))
            let work = try Command(
                "bash",
                [
                    "-c", "while [ -e $1/share ] && find $1 -type f -print0 | xargs -0 -n 3 -P 8 cat; do :; done", "x",
                    fixture.place,
                ]
            ).start()
            pause(milliseconds: 300)
            #expect(work.isRunning)
            ChildProcess.send(SIGTERM, to: try fixture.process())
            try expectNothingLeft(fixture)
            // The readers fail instead of waiting.
            #expect(try work.wait().end != .timedOut)
            if reading == "passthrough" { #expect(try open.readAll().count == 299 * 300 + 1) }
            try fixture.mounted("1", reading: reading) { _ in try expectWhole(fixture) }
        }
    }

    @Test(
        .noThreadSanitizer("a view ends early: libfuse cancels threads"), arguments: ["passthrough", "cached"])
    func anAbortedConnectionEndsIt(reading: String) throws {
        try withRoot { fixture in
            let control = fixture.moss.scratch.appending("control")
            try Descriptor.openDirectory(fixture.moss.scratch).makeDirectory("control")
            try Command("mount", ["-t", "fusectl", "none", control]).runSuccessfully()
            defer { try? MountTable.unmount(control, lazily: true) }

            try fixture.mount(["1"], reading: reading)
            let device = try Descriptor.open(fixture.place, [.directory]).status().device
            let connection = control.appending(BytePath("\((device & 0xff) | (device >> 12 & 0xfff00))/abort"))
            let open = try Descriptor.open(large(fixture))
            try Descriptor.open(connection, .write).write(Array("1".utf8))
            #expect(!isReadable(fixture.place.appending("share/many/1/file-1")))
            if reading == "passthrough" { #expect(try open.readAll().count == 299 * 300 + 1) }
            try expectNothingLeft(fixture)
            try fixture.mounted("1", reading: reading) { _ in try expectWhole(fixture) }
        }
    }

    @Test(.noThreadSanitizer("a view ends early: libfuse cancels threads"))
    func programsThatUseItKeepItFromBeingUnmounted() throws {
        try withRoot { fixture in
            try fixture.mount(["1"])
            let user = try Command("sleep", ["60"], in: fixture.place).start()
            pause(milliseconds: 200)
            try fixture.moss.fail(
                1, saying: "the view is in use; end the programs that use it", "umount", fixture.place)
            try expectWhole(fixture)
            user.signal(SIGKILL)
            _ = try user.wait()
            try fixture.moss.succeed("umount", fixture.place)
            try expectNothingLeft(fixture)
        }
    }

    // MARK: Collecting

    @Test func whatIsShownIsKeptUntilItIsUnmounted() throws {
        try withRoot { fixture in
            try fixture.moss.succeed("remove", "-y", "many")
            try fixture.mount(["1"])
            try fixture.moss.succeed("state", "remove", "-y", "1")
            try fixture.moss.succeed("gc", "-y")
            let objects = try TreeListing(of: fixture.moss.root.appending(".moss/objects")).entries.count
            let shown = try TreeListing(of: fixture.place).entries.filter { $0.kind == .regular }
            #expect(shown.count > Self.files)
            for entry in shown where entry.path.bytes.starts(with: "share/many/".utf8) {
                let number = Int(entry.path.lastComponent.display.dropFirst(5)) ?? 0
                #expect(entry.size == number * 300 + 1)
            }
            try fixture.moss.succeed("umount", fixture.place)
            try fixture.moss.succeed("gc", "-y")
            let left = try TreeListing(of: fixture.moss.root.appending(".moss/objects")).entries.count
            #expect(objects - left >= Self.files)
        }
    }
}
