import BytePath
import Glibc
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Candidates whose packages stay on their server until somebody opens what is in them.
@Suite struct LazyFetchTests {
    /// A package of 48 MB: large files, and a small one.
    private static let large: SamplePackage = {
        var package = SamplePackage(name: "large", version: "1", release: 1)
        for number in 0..<6 {
            var generator = SeededGenerator(seed: UInt64(number))
            let bytes = (0..<1_000_000).flatMap { _ in
                withUnsafeBytes(of: UInt64.random(in: 0 ... .max, using: &generator)) { Array($0) }
            }
            package.add(file: BytePath("lib/large\(number)"), bytes)
        }
        package.add(file: "bin/small", Array("small\n".utf8), mode: 0o755)
        package.add(file: "bin/special", Array("special\n".utf8), mode: 0o4755)
        return package
    }()

    private struct Scene {
        let served: ServedRoot
        let place: BytePath
        var path: String { ServedRoot.path(LazyFetchTests.large) }

        func mount(lazily: Bool = true) throws {
            let words: [BytePath] = ["mount", "--candidate", "install large"] + (lazily ? ["--lazy"] : [])
            try served.root.command(words + [place]).runSuccessfully()
        }

        func content(_ path: BytePath) throws -> [UInt8] {
            try Descriptor.open(place.appending(path)).readAll()
        }
    }

    private func withScene(_ body: (Scene) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let served = try ServedRoot(in: scratch, offering: [Self.large])
            let place = scratch.appending("view")
            try Descriptor.openDirectory(scratch).ensureDirectory("view")
            defer { _ = try? served.root.moss("umount", "--lazy", place) }
            try body(Scene(served: served, place: place))
        }
    }

    @Test func aSmallFileTakesAPartOfTheStone() throws {
        try withScene { scene in
            try scene.mount()
            let atMount = scene.served.bytesSent(scene.path)
            #expect(atMount < 1 << 20)
            #expect(try scene.content("bin/small") == Array("small\n".utf8))
            #expect(try scene.content("bin/special") == Array("special\n".utf8))
            let mode = try Descriptor.open(scene.place.appending("bin/special")).status().permissions
            #expect(mode == 0o4555)
            let size = try Self.large.stone().count
            #expect(
                scene.served.bytesSent(scene.path) < size / 10 + (256 << 10),
                "\(scene.served.bytesSent(scene.path)) of \(size)")
            // A file of two frames, read in the middle.
            let entry = try #require(Self.large.layout.first { $0.path == "lib/large3" })
            guard case .regular(let digest) = entry.kind else { return }
            let wanted = try #require(Self.large.content(digest))
            #expect(try scene.content("lib/large3") == wanted)
            #expect(scene.served.bytesSent(scene.path) < size / 2)
            let again = scene.served.bytesSent(scene.path)
            #expect(try scene.content("lib/large3") == wanted)
            #expect(scene.served.bytesSent(scene.path) == again)
            // Nothing of it is in the root.
            #expect(try scene.served.root.names(in: "packages") == [])
        }
    }

    @Test func whoWaitsKeepsNobodyElseWaiting() throws {
        try withScene { scene in
            try scene.mount()
            scene.served.server.script(scene.path, always: .silence(seconds: 30))
            let finished = Guarded(0)
            // As many files and places in them as the view has threads, and more.
            for number in 0..<12 {
                #expect(
                    withThreadBeside {
                        let path = BytePath("lib/large\(number / 2)")
                        if let file = try? Descriptor.open(scene.place.appending(path)) {
                            _ = try? file.read(1, at: UInt64(number % 2) * 4_000_000)
                        }
                        finished.withLock { $0 += 1 }
                    })
            }
            sleep(1)
            // Names that the kernel has not asked for before.
            for number in 0..<20 {
                #expect((try? Descriptor.open(scene.place.appending(BytePath("lib/none\(number)")))) == nil)
            }
            #expect(finished.withLock { $0 } == 0)
            scene.served.server.script(scene.path, always: .normal)
            #expect(waitUntil(seconds: 60) { finished.withLock { $0 } == 12 })
        }
    }

    // The small files are in the last frame.
    @Test(
        arguments: [
            (ServerBehaviour.ignoreRange, true), (.shiftRange(by: 1), nil), (.flip(at: 48_000_100), false),
            (.status(404), false),
        ] as [(ServerBehaviour, Bool?)])
    func wrongPartsAreNeverShown(_ behaviour: ServerBehaviour, sendsWholes: Bool?) throws {
        try withScene { scene in
            try scene.mount()
            scene.served.server.script(scene.path, always: behaviour)
            // Without parts the whole stone is fetched, where the server has that.
            let found = try? scene.content("bin/small")
            #expect(found == nil || found == Array("small\n".utf8))
            if let sendsWholes { #expect((found != nil) == sendsWholes) }
            scene.served.server.script(scene.path, always: .normal)
            #expect(try scene.content("bin/small") == Array("small\n".utf8))
        }
    }

    @Test func aHeadThatIsNotThePromisedOneIsRefused() throws {
        try withScene { scene in
            var stone = try Self.large.stone()
            // In the hash of a frame: everything else stays as it was.
            stone[stone.count / 2] ^= 1
            stone[600] ^= 1
            scene.served.server.put(scene.path, stone)
            let result = try scene.served.root.moss(
                "mount", "--candidate", "install large", "--lazy", scene.place)
            #expect(result.end != .exited(0))
            #expect(result.errorText.contains("large"), "\(result.errorText)")
        }
    }

    @Test func aStoneWhoseSizeNobodyPromisedIsThereAtOnce() throws {
        try withScratchDirectory { scratch in
            let scene = try SignedScene(in: scratch, offering: [systemPackage("a")])
            try scene.put(serial: 2, index: scene.index { $0.downloadSize = nil })
            try scene.root.done("repo", "update")
            let place = scratch.appending("view")
            try Descriptor.openDirectory(scratch).ensureDirectory("view")
            try scene.root.done("mount", "--candidate", "install a", "--lazy", place)
            defer { _ = try? scene.root.moss("umount", "--lazy", place) }
            #expect(try Descriptor.open(place.appending("bin/a-0")).readAll() == Array("a 0 1\n".utf8))
        }
    }

    @Test func offlineNothingIsLeftForLater() throws {
        try withScene { scene in
            let result = try scene.served.root.moss(
                "mount", "--offline", "--candidate", "install large", "--lazy", scene.place)
            #expect(result.end != .exited(0))
            #expect(result.errorText.contains("offline"), "\(result.errorText)")
        }
    }
}
