import BytePath
import Glibc
import LinuxSystem
import PackageModel
import Signatures
import TestSupport
import Testing
import Trust

/// The attacks on update systems that the literature names, each refused with an error of its own name; and what must go
/// on working.
@Suite struct SignedCollectionTests {
    private func withScene(
        _ packages: [SamplePackage] = [systemPackage("a")], keys: [UInt8] = [1], threshold: Int = 1,
        _ body: (inout SignedScene) throws -> Void
    ) throws {
        try withScratchDirectory(inMemory: true) { scratch in
            var scene = try SignedScene(in: scratch, offering: packages, keys: keys, threshold: threshold)
            try body(&scene)
        }
    }

    @Test func aSignedCollectionIsUsed() throws {
        try withScene { scene in
            try scene.root.done("-y", "install", "a")
            scene.offer([systemPackage("a", release: 2)])
            try scene.put(serial: 2)
            try scene.root.done("-y", "sync", "-u")
            #expect(try scene.root.done("list", "installed").contains("1.2-2"))
            try scene.root.done("fsck", "--full")
        }
    }

    @Test func arbitraryPackage() throws {
        try withScene { scene in
            let path = "/\(scene.packages[0].metadata.stoneFileName)"
            var stone = try scene.packages[0].stone()
            stone[stone.count - 20] ^= 1
            scene.server.put(path, stone)
            try scene.expect("arbitraryPackage", "install", "a", naming: "SHA-256")
            scene.server.put(path, try systemPackage("evil").stone())
            try scene.expect("arbitraryPackage", "install", "a")
            #expect(try scene.root.names(in: "packages") == [])
        }
    }

    @Test func rollBack() throws {
        try withScene { scene in
            let old = try scene.put(serial: 4)
            try scene.root.done("repo", "update")
            try scene.put(serial: 5)
            try scene.root.done("repo", "update")
            scene.server.put("/\(CollectionManifest.fileName)", old)
            try scene.expect("rollBack", "repo", "update", "test", naming: "serial 4")
            // Not even after the database is made anew.
            try scene.root.done("store", "rebuild")
            try scene.expect("rollBack", "repo", "update", "test")
        }
    }

    @Test func freeze() throws {
        try withScene { scene in
            // It warns before it refuses.
            try scene.put(serial: 2, expires: SignedScene.now + 600)
            let result = try scene.root.moss("repo", "update")
            #expect(result.end == .exited(0), "\(result.errorText)")
            #expect(result.errorText.contains("expire"), "\(result.errorText)")
            try scene.put(serial: 3, expires: SignedScene.now - 1)
            try scene.expect("freeze", "repo", "update", "test")
        }
    }

    @Test func fastForward() throws {
        try withScene { scene in
            try scene.put(serial: 1 << 52)
            try scene.expect("fastForward", "repo", "update", "test")
            try scene.put(
                serial: 2, created: SignedScene.now + 3 * SignedScene.day,
                expires: SignedScene.now + 9 * SignedScene.day)
            try scene.expect("fastForward", "repo", "update", "test")
            try scene.put(serial: 2)
            try scene.root.done("repo", "update")
        }
    }

    @Test func endlessData() throws {
        try withScene { scene in
            try scene.put(serial: 2, index: try scene.index { $0.summary = "other" })
            scene.server.script("/by-hash/2.index", always: .endlessBody)
            try scene.expect("endlessData", "repo", "update", "test")
            scene.server.script("/by-hash/2.index", always: .normal)
            scene.server.script("/\(CollectionManifest.fileName)", always: .endlessBody)
            try scene.expect("endlessData", "repo", "update", "test")
        }
    }

    @Test func mixAndMatch() throws {
        try withScene { scene in
            // The index of another time under the manifest of this one, of the same length.
            var other = try scene.index { $0.summary = "otherwise" }
            try scene.put(serial: 2, index: other)
            other[other.count - 3] ^= 1
            scene.server.put("/by-hash/2.index", other)
            try scene.expect("mixAndMatch", "repo", "update", "test")
        }
    }

    @Test func wrongKey() throws {
        try withScene { scene in
            try scene.put(serial: 2, by: [2])
            try scene.expect("wrongKey", "repo", "update", "test")
            scene.server.put("/\(CollectionManifest.fileName)", Array("{}".utf8))
            try scene.expect("untrusted", "repo", "update", "test")
        }
    }

    @Test func extraneousDependency() throws {
        var package = systemPackage("a")
        package.metadata.dependencies = [Capability(.name, "b")]
        try withScene([package, systemPackage("b")]) { scene in
            let index = try scene.index { metadata in metadata.dependencies = [] }
            try scene.put(serial: 2, index: index)
            try scene.root.done("repo", "update")
            try scene.expect("extraneousDependency", "install", "a")
        }
    }

    @Test func slowRetrieval() throws {
        try withScene { scene in
            scene.server.script("/\(scene.packages[0].metadata.stoneFileName)", always: .trickle(bytesPerSecond: 20))
            try scene.expect("slowRetrieval", "install", "a")
        }
    }

    @Test func oneStolenKeyOfThreeIsNotEnough() throws {
        try withScene(keys: [1, 2, 3], threshold: 2) { scene in
            try scene.put(serial: 2, by: [1])
            try scene.expect("wrongKey", "repo", "update", "test")
            try scene.put(serial: 2, by: [1, 1])
            try scene.expect("wrongKey", "repo", "update", "test")
            try scene.put(serial: 2, by: [2, 3])
            try scene.root.done("repo", "update")
        }
    }

    /// A root that slept through ten rotations follows them all.
    @Test func keysAreRotated() throws {
        try withScene { scene in
            var set = try KeySet.first(collection: "demo", keys: [SignedScene.key(1)], threshold: 1, for: "demo")
            let signer = { (keys: [UInt8]) in Signer(try keys.map(SignedScene.secret)) }
            scene.server.put("/keys/1.json", try signer([1]).sign(set.payload, type: .keys))
            for number in UInt8(2)...10 {
                var change = KeySetChange()
                change.added = [try SignedScene.key(number)]
                change.removed = [try SignedScene.key(number - 1).id]
                set = try set.changed(by: change, for: "demo")
                scene.server.put(
                    "/\(KeySet.path(version: UInt64(number)))",
                    try signer([number - 1, number]).sign(set.payload, type: .keys))
            }
            try scene.put(serial: 2, keySet: 10, by: [10])
            // The first step leads from what the user was told to the set that the manifest names, which key 1 did not
            // sign; so the sets are followed from the first.
            let result = try scene.root.moss("repo", "update", "test")
            #expect(result.end == .exited(0), "\(result.errorText)")
            // Keys that went do not count any more.
            try scene.put(serial: 3, keySet: 10, by: [1])
            try scene.expect("wrongKey", "repo", "update", "test")
            try scene.put(serial: 3, keySet: 10, by: [9])
            try scene.expect("wrongKey", "repo", "update", "test")
            try scene.put(serial: 3, keySet: 10, by: [10])
            try scene.root.done("repo", "update")
        }
    }

    @Test func withoutAWordAboutTrustNothingIsTaken() throws {
        try withScene { scene in
            let url = BytePath(scene.server.url("stone.index"))
            let result = try scene.root.moss("repo", "add", "other", url)
            #expect(result.end != .exited(0))
            #expect(result.errorText.contains("--key") && result.errorText.contains("--unsigned"))
        }
    }

    @Test func plansSayWhatNobodyVouchesFor() throws {
        try withScratchDirectory(inMemory: true) { scratch in
            let scene = try ServedRoot(in: scratch, offering: [systemPackage("a")])
            let plan = try scene.root.done("-y", "install", "a")
            #expect(plan.contains("unsigned"), "\(plan)")
        }
    }
}
