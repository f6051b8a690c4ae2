import BytePath
import LinuxSystem
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// A server of channels as upstream lays it out: root index, histories, one pool; served by nginx.
@Suite(.needsNginx) struct ChannelTests {
    private struct Scene {
        let root: CommandRoot
        let channel: BytePath
        let server: NginxServer
        var base: BytePath { BytePath(server.url("")) }

        func write(_ path: BytePath, _ bytes: [UInt8]) throws {
            var place = try Descriptor.openDirectory(channel)
            for component in path.parent.components {
                try place.ensureDirectory(BytePath(component))
                place = try place.openDirectory(BytePath(component))
            }
            try place.replaceFile(path.lastComponent, with: bytes)
        }

        /// One history with these packages, whose stones go into the pool.
        func publish(history: String, _ packages: [SamplePackage]) throws {
            let listed = try packages.map { package in
                let stone = try package.stone()
                var metadata = package.metadata
                let path = "pool/v0/\(metadata.sourceID.prefix(1))/\(metadata.sourceID)/\(metadata.stoneFileName)"
                try write(BytePath(path), stone)
                metadata.uri = "../../../\(path)"
                metadata.hash = stone.withUnsafeBytes { PackageID(hashing: $0) }
                metadata.downloadSize = UInt64(stone.count)
                return metadata
            }
            try write(
                BytePath("history/\(history)/x86_64/stone.index"), StoneIndex.encode(repository: listed))
        }

        func point(unstable: String, format: String = "v0") throws {
            let text = """
                {"formats": {"v0": {"upgrade_via": "tag/last-v0"}, "v1": {}},
                 "streams": {"volatile": {"format": "v0", "history": "9"},
                             "unstable": {"format": "\(format)", "history": "\(unstable)"}},
                 "tags": {"last-v0": {"format": "v0", "history": "9"}},
                 "history": {"7": {"format": "v0"}, "8": {"format": "\(format)"}, "9": {"format": "v0"}}}
                """
            try write("moss-root-index.json", Array(text.utf8))
        }
    }

    private func withScene(_ body: (Scene) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let www = scratch.appending("www")
            try Descriptor.openDirectory(scratch).ensureDirectory("www")
            try Descriptor.openDirectory(www).ensureDirectory("main")
            try body(
                Scene(
                    root: CommandRoot(at: scratch), channel: www.appending("main"),
                    server: try NginxServer(directory: www)))
        }
    }

    @Test func streamsTagsAndHistoriesAreFollowed() throws {
        try withScene { scene in
            let root = scene.root
            try scene.publish(history: "7", [systemPackage("a")])
            try scene.publish(history: "9", [systemPackage("a", release: 2), systemPackage("b")])
            try scene.point(unstable: "7")
            try root.done("init")
            try root.done("repo", "add", "main", scene.base, "--version", "stream/unstable", "--unsigned")
            try root.done("-y", "install", "a")
            #expect(try root.done("list", "installed").contains("1.1-1"))
            // The stream moves on.
            try scene.point(unstable: "9")
            try root.done("-y", "sync", "-u")
            #expect(try root.done("list", "installed").contains("1.2-2"))
            try root.done("-y", "install", "b")
            try root.done("fsck", "--full")
            // A history stays where it is.
            try root.done("repo", "add", "main", scene.base, "--version", "history/7", "--unsigned", "--replace")
            try root.done("-y", "sync")
            #expect(try root.done("list", "installed").contains("1.1-1"))
            try root.done("repo", "add", "tagged", scene.base, "--version", "tag/last-v0", "--unsigned")
            #expect(try root.done("list", "available").contains("1.2-2"))
        }
    }

    @Test func aFormatThatNobodyKnowsIsToldWithTheWayOn() throws {
        try withScene { scene in
            let root = scene.root
            try scene.publish(history: "7", [systemPackage("a")])
            try scene.publish(history: "9", [systemPackage("a", release: 2)])
            try scene.point(unstable: "7")
            try root.done("init")
            try root.done("repo", "add", "main", scene.base, "--version", "stream/unstable", "--unsigned")
            try scene.point(unstable: "8", format: "v1")
            let result = try root.command(["--json", "repo", "update", "main"]).run()
            #expect(result.end == .exited(1))
            #expect(result.outputText.contains("unsupportedFormat"), "\(result.outputText)")
            #expect(result.outputText.contains("tag/last-v0"), "\(result.outputText)")
            // What it had it keeps, and says how old that is.
            #expect(result.outputText.contains("stays in use"), "\(result.outputText)")
            try root.done("-y", "install", "a")
        }
    }
}
