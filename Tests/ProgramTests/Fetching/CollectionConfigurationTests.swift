import BytePath
import LinuxSystem
import PackageModel
import Signatures
import TestSupport
import Testing
import Trust

/// What becomes of a collection when its configuration changes, or is meant to, and when only some of its servers are right.
@Suite struct CollectionConfigurationTests {
    private func withScene(
        keys: [UInt8] = [1], threshold: Int = 1, _ body: (inout SignedScene) throws -> Void
    ) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            var scene = try SignedScene(in: scratch, offering: [systemPackage("a")], keys: keys, threshold: threshold)
            try body(&scene)
        }
    }

    private func key(_ number: UInt8) throws -> BytePath {
        BytePath(try SignedScene.secret(number).publicKey.hexadecimal)
    }

    @Test func whatOthersVouchedForDoesNotCount() throws {
        try withScene { scene in
            let file = scene.root.root.appending("etc/moss/repo.d/test.yaml")
            let text = String(decoding: try Descriptor.open(file).readAll(), as: UTF8.self)
            let other = text.split(separator: try key(1).display, omittingEmptySubsequences: false).map(String.init)
            #expect(other.count == 2)
            let changed = other.joined(separator: try key(2).display)
            try Descriptor.openDirectory(file.parent).replaceFile("test.yaml", with: Array(changed.utf8))
            #expect(try scene.root.done("list", "available").contains("a") == false)
            let result = try scene.root.moss("-y", "install", "a")
            #expect(result.end != .exited(0))
            // The new key has to sign; what was believed because of the other one is no obstacle.
            try scene.expect("wrongKey", "repo", "update", "test")
            try scene.put(serial: 1, by: [2])
            try scene.root.done("repo", "update")
            try scene.root.done("-y", "install", "a")
        }
    }

    @Test(arguments: ["--offline", "missing", "wrong key"]) func aFailedReplacementForgetsNothing(_ how: String) throws
    {
        try withScene { scene in
            let old = try scene.put(serial: 4)
            try scene.root.done("repo", "update")
            try scene.put(serial: 5)
            try scene.root.done("repo", "update")
            let index = BytePath(scene.server.url("stone.index"))
            var words: [BytePath] = ["repo", "add", "test", index, "--replace", "--key", try key(1)]
            switch how {
            case "--offline": words = ["--offline"] + words
            case "missing": words[3] = BytePath(scene.server.url("nowhere/stone.index"))
            default: words[6] = try key(2)
            }
            #expect(try scene.root.command(words).run().end != .exited(0))
            scene.server.put("/\(CollectionManifest.fileName)", old)
            try scene.expect("rollBack", "repo", "update", "test", naming: "serial 4")
            try scene.root.done("-y", "install", "a")
        }
    }

    @Test func aReplacementThatCannotBeWrittenDownChangesNothing() throws {
        try withScene { scene in
            let etc = scene.root.root.appending("etc")
            var bind = Command("/bin/mount", ["--bind", etc, etc])
            try bind.runSuccessfully()
            defer { _ = try? Command("/bin/umount", ["-l", etc]).run() }
            bind = Command("/bin/mount", ["-o", "remount,bind,ro", etc])
            try bind.runSuccessfully()
            let index = BytePath(scene.server.url("stone.index"))
            scene.server.put("/stone.index", try scene.index { $0.summary = "Nobody signed this" })
            let result = try scene.root.moss("repo", "add", "test", index, "--unsigned", "--replace")
            #expect(result.end != .exited(0))
            #expect(try scene.root.done("info", "a").contains("Nobody signed this") == false)
            try scene.root.done("repo", "update")
        }
    }

    // MARK: Mirrors

    @Test(arguments: [0, 1, 2]) func oneServerThatIsWrongDoesNotStopTheOthers(_ kind: Int) throws {
        try withScene { scene in
            let old = try scene.put(serial: 4)
            let primary = try HostileServer([:])
            let replies: [ServerBehaviour] = [.page("<html>log in</html>"), .status(404), .change(to: old)]
            primary.script("/\(CollectionManifest.fileName)", always: replies[kind])
            if kind == 2 { primary.put("/\(CollectionManifest.fileName)", old) }
            try scene.put(serial: 5)
            try scene.root.done("repo", "update")
            try scene.put(serial: 6)
            try scene.root.done(
                "repo", "add", "test", BytePath(primary.url("stone.index")), "--replace", "--key", key(1), "--mirror",
                BytePath(scene.server.url("stone.index")))
            try scene.root.done("-y", "install", "a")
        }
    }

    @Test func theSixthServerIsAskedToo() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let served = try ServedRoot(in: scratch, offering: [systemPackage("a")])
            let empty = try HostileServer([:])
            var words: [BytePath] = ["repo", "add", "many", BytePath(empty.url("0/stone.index")), "--unsigned"]
            for number in 1...6 { words += ["--mirror", BytePath(empty.url("\(number)/stone.index"))] }
            words += ["--mirror", BytePath(served.server.url("stone.index"))]
            try served.root.command(words).runSuccessfully()
            try served.root.done("-y", "install", "a")
        }
    }

    @Test func aLoginPageInThePlaceOfAnIndexDoesNotStopTheOthers() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let served = try ServedRoot(in: scratch, offering: [systemPackage("a")])
            let portal = try HostileServer(["stone.index": Array("<html>log in</html>".utf8)])
            try served.root.done(
                "repo", "add", "portal", BytePath(portal.url("stone.index")), "--unsigned", "--mirror",
                BytePath(served.server.url("stone.index")))
        }
    }

    @Test(arguments: [ServerBehaviour.status(416), .contentRange("bytes 0-5/6")])
    func aPartThatNoServerGoesOnWithIsFetchedAnew(_ behaviour: ServerBehaviour) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let package = largePackage("large", byteCount: 4 << 20)
            let served = try ServedRoot(in: scratch, offering: [package])
            let path = ServedRoot.path(package)
            // The plan takes the beginning, then it breaks.
            served.server.script(path, [.normal, .truncate(afterBytes: 1 << 20), behaviour], afterwards: .normal)
            try served.root.done("-y", "install", "large")
            try served.root.done("fsck", "--full")
        }
    }

    @Test func noMoreComesInASecondThanMay() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let packages = (0..<4).map { largePackage("large\($0)", byteCount: 200 << 10) }
            let served = try ServedRoot(in: scratch, offering: packages)
            let begun = monotonicNanoseconds()
            try served.root.done(
                "--limit-rate", "200K", "fetch", "-o", scratch, "large0", "large1", "large2", "large3")
            // 800 KiB, of which a quarter of a second's worth and the last piece of each may be early.
            #expect(monotonicNanoseconds() - begun > 2_000_000_000)
        }
    }
}
