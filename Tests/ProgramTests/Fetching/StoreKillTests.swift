import BytePath
import Glibc
import LinuxSystem
import TestSupport
import Testing

/// `moss publish` killed once so many bytes of its have gone out, spread over all that it sends: readers of the store have
/// the old collection or the new one, whole, and the next command ends as if nothing had been.
@Suite(.needsS3Server, .serialized) struct StoreKillTests {
    @Test func killed() throws { try kill(pointCount: 20) }
    @Test(.long) func killedEverywhere() throws { try kill(pointCount: 200) }

    /// In the middle of parts.
    @Test func killedInParts() throws { try kill(pointCount: 3, largeByteCount: 20 << 20) }

    private func kill(pointCount: Int, largeByteCount: Int? = nil) throws {
        let server = try S3Server()
        try MossFixture.run(inMemory: true) { fixture in
            try fixture.publish("a")
            try fixture.publish("b")
            var scene = StoreScene(fixture, server)
            try scene.index()
            try Command("cp", ["-a", fixture.scratch.appending("out"), fixture.scratch.appending("before")])
                .runSuccessfully()
            try fixture.publish("a", release: 2)
            try fixture.publish("c") { package in
                if let largeByteCount { package.add(file: "lib/c", Self.noise(largeByteCount)) }
            }
            try scene.index()
            let total = try sentBytes(scene, server)
            scene.prefix = "first"
            try publishOld(scene)
            try scene.prepare()
            var tally = (old: 0, new: 0)
            for point in 1...pointCount {
                scene.prefix = "point-\(point)"
                try publishOld(scene)
                try publish(scene, server, killedAfter: point * total / pointCount)
                let found = try read(scene)
                if found["c"] == nil { tally.old += 1 } else { tally.new += 1 }
                #expect(
                    found == ["a": 1, "b": 1] || found == ["a": 2, "b": 1, "c": 1], "byte \(point * total / pointCount)"
                )
                try scene.publish()
                #expect(try scene.publish()["transferred_size"] as? Int == 0)
            }
            #expect(try read(scene) == ["a": 2, "b": 1, "c": 1])
            print("killed at \(pointCount) of \(total) bytes: \(tally.old) old, \(tally.new) new")
            #expect(tally.old > 0)
        }
    }

    private static func noise(_ byteCount: Int) -> [UInt8] {
        var generator = SeededGenerator(seed: 7)
        return (0..<byteCount / 8).flatMap { _ in
            withUnsafeBytes(of: UInt64.random(in: 0 ... .max, using: &generator)) { Array($0) }
        }
    }

    private func publishOld(_ scene: StoreScene) throws {
        var old = scene
        old.directory = "before"
        try old.publish()
    }

    /// How many bytes go out for what is new, requests and all.
    private func sentBytes(_ scene: StoreScene, _ server: S3Server) throws -> Int {
        var scene = scene
        scene.prefix = "total"
        try publishOld(scene)
        let proxy = try DelayingProxy(to: server.port, roundTripSeconds: 0)
        var passing = StoreScene(scene.fixture, server, endpoint: "http://127.0.0.1:\(proxy.port)")
        passing.prefix = scene.prefix
        try passing.publish()
        return proxy.traffic.bytesUp
    }

    private func publish(_ scene: StoreScene, _ server: S3Server, killedAfter byteCount: Int) throws {
        let proxy = try DelayingProxy(to: server.port, roundTripSeconds: 0, cutAfterBytesUp: byteCount)
        var cut = StoreScene(scene.fixture, server, endpoint: "http://127.0.0.1:\(proxy.port)")
        cut.prefix = scene.prefix
        let command = try cut.publishing().start()
        #expect(waitUntil(seconds: 60) { proxy.isCut || !command.isRunning })
        command.signal(SIGKILL)
        _ = try command.wait()
        proxy.stop()
    }

    private func read(_ scene: StoreScene) throws -> [String: Int] {
        try scene.command([
            "repo", "add", "tests", scene.target, "--endpoint", BytePath(scene.endpoint), "--unsigned", "--replace",
        ]).runSuccessfully()
        return try scene.read()
    }
}
