import BytePath
import LinuxSystem
import Sandbox
import TestSupport
import Testing

/// What a command wrote, kept in a directory and told as changes.
@Suite(.needsRoot)
struct SandboxKeepTests {
    @Test(arguments: SandboxUser.allCases)
    func everyKindOfWriteIsTold(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let before = try TreeListing(of: fixture.lower)
            let found = try changes(
                fixture,
                script: """
                    set -e; cd /usr/share; echo new >a; rm b; mv c renamed; touch added; ln -s a link; mkdir -p d/e
                    rm -r old; mkdir old; echo k >old/a; mv more/q moved; chmod 700 more; : >more/s; rm more/p
                    mkdir more/p; rmdir d/e; touch x; rm x
                    """)
            #expect(
                found == [
                    .init("share/a", .changed, .regular), .init("share/added", .added, .regular),
                    .init("share/b", .removed), .init("share/c", .removed), .init("share/d", .added, .directory),
                    .init("share/link", .added, .symlink), .init("share/more", .changed, .directory),
                    .init("share/more/p", .replaced, .directory), .init("share/more/q", .removed),
                    .init("share/more/s", .added, .regular), .init("share/moved", .added, .directory),
                    .init("share/moved/r", .added, .regular), .init("share/old", .replaced, .directory),
                    .init("share/old/a", .added, .regular), .init("share/renamed", .added, .regular),
                ])
            #expect(try TreeListing(of: fixture.lower) == before)
            #expect(
                try Descriptor.openDirectory(fixture.keep).readFile("usr/share/old/a") == Array("k\n".utf8))
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func readingIsNoChange(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let found = try changes(fixture, script: "ls -lR /usr; cat /usr/share/a; touch /tmp/x /run/y")
            #expect(found == [])
        }
    }

    @Test(arguments: SandboxUser.allCases)
    func aDirectoryInPlaceOfAFileAndTheOtherWayRound(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            let script = "cd /usr/share; rm a; mkdir a; echo 1 >a/b; rm -r old; echo 2 >old; rm -r more"
            let found = try changes(fixture, script: script)
            #expect(
                found == [
                    .init("share/a", .replaced, .directory), .init("share/a/b", .added, .regular),
                    .init("share/more", .removed), .init("share/old", .changed, .regular),
                ])
        }
    }

    /// A second command sees what the first one wrote, and adds to it.
    @Test(arguments: SandboxUser.allCases)
    func aKeptLayerCanBeUsedAgain(user: SandboxUser) throws {
        try SandboxFixture.with(user) { fixture in
            _ = try changes(fixture, script: "echo one >/usr/share/n; rm /usr/share/a")
            let found = try changes(
                fixture, script: "[ ! -e /usr/share/a ] && echo two >>/usr/share/n; rm /usr/share/b")
            #expect(
                found == [.init("share/a", .removed), .init("share/b", .removed), .init("share/n", .added, .regular)])
            let kept = try Descriptor.openDirectory(fixture.keep)
            #expect(try kept.readFile("usr/share/n") == Array("one\ntwo\n".utf8))
        }
    }

    @Test func theConfigurationIsKeptToo() throws {
        try SandboxFixture.with(.root) { fixture in
            _ = try changes(fixture, script: "echo x >/etc/moss-sandbox-test")
            let etc = try OverlayChanges.read(upper: fixture.keep.appending("etc")) { _ in nil }
            #expect(etc.changes == [.init("moss-sandbox-test", .added, .regular)])
        }
    }

    /// Runs the script with its writes to /usr kept, and reads them.
    private func changes(_ fixture: SandboxFixture, script: String) throws -> [OverlayChanges.Change] {
        _ = try fixture.output(script: script) { $0.keep = fixture.keep }
        let lower = try Descriptor.openDirectory(fixture.lower)
        return try OverlayChanges.read(upper: fixture.keep.appending("usr")) { path in
            guard let status = try? lower.status(of: path) else { return nil }
            return OverlayChanges.Original(status.kind, permissions: status.permissions)
        }.changes
    }
}
