import BytePath
import LinuxSystem
import PackageModel
import TestSupport
import Testing

/// Roots made by earlier versions (`tools/old-root` packs them) can be looked at, changed and made anew.
struct OldRootTests {
    private static let archive = BytePath(#filePath).parent.appending("format-2.tar.zst")

    private func withOldRoot(_ body: (CommandRoot) throws -> Void) throws {
        try withScratchDirectory { scratch in
            let directory = try Descriptor.openDirectory(scratch)
            try directory.makeDirectory("root")
            try directory.makeDirectory("stones")
            try directory.makeDirectory("view")
            try Command(
                "tar", ["--zstd", "--numeric-owner", "-xf", Self.archive, "-C", scratch.appending("root")]
            ).runSuccessfully()
            try body(CommandRoot(at: scratch))
        }
    }

    private func read(_ root: CommandRoot, _ path: BytePath) throws -> String {
        String(decoding: try Descriptor.openDirectory(root.root).readFile(path), as: UTF8.self)
    }

    @Test(.needsRoot) func itCanBeLookedAt() throws {
        try withOldRoot { root in
            let list = try root.done("list", "installed")
            for name in ["branding", "one", "two"] { #expect(list.contains(name)) }
            #expect(try root.states().map(\.number) == [1, 2, 3])
            #expect(try root.done("state", "query", "first").contains("install branding"))
            #expect(try root.done("state", "diff", "2", "3").contains("two"))
            #expect(try root.done("blame", "/usr/bin/two").contains("two"))
            #expect(try !root.done("blame", "/usr/lib/os-release").contains("os-info"))
            try root.done("fsck", "--full")
            try root.done("state", "verify", "1")
            try root.done("du")
        }
    }

    @Test(.needsRoot) func itsStatesCanBeShown() throws {
        try withOldRoot { root in
            let view = root.path.appending("view")
            try root.done("mount", "2", view)
            let shown = try Descriptor.openDirectory(view).open("bin").entries().map(\.name.display).sorted()
            #expect(shown == ["branding", "one"])
            try root.done("umount", view)
        }
    }

    @Test(.needsRoot) func itCanBeChanged() throws {
        try withOldRoot { root in
            try root.publish(systemPackage("new"))
            try root.done("repo", "add", "test", root.stones)
            let old = try root.listing()
            try root.done("-y", "install", "new")
            #expect(try root.active() == 4)
            #expect(try read(root, "usr/lib/os-release").contains("NAME=\"Old\""))
            try root.done("-y", "undo")
            #expect(try root.listing() == old)
            try root.done("-y", "redo")
            try root.done("-y", "state", "activate", "first")
            #expect(try !root.listing().entries.contains { $0.path == "bin/one" })
            try root.done("-y", "state", "prune", "--keep", "1", "--include-newer")
            #expect(try root.states().map(\.number) == [1])
            try root.done("tidy")
            try root.done("-y", "gc", "--verify")
            try root.done("fsck", "--full")
            #expect(try root.litter() == [])
        }
    }

    @Test(.needsRoot) func itsDatabaseCanBeMadeAnew() throws {
        try withOldRoot { root in
            let (states, listing) = (try root.states(), try root.listing())
            try root.done("-y", "store", "rebuild")
            #expect(try root.states() == states)
            try root.done("fsck", "--full")
            try root.done("-y", "undo")
            try root.done("-y", "redo")
            #expect(try root.listing() == listing)
        }
    }
}
