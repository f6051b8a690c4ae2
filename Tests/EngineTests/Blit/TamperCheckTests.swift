import Blit
import BytePath
import FileTree
import Glibc
import LinuxSystem
import ObjectStore
import PackageModel
import States
import TestSupport
import Testing

@Suite("Telling that a tree was changed")
struct TamperCheckTests {
    private static func package() -> SamplePackage {
        var package = SamplePackage(name: "p")
        for directory in ["", "a/", "a/b/", "a/b/c/d/"] {
            package.add(file: BytePath(directory + "file"), [1])
            package.add(file: BytePath(directory + "empty"), [])
            package.add(link: BytePath(directory + "link"), to: "file")
            package.add(file: BytePath(directory + "sub/x"), [2])
            package.add(directory: BytePath(directory + "hollow"))
        }
        return package
    }

    enum Change: CaseIterable {
        case addFile, addDirectory, addLink, addHardLink, removeFile, removeEmptyFile, removeLink, removeDirectory
        case removeTree, renameFile, renameDirectory, replaceFile, replaceEmptyFile, replaceLink, replaceLinkByFile
        case replaceDirectoryByLink, replaceDirectory, exchangeFiles, exchangeDirectories, chmodDirectory
        case chownDirectory

        func apply(_ place: borrowing Descriptor) throws {
            switch self {
            case .addFile: try place.replaceFile("new", with: [1])
            case .addDirectory: try place.makeDirectory("new")
            case .addLink: try place.makeSymlink("new", to: "x")
            case .addHardLink: try place.link("file", below: place, to: "new")
            case .removeFile: try place.unlink("file")
            case .removeEmptyFile: try place.unlink("empty")
            case .removeLink: try place.unlink("link")
            case .removeDirectory: try place.removeDirectory("hollow")
            case .removeTree: try place.removeTree("sub")
            case .renameFile: try place.rename("file", to: "other")
            case .renameDirectory: try place.rename("sub", to: "other")
            case .replaceFile: try place.replaceFile("file", with: [9])
            case .replaceEmptyFile: try place.replaceFile("empty", with: [9])
            case .replaceLink:
                try place.unlink("link")
                try place.makeSymlink("link", to: "elsewhere")
            case .replaceLinkByFile:
                try place.unlink("link")
                try place.replaceFile("link", with: [1])
            case .replaceDirectoryByLink:
                try place.removeTree("sub")
                try place.makeSymlink("sub", to: "hollow")
            case .replaceDirectory:
                try place.removeDirectory("hollow")
                try place.makeDirectory("hollow")
            case .exchangeFiles: try place.exchange("file", with: "empty", below: place)
            case .exchangeDirectories: try place.exchange("sub", with: "hollow", below: place)
            case .chmodDirectory: try place.setMode(0o777, of: "sub")
            case .chownDirectory: try place.setOwner(uid: 1, gid: 1, of: "sub")
            }
        }
    }

    @Test("every change of names, and of directories' modes and owners, at any depth", .needsRoot)
    func detects() throws {
        try withEngineScratch { scratch throws in
            let tree = try scratch.composed([scratch.add(Self.package())]).root
            let blitter = Blitter(scratch.objects, threadCount: 2)
            for (number, depth) in ["", "a", "a/b", "a/b/c/d"].enumerated() {
                for change in Change.allCases {
                    var fingerprint: UInt64 = 0
                    let out = try scratch.blitted(tree, BytePath("out-\(number)-\(change)"), &fingerprint)
                    // A clock that stood in the past: all times are before this.
                    let stamp = Int64.max
                    let before = try blitter.isUnchanged(out, tree, fingerprint, since: stamp, extraNames: [".stateID"])
                    // The kernel's coarse clock may not have gone on since the stamp.
                    usleep(9_000)
                    try change.apply(depth.isEmpty ? out.duplicate() : out.openDirectory(BytePath(depth)))
                    let after = try blitter.isUnchanged(out, tree, fingerprint, since: stamp, extraNames: [".stateID"])
                    #expect(before && !after, "\(change) in \"\(depth)\"")
                }
            }
        }
    }

    @Test("what is allowed in the root directory is a file")
    func extraNames() throws {
        try withEngineScratch { scratch throws in
            let tree = try scratch.composed([scratch.add(Self.package())]).root
            var fingerprint: UInt64 = 0
            let out = try scratch.blitted(tree, "out", &fingerprint)
            let stamp = try scratch.stamp(out)
            let blitter = Blitter(scratch.objects)
            let written = fingerprint
            func isUnchanged(_ names: Set<String>) throws -> Bool {
                try blitter.isUnchanged(
                    Descriptor.openDirectory(scratch.path.appending("out")), tree, written, since: stamp,
                    extraNames: names)
            }
            try out.replaceFile(".stateID", with: [1])
            #expect(try isUnchanged([".stateID"]) && !isUnchanged([]))
            try out.unlink(".stateID")
            try out.makeDirectory(".stateID")
            #expect(try !isUnchanged([".stateID"]))
        }
    }

    @Test("reading it, linking to the same objects and exchanging it change nothing")
    func noFalseAlarm() throws {
        try withEngineScratch { scratch throws in
            let tree = try scratch.composed([scratch.add(Self.package())]).root
            var fingerprint: UInt64 = 0
            let out = try scratch.blitted(tree, "out", &fingerprint)
            let stamp = try scratch.stamp(out)
            usleep(9_000)
            _ = try scratch.differences(scratch.path.appending("out"), tree)
            _ = try scratch.blitted(tree, "second")
            let parent = try Descriptor.openDirectory(scratch.path)
            try parent.exchange("out", with: "second", below: parent)
            try parent.exchange("out", with: "second", below: parent)
            let isUnchanged = try Blitter(scratch.objects).isUnchanged(
                out, tree, fingerprint, since: stamp, extraNames: [])
            #expect(isUnchanged)
        }
    }

    @Test("what was changed in the very moment in which it was written, as on file systems of whole seconds")
    func sameMoment() throws {
        try withEngineScratch { scratch throws in
            func tree(_ shape: (inout SamplePackage) -> Void) throws -> TreeID {
                var package = SamplePackage(name: "p")
                shape(&package)
                return try scratch.composed([scratch.add(package)]).root
            }
            let written = try tree {
                $0.add(file: "a/x", [1, 2])
                $0.add(link: "a/l", to: "x")
            }
            // The times are those of one tree, the names those of another, as if they had become so in no time.
            let others = try [
                tree { $0.add(file: "a/x", [1, 2]) },
                tree {
                    $0.add(file: "a/y", [1, 2])
                    $0.add(link: "a/l", to: "x")
                },
                tree {
                    $0.add(file: "a/x", [1, 2, 3])
                    $0.add(link: "a/l", to: "x")
                },
                tree {
                    $0.add(file: "a/x", [1, 2])
                    $0.add(link: "a/l", to: "y")
                },
                tree {
                    $0.add(file: "a/x", [1, 2])
                    $0.add(file: "a/l", [1])
                },
            ]
            var fingerprint: UInt64 = 0
            let out = try scratch.blitted(written, "out", &fingerprint)
            let stamp = try out.status(of: "a").changed
            let blitter = Blitter(scratch.objects)
            let isUnchanged = try blitter.isUnchanged(out, written, fingerprint, since: stamp, extraNames: [])
            #expect(isUnchanged)
            for other in others {
                let isUnchanged = try blitter.isUnchanged(out, other, fingerprint, since: stamp, extraNames: [])
                #expect(!isUnchanged)
                // A moment later the times would have told.
                let isTold = try blitter.isUnchanged(out, other, fingerprint, since: stamp + 1, extraNames: [])
                #expect(isTold)
            }
        }
    }

    @Test("what somebody put into a tree is found, whichever of several trees it is")
    func localEntries() throws {
        try withEngineScratch { scratch throws in
            let tree = try scratch.composed([scratch.add(Self.package())]).root
            let other = try scratch.composed([scratch.add(SamplePackage(name: "q", files: [("a/other", [7])]))]).root
            let out = try scratch.blitted(tree, "out")
            let blitter = Blitter(scratch.objects)
            let none = try blitter.localEntries(in: out, besides: [tree], extraNames: [])
            #expect(none == [])
            try out.replaceFile(".stateID", with: [1])
            try out.makeDirectory("local")
            try out.replaceFile("local/tool", with: [1])
            try out.replaceFile("a/b/file", with: [1])
            try out.replaceFile("a/b/empty", with: [])
            try out.link("a/file", below: out, to: "a/hard")
            try out.unlink("a/link")
            try out.makeSymlink("a/link", to: "elsewhere")
            try out.removeDirectory("a/hollow")
            try out.makeSymlink("a/hollow", to: "b")
            try Command("mkfifo", [scratch.path.appending("out/a/b/c/fifo")]).runSuccessfully()
            let expected: [BytePath] = [
                "a/b/c/fifo", "a/b/empty", "a/b/file", "a/hard", "a/hollow", "a/link", "local",
            ]
            let found = try blitter.localEntries(in: out, besides: [tree], extraNames: [".stateID"])
            #expect(found == expected.sorted())
            let same = try blitter.localEntries(in: out, besides: [other, tree], extraNames: [".stateID"])
            #expect(same == found)
            let mixed = try scratch.blitted(other, "mixed")
            let known = try blitter.localEntries(in: mixed, besides: [tree, other], extraNames: [])
            let unknown = try blitter.localEntries(in: mixed, besides: [tree], extraNames: [])
            #expect(known == [] && unknown == ["a/other"])
        }
    }
}
