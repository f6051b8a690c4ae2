import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// What a directory keeps from others is kept from them in the store and in every view as well.
@Suite(.needsRoot) struct ViewPermissionTests {
    private static let secrets: [BytePath] = [
        "share/closed/open", "share/closed/deep/er/file", "share/group/file", "share/secret", "share/closed/program",
    ]

    private func withRoot(_ body: (ViewFixture) throws -> Void) throws {
        try ViewFixture.run {
            try $0.publish("secrets") { package in
                package.add(directory: "share/closed", mode: 0o700)
                package.add(file: "share/closed/open", Array("secret: closed\n".utf8))
                package.add(directory: "share/closed/deep")
                package.add(file: "share/closed/deep/er/file", Array("secret: deep\n".utf8))
                package.add(file: "share/closed/program", Array("secret: program\n".utf8), mode: 0o4755)
                package.add(directory: "share/group", mode: 0o750)
                package.add(file: "share/group/file", Array("secret: group\n".utf8))
                package.add(file: "share/secret", Array("secret: mode\n".utf8), mode: 0o600)
                package.add(directory: "share/way", mode: 0o711)
                package.add(file: "share/way/file", Array("public: way\n".utf8))
                package.add(file: "share/public", Array("public: plain\n".utf8))
                package.add(file: "share/closed/known", Array("public: plain\n".utf8))
            }
            try $0.publish("next")
        } _: { fixture in
            try fixture.moss.succeed("install", "-y", "secrets")
            try Command("chmod", ["755", fixture.moss.scratch]).runSuccessfully()
            try body(fixture)
        }
    }

    private func asNobody(_ script: BytePath, _ arguments: BytePath...) throws -> CommandResult {
        try Command(
            "setpriv",
            ["--reuid", "65534", "--regid", "65534", "--clear-groups", "bash", "-c", script, "bash"] + arguments
        ).run()
    }

    private func expectClosed(_ usr: BytePath) throws {
        for path in Self.secrets + ["share/closed/known"] {
            let result = try asNobody("cat \"$1\"", usr.appending(path))
            #expect(result.end != .exited(0) && result.outputText.isEmpty, "\(usr) \(path)")
            #expect(try asNobody("test -r \"$1\"", usr.appending(path)).end != .exited(0), "\(usr) \(path)")
        }
        for path: BytePath in ["share/public", "share/way/file"] {
            #expect(try asNobody("cat \"$1\"", usr.appending(path)).outputText.hasPrefix("public: "), "\(usr) \(path)")
        }
    }

    /// Every copy of a secret that root finds in the store is out of others' reach, by its name too.
    private func expectClosedStore(_ root: BytePath) throws {
        let objects = root.appending(".moss")
        let found = try Command("grep", ["-rl", "^secret: ", objects.appending("objects")]).runSuccessfully()
        let paths = found.outputText.split(separator: "\n").map { BytePath(String($0)) }
        #expect(paths.count == Self.secrets.count)
        for path in paths { #expect(try asNobody("cat \"$1\"", path).end != .exited(0), "\(path)") }
        #expect(try asNobody("grep -rl '^secret: ' \"$1\"", objects).outputText == "")
    }

    @Test func neitherTheStoreNorAnyViewTellsOthers() throws {
        try withRoot { fixture in
            let root = fixture.moss.root
            try expectClosed(root.appending("usr"))
            try expectClosedStore(root)
            for reading in ["cached", "passthrough"] {
                try fixture.mounted("1", reading: reading) { try expectClosed($0) }
                try fixture.mounted("--candidate", "install next", reading: reading) { try expectClosed($0) }
            }
            try fixture.mounted("--all") { place in
                try expectClosed(place.appending("states/1/usr"))
                try expectClosed(place.appending("packages/secrets-1.0-1/usr"))
            }
        }
    }

    /// Modes are the package's, in the tree and in views, and every command goes on as with other files.
    @Test func filesAreTheSameForAllOthers() throws {
        try withRoot { fixture in
            let (moss, root) = (fixture.moss, fixture.moss.root)
            let modes: BytePath = "cd \"$1\" && find . ! -name .stateID -printf '%p %m %u %g %s\\n' | sort"
            let live = try Command("bash", ["-c", modes, "x", root.appending("usr")]).runSuccessfully().outputText
            #expect(live.contains("./share/closed/open 444 ") && live.contains("./share/closed/program 4555 "))
            #expect(!live.split(separator: "\n").contains { $0.contains(" 1444 ") })
            try fixture.mounted("1") { place in
                let shown = try Command("bash", ["-c", modes, "x", place]).runSuccessfully().outputText
                let files = { (text: String) in text.split(separator: "\n").filter { !$0.hasSuffix(" 4096") } }
                #expect(
                    files(shown).filter { $0.contains("share/") && $0.contains("file") }
                        == files(live).filter { $0.contains("share/") && $0.contains("file") })
                #expect(shown.contains("./share/closed/open 444 ") && shown.contains("./share/closed 700 "))
            }
            try moss.succeed("install", "-y", "next")
            try moss.succeed("fsck", "--full")
            try moss.succeed("state", "verify")
            try moss.succeed("gc", "-y", "--verify")
            try moss.succeed("undo", "-y")

            // A lost copy comes back from the live tree's, closed as before.
            try Command("bash", ["-c", "rm \"$1\"/objects/privileged/*", "x", root.appending(".moss")])
                .runSuccessfully()
            #expect(try moss.command(["fsck", "--full", "--repair"]).run().end == .exited(9))
            try expectClosedStore(root)
            try moss.succeed("store", "rebuild")
            try moss.succeed("fsck", "--full")
            try expectClosed(root.appending("usr"))
            try moss.succeed("remove", "-y", "secrets")
            try moss.succeed("state", "remove", "-y", "1", "2")
            try moss.succeed("tidy")
            try moss.succeed("gc", "-y", "--verify")
            #expect(try Command("grep", ["-rl", "^secret: ", root.appending(".moss/objects")]).run().outputText == "")
        }
    }

    /// Somebody's own view of root's root is made with his rights.
    @Test func anOrdinaryUsersViewShowsHimNoMore() throws {
        try withRoot { fixture in
            let script: BytePath = """
                $MOSS mount 1 $PLACE >/dev/null
                cat $PLACE/share/public $PLACE/share/way/file
                for path in closed/open closed/deep/er/file group/file secret closed/program; do
                    ! cat $PLACE/share/$path 2>/dev/null
                done
                $MOSS umount $PLACE >/dev/null
                """
            let result = try fixture.run(as: .helper, script)
            #expect(result.end == .exited(0), "\(result.errorText)")
            #expect(result.outputText == "public: plain\npublic: way\n")
        }
    }
}
