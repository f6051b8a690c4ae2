import BytePath
import Digests
import Glibc
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Servers that do what they must not: whatever they send, a command ends with a clear result, and nothing wrong is
/// ever in the store.
@Suite struct HostileFetchTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let attempts: [ServerBehaviour]
        let afterwards: ServerBehaviour
        /// What the message names; nil where the command succeeds in spite of all.
        let complaint: String?

        init(_ name: String, _ attempts: [ServerBehaviour], then afterwards: ServerBehaviour, _ complaint: String?) {
            self.name = name
            self.attempts = attempts
            self.afterwards = afterwards
            self.complaint = complaint
        }

        init(_ name: String, always: ServerBehaviour, _ complaint: String) {
            self.init(name, [], then: always, complaint)
        }

        init(_ name: String, atFirst attempts: ServerBehaviour...) {
            self.init(name, attempts, then: .normal, nil)
        }

        var testDescription: String { name }
    }

    private static let large = 3 << 20

    static let cases: [Case] = [
        Case("stalls for ever", always: .stall(afterBytes: 0), "slow"),
        Case("stalls once", atFirst: .stall(afterBytes: 100_000)),
        Case("trickles", always: .trickle(bytesPerSecond: 50), "slow"),
        Case("says nothing", always: .silence(seconds: .infinity), "slow"),
        Case("truncates always at the start", always: .truncate(afterBytes: 0), "fetched"),
        Case("truncates twice", atFirst: .truncate(afterBytes: 100_000), .truncate(afterBytes: 700_000)),
        Case("resets", atFirst: .reset(afterBytes: 500_000)),
        Case("resets always", always: .reset(afterBytes: 0), "fetched"),
        Case("hangs up", atFirst: .hangUp, .hangUp),
        Case("hangs up always", always: .hangUp, "fetched"),
        Case("a longer length", always: .contentLength("99999999"), "bytes"),
        Case("a shorter length", always: .contentLength("10"), "bytes"),
        Case("a negative length", always: .contentLength("-5"), "fetched"),
        Case("a huge length", [], then: .contentLength("99999999999999999999999"), nil),
        Case("wrong bytes", always: .flip(at: 1_000_000), "SHA-256"),
        Case("wrong bytes once", [.flip(at: 1_000_000)], then: .flip(at: 1_000_000), "SHA-256"),
        Case("missing", always: .status(404), "404"),
        Case("forbidden", always: .status(403), "403"),
        Case("busy, then well", atFirst: .status(503), .status(503)),
        Case("busy for ever", always: .status(503), "503"),
        Case("broken", always: .status(500), "500"),
        Case("redirects to a file", always: .redirect("file:///etc/passwd"), "fetched"),
        Case("redirects in a circle", always: .redirect("/again"), "redirect"),
        Case("an endless body", always: .endlessBody, "more than"),
        Case("an endless head", always: .endlessHeader, "head"),
        Case("too many headers", always: .manyHeaders(5000), "head"),
        Case("compresses", always: .gzip, "packs"),
        Case("garbage", always: .garbage(Array("what?\r\n\r\n".utf8)), "fetched"),
        Case("a page to log in", always: .page("please log in"), "bytes"),
        Case("another range", [], then: .shiftRange(by: 4096), nil),
        Case("says another range", always: .contentRange("bytes 5-9/10"), "another part"),
        Case("whole files only", atFirst: .ignoreRange, .ignoreRange, .ignoreRange),
        Case("closes each connection", atFirst: .closeAfterwards, .closeAfterwards),
        Case("hints before", atFirst: .interim(3)),
        Case("chunked and cut", atFirst: .chunked(endingAfterBytes: 400_000)),
    ]

    @Test(arguments: cases) func server(_ hostile: Case) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let package = largePackage("big", byteCount: Self.large)
            let scene = try ServedRoot(in: scratch, offering: [package])
            scene.server.script("/again", always: .redirect("/again"))
            scene.server.script(ServedRoot.path(package), hostile.attempts, afterwards: hostile.afterwards)
            let result = try scene.root.moss("-y", "install", "big")
            if let complaint = hostile.complaint {
                #expect(result.end == .exited(1), "\(result.errorText)")
                #expect(result.errorText.contains(complaint), "\(result.errorText)")
                #expect(result.errorText.contains("big"), "\(result.errorText)")
                #expect(try scene.root.active() == nil)
                // Nothing of it is in the store, and nothing keeps a good server from helping.
                let check = try scene.root.moss("fsck", "--full")
                #expect(check.end == .exited(0), "\(check.outputText)\(check.errorText)")
                scene.server.script(ServedRoot.path(package), always: .normal)
                try scene.root.done("-y", "install", "big")
            } else {
                #expect(result.end == .exited(0), "\(result.errorText)")
            }
            try scene.root.done("fsck", "--full")
            let file = try Descriptor.open(scene.root.root.appending("usr/lib/big")).readAll()
            #expect(file.count == Self.large)
            #expect(try scene.root.names(in: "downloads") == [])
        }
    }

    @Test func halfOfTheStonesAreMissing() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<6).map { systemPackage("p\($0)") }
            let scene = try ServedRoot(in: scratch, offering: packages)
            for package in packages.prefix(3) { scene.server.script(ServedRoot.path(package), always: .status(404)) }
            let names = packages.map { BytePath($0.metadata.name) }
            let result = try scene.root.command(["-y", "install"] + names).run()
            #expect(result.end == .exited(1))
            #expect(result.errorText.contains("404"), "\(result.errorText)")
            #expect(try scene.root.active() == nil)
            let here = try scene.root.names(in: "downloads")
            for package in packages { scene.server.script(ServedRoot.path(package), always: .normal) }
            try scene.root.command(["-y", "install"] + names).runSuccessfully()
            // What came the first time is not fetched again.
            for package in packages.dropFirst(3) {
                let digest = try package.stone().withUnsafeBytes { SHA256Digest(hashing: $0) }
                guard here.contains("\(digest).stone") else { continue }
                #expect(scene.server.log(of: ServedRoot.path(package)).count { $0.status == 200 } == 1)
            }
        }
    }

    @Test func anIndexThatNeverEnds() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let scene = try ServedRoot(in: scratch, offering: [systemPackage("a")])
            try scene.root.publish(systemPackage("b"))
            try scene.root.done("index", scene.root.stones)
            for behaviour in [
                ServerBehaviour.stall(afterBytes: 10), .garbage([1, 2, 3]), .page("log in"), .status(500),
            ] {
                scene.server.script("/stone.index", always: behaviour)
                let result = try scene.root.moss("repo", "update")
                #expect(result.end == .exited(1), "\(behaviour)")
                // What was known stays.
                #expect(try scene.root.done("list", "available").contains("a "), "\(behaviour)")
            }
        }
    }

    @Test func aKilledCommandGoesOnWhereItStopped() throws {
        try withScratchDirectory { scratch in
            let packages = (0..<4).map { largePackage("p\($0)") }
            let scene = try ServedRoot(in: scratch, offering: packages, settings: "connections: 4")
            for package in packages {
                scene.server.script(ServedRoot.path(package), always: .trickle(bytesPerSecond: 1_500_000))
            }
            let command = try scene.root.command(["-y", "install"] + packages.map { BytePath($0.metadata.name) })
            let running = try command.start()
            // In the middle of all four.
            while packages.reduce(0, { $0 + scene.bytesSent(ServedRoot.path($1)) }) < 5 << 20 { usleep(20_000) }
            running.signal(SIGKILL)
            _ = try running.wait()
            #expect(scene.server.waitUntilIdle())
            let before = packages.reduce(0) { $0 + scene.bytesSent(ServedRoot.path($1)) }
            for package in packages { scene.server.script(ServedRoot.path(package), always: .normal) }
            try command.runSuccessfully()
            let after = packages.reduce(0) { $0 + scene.bytesSent(ServedRoot.path($1)) } - before
            let whole = packages.count * (3 << 20)
            // What was on its way in sockets may come twice.
            #expect(after < whole - (5 << 20) + (4 << 20), "\(before) bytes before, \(after) after")
            try scene.root.done("fsck", "--full")
        }
    }

    @Test func nothingIsFetchedOffline() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let scene = try ServedRoot(in: scratch, offering: [systemPackage("a")])
            let count = scene.server.log.count
            let result = try scene.root.moss("-y", "--offline", "install", "a")
            #expect(result.end == .exited(1))
            #expect(result.errorText.contains("offline"), "\(result.errorText)")
            #expect(scene.server.log.count == count)
        }
    }

    @Test func aFetchedStoneThatRottedIsFetchedAgain() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let package = systemPackage("a")
            let scene = try ServedRoot(in: scratch, offering: [package])
            // A plan that is declined leaves the stone.
            _ = try scene.root.moss("install", "a")
            let names = try scene.root.names(in: "downloads")
            #expect(names.count == 1)
            let file = try Descriptor.open(scene.root.root.appending(".moss/downloads/\(names[0])"), .readWrite)
            let size = try file.status().size
            try file.truncate(to: size - 64)
            try file.truncate(to: size)
            try scene.root.done("-y", "install", "a")
            #expect(scene.server.log(of: ServedRoot.path(package)).count == 2)
            try scene.root.done("fsck", "--full")
        }
    }
}
