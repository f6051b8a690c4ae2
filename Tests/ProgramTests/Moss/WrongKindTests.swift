import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// Something of another kind or size in the place of the store's files: it is neither opened nor read, but found, put
/// aside and made again.
@Suite struct WrongKindTests {
    /// A root with one state of two packages, of which `small` has a file of its own for each kind of fault.
    private func withRoot(_ body: (MossFixture, _ moss: borrowing Descriptor) throws -> Void) throws {
        try MossFixture.run { fixture in
            try fixture.publish("small") { $0.add(file: "share/small", Array("small\n".utf8)) }
            try fixture.publish("tool")
            try fixture.prepare()
            try fixture.succeed("install", "-y", "small")
            try body(fixture, Descriptor.openDirectory(fixture.root.appending(".moss")))
        }
    }

    /// The path below `.moss` of the object that is linked as `path`.
    private func object(of path: BytePath, _ fixture: MossFixture) throws -> BytePath {
        let inode = try Descriptor.openDirectory(fixture.root).status(of: path).inode
        let objects = try TreeListing(of: fixture.root.appending(".moss/objects"))
        let moss = try Descriptor.openDirectory(fixture.root.appending(".moss"))
        for entry in objects.entries {
            let place = BytePath("objects").appending(entry.path)
            if try moss.status(of: place).inode == inode { return place }
        }
        throw CommandRoot.Failure(description: "\(path) is no object")
    }

    /// An object, a manifest and the file of a state.
    private func places(_ fixture: MossFixture, _ moss: borrowing Descriptor) throws -> [BytePath] {
        let manifest = try #require(moss.openDirectory("packages").entries().first).name
        return [try object(of: "usr/share/small", fixture), BytePath("packages").appending(manifest), "states/1"]
    }

    /// Runs a check, which must neither wait nor read on and on.
    private func check(_ fixture: MossFixture, _ arguments: BytePath..., exit: Int32) throws {
        var command = try fixture.command(arguments)
        command.timeoutSeconds = 60
        let result = try command.run()
        #expect(result.end == .exited(exit), "\(arguments): \(result.outputText)\(result.errorText)")
    }

    /// Tells whether files are opened.
    private final class OpenWatch {
        private let descriptor = Descriptor(taking: inotify_init1(O_NONBLOCK))

        func add(_ path: BytePath) throws {
            let watch = path.withCString { inotify_add_watch(descriptor.raw, $0, UInt32(IN_OPEN)) }
            try #require(watch >= 0)
        }

        var hasSeenAny: Bool {
            withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) {
                read(descriptor.raw, $0.baseAddress, $0.count) > 0
            }
        }
    }

    @Test func whatIsNoFileIsNotOpened() throws {
        try withRoot { fixture, moss in
            let watch = OpenWatch()
            for place in try places(fixture, moss) {
                let path = fixture.root.appending(".moss").appending(place)
                try moss.unlink(place)
                try #require(path.withCString { mkfifo($0, 0o644) } == 0)
                try watch.add(path)
            }
            try check(fixture, "fsck", "--quick", exit: 8)
            try check(fixture, "fsck", "--full", exit: 8)
            try check(fixture, "state", "verify", exit: 8)
            try check(fixture, "fsck", "--repair", exit: 9)
            try check(fixture, "fsck", "--full", exit: 0)
            #expect(!watch.hasSeenAny)
        }
    }

    @Test(.needsRoot) func devicesAreNotRead() throws {
        try withRoot { fixture, moss in
            for place in try places(fixture, moss) {
                try moss.unlink(place)
                try Command("mknod", [fixture.root.appending(".moss").appending(place), "c", "1", "5"])
                    .runSuccessfully()
            }
            try check(fixture, "fsck", "--full", exit: 8)
            try check(fixture, "install", "-y", "tool", exit: 0)
            try check(fixture, "fsck", "--repair", exit: 9)
            try check(fixture, "fsck", "--full", exit: 0)
        }
    }

    private static let strangers: [(name: String, make: @Sendable (BytePath) throws -> Void)] = [
        ("pipe", { path in try #require(path.withCString { mkfifo($0, 0o644) } == 0) }),
        ("directory", { path in try Descriptor.openDirectory(path.parent).makeDirectory(path.lastComponent) }),
        ("large file", { path in try Descriptor.open(path, [.write, .create]).truncate(to: 5 << 20) }),
        ("dangling link", { path in try makeLink(path, to: "x") }),
        ("circle", { path in try makeLink(path, to: path.lastComponent) }),
    ]

    private static func makeLink(_ path: BytePath, to target: BytePath) throws {
        try Descriptor.openDirectory(path.parent).makeSymlink(path.lastComponent, to: target)
    }

    /// Runs `body` with a root of two states that has another thing at `path`, for each there may be.
    private func withStrangers(at path: BytePath, _ body: (MossFixture, Comment) throws -> Void) throws {
        for stranger in Self.strangers {
            try withRoot { fixture, _ in
                try fixture.succeed("install", "-y", "tool")
                try Descriptor.openDirectory(fixture.root).unlink(path)
                try stranger.make(fixture.root.appending(path))
                try body(fixture, "\(stranger.name)")
            }
        }
    }

    @Test func theNumberOfTheLiveStateIsWrittenAgain() throws {
        try withStrangers(at: "usr/.stateID") { fixture, note in
            try check(fixture, "fsck", exit: 8)
            try check(fixture, "fsck", "--repair", exit: 9)
            #expect(try fixture.text(of: "usr/.stateID") == "2", note)
            try check(fixture, "fsck", exit: 0)
        }
        try withStrangers(at: "usr/.stateID") { fixture, note in
            try check(fixture, "undo", "-y", exit: 0)
            #expect(try fixture.text(of: "usr/.stateID") == "1", note)
            try check(fixture, "fsck", exit: 0)
        }
    }

    @Test func theDatabaseIsMadeAgain() throws {
        let path: BytePath = ".moss/db/data.mdb"
        for (arguments, exit): ([BytePath], Int32) in [
            (["list", "installed"], 0), (["undo", "-y"], 0), (["fsck", "--repair"], 9), (["store", "rebuild"], 0),
        ] {
            try withStrangers(at: path) { fixture, note in
                var command = try fixture.command(arguments)
                command.timeoutSeconds = 60
                let result = try command.run()
                #expect(result.end == .exited(exit), "\(note) \(arguments): \(result.errorText)")
                let text = result.outputText + result.errorText
                #expect(text.contains("made anew") && text.contains("lost+found/db-"), "\(note) \(text)")
                #expect(!text.contains("medium type"), "\(note) \(text)")
                #expect(try Descriptor.openDirectory(fixture.root).status(of: path).kind == .regular, note)
                try check(fixture, "fsck", exit: 0)
            }
        }
    }

    @Test func aWrongSizeIsSeenWithoutReading() throws {
        try withRoot { fixture, moss in
            for place in try places(fixture, moss) {
                let mode = try moss.status(of: place).permissions
                try moss.unlink(place)
                let file = try moss.makeFile(place, mode: mode)
                try file.truncate(to: 1 << 40)
                try file.setModificationTime(315_532_800)
            }
            for (arguments, exit): ([BytePath], Int32) in [
                (["fsck", "--quick"], 8), (["fsck", "--full"], 8), (["fsck", "--budget", "1m"], 8),
                (["state", "verify"], 8), (["fsck", "--repair"], 9),
            ] {
                var command = try fixture.command(arguments + ["--json"])
                command.timeoutSeconds = 60
                let result = try command.run()
                #expect(result.end == .exited(exit), "\(arguments): \(result.outputText)\(result.errorText)")
                // All there is to read has a few hundred bytes.
                let count = result.outputText.split(separator: "\"bytes_read\":").last?.prefix { $0.isNumber }
                #expect(count.flatMap { UInt64($0) }.map { $0 < 4096 } == true, "\(result.outputText)")
            }
            try check(fixture, "fsck", "--full", exit: 0)
        }
    }
}
