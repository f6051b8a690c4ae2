import BytePath
import Foundation
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// `moss publish` into a real store, and roots that read from there.
@Suite(.needsS3Server) struct StorePublishTests {
    @Test func whatIsPublishedIsInstalled() throws {
        let server = try S3Server()
        try MossFixture.run { fixture in
            try fixture.publish("editor")
            // A "+" in a name is a blank to some stores where it is not escaped.
            try fixture.publish("libstdc++", "1.0+really2~rc")
            let scene = StoreScene(fixture, server)
            try scene.index()
            let dry = try scene.publish("--dry-run")
            #expect(dry["sent_count"] as? Int == 4 && dry["transferred_size"] as? Int == 0)
            let first = try scene.publish()
            #expect(first["sent_count"] as? Int == 4 && first["pointer_count"] as? Int == 2)
            #expect(first["is_changed"] as? Bool == true && first["target"] as? String == "s3://moss/stones/main")
            try nothingIsSentTwice(scene)
            try scene.prepare()
            #expect(try scene.read() == ["editor": 1, "libstdc++": 1])
            try scene.command(["install", "-y", "editor", "libstdc++"]).runSuccessfully()
            #expect(try fixture.text(of: "usr/bin/libstdc++") == "libstdc++ 1.0+really2~rc-1\n")
            try newReleasesAreSynced(scene)
            try keysAreNowhere(scene)
        }
    }

    /// The list, the two pointers and the list of what was left unfinished are looked at, and nothing goes out.
    private func nothingIsSentTwice(_ scene: StoreScene) throws {
        let again = try scene.publish()
        #expect(again["sent_count"] as? Int == 0 && again["present_count"] as? Int == 4)
        #expect(again["pointer_count"] as? Int == 0 && again["is_changed"] as? Bool == false)
        #expect(again["request_count"] as? Int == 4 && again["transferred_size"] as? Int == 0)
        // Also of a directory that was published anew and came to the same.
        try scene.index()
        #expect(try scene.publish()["transferred_size"] as? Int == 0)
    }

    private func newReleasesAreSynced(_ scene: StoreScene) throws {
        try scene.fixture.publish("editor", "2.0", release: 2)
        try scene.index()
        let sent = try scene.publish()
        // One stone, one index and its files.
        #expect(
            sent["sent_count"] as? Int == 3 && sent["retired_count"] as? Int == 3 && sent["removed_count"] as? Int == 0)
        try scene.command(["sync", "-u", "-y"]).runSuccessfully()
        #expect(try scene.fixture.text(of: "usr/bin/editor") == "editor 2.0-2\n")
    }

    /// What is kept of the collection says where the store is, and not who asks it.
    private func keysAreNowhere(_ scene: StoreScene) throws {
        let text = try scene.fixture.text(of: "etc/moss/repo.d/tests.yaml")
        #expect(text.contains("s3://moss/stones/main") && text.contains("endpoint") && !text.contains("AKIA"))
        let keys = try #require(scene.keys)
        for secret in [keys.secret, keys.access] {
            let found = try Command("grep", ["-rqF", BytePath(secret), scene.fixture.root]).run()
            #expect(found.exitCode == 1)
        }
        let list = try scene.command(["repo", "list", "--json"]).runSuccessfully().outputText
        #expect(list.contains("\"bucket\":\"moss\"") && list.contains("\"endpoint\":\"http://127.0.0.1:"))
    }

    @Test func whoMayReadAndWho() throws {
        let server = try S3Server()
        try MossFixture.run { fixture in
            try fixture.publish("editor")
            var scene = StoreScene(fixture, server)
            try scene.index()
            try refusals(scene)
            try scene.publish()
            scene.bucket = S3Server.openBucket
            try scene.publish()
            // Nobody's keys are needed for a bucket that is open to all, and some are for the other.
            scene.keys = nil
            try scene.prepare()
            #expect(try scene.read() == ["editor": 1])
            scene.bucket = "moss"
            let add: [BytePath] = [
                "repo", "add", "closed", scene.target, "--endpoint", BytePath(scene.endpoint), "--unsigned",
            ]
            let refused = try scene.command(add + ["--json"]).run()
            #expect(
                refused.end == .exited(1) && refused.outputText.contains("\"accessDenied\""), "\(refused.outputText)")
            try keysOfTheRoot(scene, server, add)
        }
    }

    private func refusals(_ good: StoreScene) throws {
        var scene = good
        scene.keys?.secret = "wrong/secret"
        try scene.expect("accessDenied", saying: "SignatureDoesNotMatch")
        scene.keys?.access = "AKIANOBODY"
        try scene.expect("accessDenied", saying: "InvalidAccessKeyId")
        scene.keys = nil
        try scene.expect("accessDenied", saying: "AWS_ACCESS_KEY_ID")
        scene = good
        scene.bucket = "nowhere"
        try scene.expect("noSuchBucket", saying: "s3://nowhere/stones/main")
        scene.bucket = "No"
        try scene.expect("failed", saying: "no bucket")
    }

    /// The root's own file, in a section of the collection's name, and only while nobody else can read it.
    private func keysOfTheRoot(_ scene: StoreScene, _ server: S3Server, _ add: [BytePath]) throws {
        let place = try Descriptor.openDirectory(scene.fixture.root.appending("etc/moss"))
        let text = """
            [default]
            aws_access_key_id = AKIANOBODY
            aws_secret_access_key = nothing
            [closed]
            aws_access_key_id = \(server.accessKey)
            aws_secret_access_key = \(server.secretKey)

            """
        try place.replaceFile("s3-credentials", with: Array(text.utf8))
        let open = try scene.command(add).run()
        #expect(open.end != .exited(0) && open.errorText.contains("mode 600"), "\(open.errorText)")
        try place.setMode(0o600, of: "s3-credentials")
        try scene.command(add).runSuccessfully()
        try scene.command(["repo", "disable", "tests"]).runSuccessfully()
        try place.unlink("s3-credentials")
        // A profile of the user's does as well.
        let home = try Descriptor.openDirectory(scene.fixture.scratch)
        try home.ensureDirectory(".aws")
        try home.openDirectory(".aws").replaceFile(
            "credentials", with: Array(text.replacing("[closed]", with: "[other]").utf8))
        var command = try scene.command(["repo", "update"])
        command.environment?["AWS_PROFILE"] = "other"
        try command.runSuccessfully()
        command.environment?["AWS_PROFILE"] = "missing"
        #expect(try command.run().outputText.contains("\"missing\""))
    }

    @Test func largeFilesGoInParts() throws {
        let server = try S3Server()
        try MossFixture.run(inMemory: true) { fixture in
            let package = largePackage("large", byteCount: 36 << 20)
            let path = fixture.stones.appending(package.metadata.stoneFileName)
            try Descriptor.open(path, [.write, .create]).write(try package.stone())
            let scene = StoreScene(fixture, server)
            try scene.index()
            let sent = try scene.publish()
            // Beside the list, one of uploads, one index, its files and two pointers: begin, three parts, end.
            #expect(sent["request_count"] as? Int == 2 + 2 + 2 + 5, "\(sent)")
            #expect((sent["transferred_size"] as? Int ?? 0) > 36 << 20)
            #expect(try scene.publish()["transferred_size"] as? Int == 0)
            try scene.prepare()
            #expect(try scene.read() == ["large": 1])
            // What is here and is not what was promised is not sent.
            let out = fixture.scratch.appending("out")
            let stone = try #require(
                try TreeListing(of: out).entries.map(\.path).first { $0.display.hasSuffix(".stone") })
            try Descriptor.open(out.appending(stone), .write).write(Array("X".utf8))
            var other = scene
            other.prefix = "other"
            try other.expect("invalidStone", saying: "large")
        }
    }

    @Test func whatNothingNamesGoes() throws {
        let server = try S3Server()
        try MossFixture.run { fixture in
            let scene = StoreScene(fixture, server)
            try fixture.publish("a")
            try fixture.publish("b")
            try scene.index()
            try scene.publish()
            try fixture.publish("a", release: 2)
            // The directory forgets the old release at once, the store does not.
            try scene.index("--grace", "0")
            #expect(try scene.publish()["retired_count"] as? Int == 3)
            let kept = try scene.publish()
            #expect(kept["retired_count"] as? Int == 3 && kept["transferred_size"] as? Int == 0)
            let dry = try scene.publish("--keep", "0", "--dry-run")
            #expect(dry["removed_count"] as? Int == 3)
            #expect(try scene.publish("--keep", "0")["removed_count"] as? Int == 3)
            let clean = try scene.publish("--keep", "0")
            #expect(clean["removed_count"] as? Int == 0 && clean["present_count"] as? Int == 4)
            try scene.prepare()
            #expect(try scene.read() == ["a": 2, "b": 1])
        }
    }

    /// Another directory's stone must not take the place of one that readers have been promised.
    @Test func namesStandForOneStone() throws {
        let server = try S3Server()
        try MossFixture.run { fixture in
            let scene = StoreScene(fixture, server)
            try fixture.publish("a")
            try scene.index()
            try scene.publish()
            try MossFixture.run { other in
                try other.publish("a") { $0.add(file: "share/other", [1]) }
                var second = StoreScene(other, server)
                try second.index()
                try second.expect("failed", saying: "another stone of this name")
                second.prefix = "elsewhere"
                try second.publish()
            }
            try scene.prepare()
            #expect(try scene.read() == ["a": 1])
        }
    }

    /// The manifest counts, and neither goes back nor away.
    @Test func signedCollections() throws {
        let server = try S3Server()
        try MossFixture.run { fixture in
            let scene = StoreScene(fixture, server)
            let made = try scene.command(["key", "create", "me", "--unencrypted", "--json"]).runSuccessfully()
                .outputText
            let key = try #require(made.firstRange(of: "\"public_key\":\"")).upperBound
            try fixture.publish("a")
            try scene.index("--key", "me", "--collection", "tests")
            try Command("cp", ["-a", fixture.scratch.appending("out"), fixture.scratch.appending("before")])
                .runSuccessfully()
            #expect(try scene.publish()["pointer_count"] as? Int == 3)
            try scene.command(["init"]).runSuccessfully()
            let add: [BytePath] = ["repo", "add", "tests", scene.target, "--endpoint", BytePath(scene.endpoint)]
            try scene.command(add + ["--key", BytePath(String(made[key...].prefix(64)))]).runSuccessfully()
            try fixture.publish("a", release: 2)
            try scene.index("--key", "me")
            // The stone, the index, its files and what changed in it.
            let sent = try scene.publish()
            #expect(
                sent["pointer_count"] as? Int == 3 && (sent["sent_count"] as? Int).map { (3...4).contains($0) } == true)
            #expect(try scene.read() == ["a": 2])
            var other = scene
            other.directory = "before"
            try other.expect("rollBack", saying: "serial 2")
            try Command("rm", [fixture.scratch.appending("before/moss-collection.json")]).runSuccessfully()
            try other.expect("failed", saying: "is signed")
            #expect(try scene.read() == ["a": 2] && scene.publish()["transferred_size"] as? Int == 0)
        }
    }

    /// More objects than a store lists at once.
    @Test func manyObjects() throws {
        let server = try S3Server()
        try MossFixture.run(inMemory: true) { fixture in
            for number in 0..<1050 { try fixture.publish("p\(number)") }
            let scene = StoreScene(fixture, server)
            try scene.index()
            #expect(try scene.publish()["sent_count"] as? Int == 1052)
            let again = try scene.publish()
            #expect(again["present_count"] as? Int == 1052 && again["sent_count"] as? Int == 0)
            #expect(again["request_count"] as? Int == 5)
        }
    }

    @Test func whatCannotBePublished() throws {
        try MossFixture.run { fixture in
            let scene = StoreScene(fixture, endpoint: "http://127.0.0.1:1")
            try scene.command(["init"]).runSuccessfully()
            try scene.settle()
            let missing = try scene.publishing().run()
            #expect(missing.end == .exited(1) && missing.outputText.contains("out"), "\(missing.outputText)")
            let place = try Descriptor.openDirectory(fixture.scratch)
            try place.makeDirectory("out")
            try scene.expect("failed", saying: "no collection was published")
            #expect(try place.openDirectory("out").entries().isEmpty)
            try fixture.publish("a")
            try scene.index()
            try scene.expect("unreachable", saying: "s3://moss/stones/main")
            let offline = try scene.publishing(["--offline"]).run()
            #expect(offline.outputText.contains("\"offline\""))
            #expect(try scene.publishing(["--keep", "-1"]).run().end == .exited(2))
            for options in [["--endpoint", "ftp://x"], ["--region", "a b"]] as [[BytePath]] {
                #expect(try scene.publishing(options).run().end != .exited(0), "\(options)")
            }
        }
    }
}
