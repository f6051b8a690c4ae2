import BytePath
import Digests
import LinuxSystem
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// What the programs do with a stone that another writer made; skipped where `../shared/data` is absent.
@Suite("A stone of another writer, by the command line")
struct RealStoneTests {
    /// Calls `body` with the stone's bytes and a scratch directory with it in `stones`.
    private func withStone(_ body: (StonePackage, BytePath, BytePath) throws -> Void) throws {
        for (name, bytes) in SharedData.files(in: "stones", suffix: ".stone") where name.hasPrefix("bash-completion") {
            try withScratchDirectory { scratch in
                let directory = try Descriptor.openDirectory(scratch)
                try directory.makeDirectory("stones")
                try directory.makeDirectory("out")
                let path = scratch.appending("stones").appending(BytePath(name))
                try #require(TestFiles.write(bytes, to: path.display))
                try body(StoneDocument(decoding: bytes).package(), path, scratch)
            }
        }
    }

    @Test("inspect shows it, and --check verifies all of it")
    func inspect() throws {
        try withStone { package, path, _ in
            let text = try BuiltProduct.moss.command(["inspect", path]).runSuccessfully().outputText
            #expect(text.contains("Name          bash-completion") && text.contains("2.11"))
            #expect(text.contains("/usr/share/bash-completion/bash_completion"))
            try BuiltProduct.moss.command(["inspect", "--check", "--quiet", path]).runSuccessfully()
        }
    }

    @Test("extract writes what the layout says")
    func extract() throws {
        try withStone { package, path, scratch in
            try BuiltProduct.moss.command(["extract", "-o", scratch.appending("out"), path]).runSuccessfully()
            let directory = scratch.appending("out").appending(BytePath(package.metadata.metadataID)).appending("usr")
            expect(try TreeListing(of: directory), package, modes: 0o777)
        }
    }

    @Test("it can be installed from a directory without an index")
    func install() throws {
        try withStone { package, _, scratch in
            let moss = try MossProgram(making: scratch.appending("root"))
            try moss.run("repo", "add", "other", scratch.appending("stones"))
            let shown = try moss.run("install", named: ["bash-completion"])
            #expect(shown.contains("State 1 is active"))
            try moss.expectLive(1)
            #expect(try moss.installed() == ["bash-completion": package.metadata.versionText])
            var live = try TreeListing(of: moss.root.appending("usr"))
            live.entries.removeAll { $0.path == ".stateID" || $0.path == "lib/os-release" }
            expect(live, package, modes: 0o555)
        }
    }

    /// Every entry of the layout is there with its kind, content and mode, and beside directories there is nothing else.
    private func expect(_ found: TreeListing, _ package: StonePackage, modes: UInt32) {
        let entries = Dictionary(found.entries.map { ($0.path, $0) }) { first, _ in first }
        for entry in package.layout {
            let path = entry.path.display
            switch (entry.kind, entries[entry.path]) {
            case (.regular(let digest), let there?):
                #expect(there.kind == .regular && there.digest == digest, "\(path)")
                #expect(there.mode == entry.mode & modes, "\(path)")
            case (.symlink(let target), let there?):
                #expect(there.kind == .symlink && there.linkTarget == target, "\(path)")
            case (_, let there): #expect(there?.kind == .directory, "\(path)")
            }
        }
        #expect(found.entries.count { $0.kind != .directory } == package.layout.count { $0.kind != .directory })
    }
}
