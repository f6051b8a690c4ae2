import BytePath
import Digests
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Views that are there while damaged objects are replaced: from then on they show the right bytes.
@Suite(.needsRoot) struct ViewRenewalTests {
    private static let content = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 / 7) }

    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("data") { package in
                package.add(file: "share/data/first", Self.content)
                package.add(file: "share/data/again", Self.content)
                package.add(file: "share/data/other", Array("other".utf8))
            }
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "data")
            try body(fixture)
        }
    }

    /// Writes over the first bytes of the object, in place.
    private func damage(_ fixture: ViewFixture, cut: Bool = false) throws {
        let name = ObjectID(hashing: Self.content).hexadecimal
        let path = fixture.moss.root.appending(".moss/objects/\(name.prefix(2))/\(name)")
        let file = try Descriptor.open(path, .readWrite)
        try file.write(Array("evil".utf8))
        if cut { try file.truncate(to: 1000) }
    }

    private func repair(_ fixture: ViewFixture, _ words: BytePath...) throws {
        let result = try fixture.moss.command(words + ["--repair"]).run()
        #expect(result.end == .exited(9), "\(result.outputText)\(result.errorText)")
        #expect(!result.errorText.contains("cannot be told"), "\(result.errorText)")
    }

    private func bytes(_ path: BytePath) -> [UInt8]? { try? Descriptor.open(path).readAll() }

    @Test(arguments: [
        ("cached", "1"), ("passthrough", "1"), ("auto", "1"), ("auto", "--all"), ("passthrough", "--all"),
    ])
    func theyShowWhatWasRepaired(reading: String, subject: String) throws {
        try withRoot { fixture in
            try fixture.mount([BytePath(subject)], reading: reading)
            let usr = subject == "1" ? fixture.place : fixture.place.appending("states/1/usr")
            for check: [BytePath] in [["fsck", "--full"], ["state", "verify"]] {
                let (first, again) = (usr.appending("share/data/first"), usr.appending("share/data/again"))
                #expect(bytes(first) == Self.content)
                let open = try Descriptor.open(first)
                try damage(fixture)
                _ = (bytes(first), bytes(again))
                let result = try fixture.moss.command(check + ["--repair"]).run()
                #expect(result.end == .exited(9), "\(result.outputText)\(result.errorText)")
                #expect(result.errorText == "")
                // Also by the other name, and while somebody still has the damaged one open.
                #expect(bytes(first) == Self.content)
                #expect(bytes(again) == Self.content)
                #expect(try open.status().size == UInt64(Self.content.count))
                #expect(bytes(usr.appending("share/data/other")) == Array("other".utf8))
            }
            #expect(bytes(usr.appending("share/data/first")) == Self.content)
            try fixture.moss.succeed("umount", fixture.place)
        }
    }

    @Test(arguments: ["cached", "passthrough"])
    func whatHasNotTheRightSizeIsNotShown(reading: String) throws {
        try withRoot { fixture in
            try fixture.mount(["1"], reading: reading)
            let path = fixture.place.appending("share/data/first")
            try damage(fixture, cut: true)
            #expect(bytes(path) == nil)
            try repair(fixture, "fsck", "--full")
            #expect(bytes(path) == Self.content)
            try fixture.moss.succeed("umount", fixture.place)
        }
    }

    @Test func viewsThatCannotBeToldAreNamed() throws {
        try withRoot { fixture in
            try fixture.mount(["1"], reading: "cached")
            try {
                let open = try Descriptor.open(fixture.place.appending("share/data/first"))
                try fixture.moss.succeed("umount", "--lazy", fixture.place)
                try damage(fixture)
                let result = try fixture.moss.command(["fsck", "--full", "--repair"]).run()
                #expect(result.end == .exited(9))
                #expect(result.errorText.contains("the view of state 1 at \(fixture.place.display) cannot be told"))
                #expect(try open.status().kind == .regular)
            }()
        }
    }

    @Test func onlyWhoMayAsksForIt() throws {
        try withRoot { fixture in
            try Command("chmod", ["755", fixture.moss.scratch]).runSuccessfully()
            try fixture.mounted("1") { place in
                #expect(try Descriptor.attribute("user.moss.renewed", of: place) != nil)
                #expect(try Descriptor.attribute("user.moss.renewed", of: place.appending("share")) == nil)
                let asked = try Command(
                    "setpriv",
                    [
                        "--reuid", "65534", "--regid", "65534", "--clear-groups", "getfattr", "-n", "user.moss.renewed",
                        place,
                    ]
                ).run()
                #expect(asked.end != .exited(0))
            }
        }
    }
}
