import Blit
import BytePath
import Digests
import Failures
import FileTree
import LinuxSystem
import ObjectStore
import PackageModel
import States
import TestSupport
import Testing

@Suite("Trees to disk")
struct BlitTests {
    @Test("a full blit is the tree, with any number of threads", arguments: [1, 2, 4])
    func full(threads: Int) throws {
        try withEngineScratch { scratch throws in
            var random = SeededGenerator.forTest()
            let entries = Counter()
            for (number, tree) in try scratch.randomTrees(4, using: &random).enumerated() {
                let name = BytePath("out\(number)")
                let directory = try scratch.newDirectory(name)
                let before = entries.total
                try Blitter(scratch.objects, threadCount: threads) { entries.add($0) }.blit(tree, into: directory)
                #expect(try scratch.differences(scratch.path.appending(name), tree) == [])
                #expect(try entries.total - before == scratch.expected(tree).entries.count)
            }
        }
    }

    @Test("files are links to objects, empty ones are files of their own")
    func links() throws {
        try withEngineScratch { scratch throws in
            var package = SamplePackage(name: "p")
            package.add(file: "a", [1, 2, 3])
            package.add(file: "b/c", [1, 2, 3])
            package.add(file: "e1", [])
            package.add(file: "e2", [], mode: 0o4755)
            let out = try scratch.blitted(scratch.composed([scratch.add(package)]).root, "out")
            let inode = try scratch.objectStatus(ObjectID(hashing: [1, 2, 3]), EntryMetadata(mode: 0o444))?.inode
            let found = try ["a", "b/c"].map { try out.status(of: $0).inode }
            #expect(found == [inode, inode])
            let empties = try ["e1", "e2"].map { try out.status(of: $0) }
            #expect(empties.map(\.linkCount) == [1, 1])
            #expect(empties.map(\.modifiedSeconds) == [ObjectStore.objectTime, ObjectStore.objectTime])
            #expect(empties.map(\.permissions) == [0o444, 0o4555])
        }
    }

    @Test("owners are applied to every kind of entry", .needsRoot)
    func owners() throws {
        try withEngineScratch { scratch throws in
            var package = SamplePackage(name: "p")
            package.add(file: "f", [1])
            let digest = ObjectID(hashing: [1])
            package.add(LayoutEntry(path: "g", kind: .regular(digest), mode: 0o106755, uid: 5, gid: 6))
            package.add(LayoutEntry(path: "e", kind: .regular(.ofNothing), mode: 0o106711, uid: 5, gid: 6))
            package.add(LayoutEntry(path: "l", kind: .symlink("f"), mode: 0o120777, uid: 5, gid: 6))
            package.add(LayoutEntry(path: "d", kind: .directory, mode: 0o042775, uid: 5, gid: 6))
            package.add(file: "d/x", [2])
            package.add(file: "empty", [])
            let tree = try scratch.composed([scratch.add(package)])
            _ = try scratch.blitted(tree.root, "out")
            #expect(try scratch.differences(scratch.path.appending("out"), tree.root) == [])
            let found = try TreeListing(of: scratch.path.appending("out"))
            #expect(found.entries.filter { $0.uid == 5 && $0.gid == 6 }.count == 4)
        }
    }

    @Test("names of any bytes and of full length, and deep paths")
    func names() throws {
        try withEngineScratch { scratch throws in
            var package = SamplePackage(name: "p")
            package.add(file: BytePath(bytes: [0xff, 0xfe, 0x0a, 0x20, 0x5c]), [1])
            package.add(file: BytePath(bytes: [UInt8](repeating: 0xe9, count: 255)), [2])
            package.add(link: BytePath(bytes: [0x80]), to: BytePath(bytes: [0xff, 0x2f, 0xfe]))
            package.add(link: "long", to: BytePath(bytes: [UInt8](repeating: 0x61, count: 4095)))
            let deep = (0..<14).map { String(repeating: "d", count: 254) + "\($0 % 10)" }.joined(separator: "/")
            package.add(file: BytePath(deep + "/file"), [3])
            package.add(directory: BytePath(deep + "/closed"), mode: 0o555)
            package.add(file: BytePath((0..<200).map { _ in "x" }.joined(separator: "/")), [4])
            let tree = try scratch.composed([scratch.add(package)])
            let out = try scratch.blitted(tree.root, "out")
            #expect(try scratch.differences(scratch.path.appending("out"), tree.root) == [])
            try scratch.save(.empty)
            try Blitter(scratch.objects).patch(out, from: tree.root, to: Directory.empty.id, fingerprint: 0)
            let left = try out.entries()
            #expect(left.isEmpty)
        }
    }

    @Test("a patch from any tree to any other gives that tree")
    func patches() throws {
        try withEngineScratch { scratch throws in
            var random = SeededGenerator.forTest()
            try scratch.save(.empty)
            let trees = try scratch.randomTrees(12, using: &random) + [Directory.empty.id]
            var current = trees[0]
            var fingerprint: UInt64 = 0
            let out = try scratch.blitted(current, "out", &fingerprint)
            for step in 0..<40 {
                let next = trees.randomElement(using: &random) ?? current
                let blitter = Blitter(scratch.objects, threadCount: 1 + step % 3)
                fingerprint = try blitter.patch(out, from: current, to: next, fingerprint: fingerprint)
                current = next
                #expect(try scratch.differences(scratch.path.appending("out"), current) == [], "step \(step)")
                let stamp = try scratch.stamp(out)
                let isUnchanged = try blitter.isUnchanged(
                    out, current, fingerprint, since: stamp, extraNames: [])
                #expect(isUnchanged, "step \(step)")
            }
        }
    }

    @Test("an entry may become any other kind of entry")
    func kinds() throws {
        try withEngineScratch { scratch throws in
            let makers: [(inout SamplePackage) -> Void] = [
                { _ in },
                { $0.add(file: "d/x", [1]) }, { $0.add(file: "d/x", [1], mode: 0o755) }, { $0.add(file: "d/x", [2]) },
                { $0.add(file: "d/x", []) }, { $0.add(file: "d/x", [], mode: 0o4755) },
                { $0.add(link: "d/x", to: "a") }, { $0.add(link: "d/x", to: "b") },
                { $0.add(directory: "d/x") }, { $0.add(directory: "d/x", mode: 0o1777) },
                {
                    $0.add(directory: "d/x", mode: 0o555)
                    $0.add(file: "d/x/y/z", [1])
                },
                { $0.add(file: "d/x/y/z", [1]) },
                {
                    $0.add(directory: "d", mode: 0o2500)
                    $0.add(file: "d/x/y", [1])
                },
                { $0.add(file: "d", [1]) },
            ]
            let trees = try makers.enumerated().map { number, make in
                var package = SamplePackage(name: "p\(number)")
                make(&package)
                return try scratch.composed([scratch.add(package)]).root
            }
            for (from, old) in trees.enumerated() {
                for (to, new) in trees.enumerated() {
                    let name = BytePath("out-\(from)-\(to)")
                    let out = try scratch.blitted(old, name)
                    try Blitter(scratch.objects).patch(out, from: old, to: new, fingerprint: 0)
                    #expect(try scratch.differences(scratch.path.appending(name), new) == [], "\(from) to \(to)")
                }
            }
        }
    }

    @Test("a tree that is not the recorded one is said to be tampered with, not patched into a third")
    func patchRefuses() throws {
        try withEngineScratch { scratch throws in
            let one = try scratch.add(SamplePackage(name: "a", files: [("d/a", [1]), ("gone/x", [5])]))
            let two = try scratch.add(SamplePackage(name: "b", files: [("d/b", [2]), ("d/s/t", [3])]))
            let old = try scratch.composed([one]).root
            let new = try scratch.composed([two]).root
            for tampering in 0...7 {
                let out = try scratch.blitted(old, BytePath("out\(tampering)"))
                switch tampering {
                case 0: try out.unlink("d/a")
                case 1: try out.replaceFile("d/b", with: [9])
                case 2: try out.makeDirectory("d/s")
                case 3: try out.replaceFile("gone/unknown", with: [9])
                case 4: try out.removeTree("d")
                case 5: try out.removeTree("gone")
                case 6:
                    try out.removeTree("d")
                    try out.makeSymlink("d", to: "gone")
                default:
                    try out.unlink("d/a")
                    try out.makeDirectory("d/a")
                }
                do throws(BlitError) {
                    try Blitter(scratch.objects).patch(out, from: old, to: new, fingerprint: 0)
                    Issue.record("tampering \(tampering) was patched over")
                } catch {
                    #expect(error.marks.contains(.tampered), "tampering \(tampering): \(error)")
                }
            }
        }
    }

    @Test("blitting over something is an error, and so is an object that is gone")
    func failures() throws {
        try withScratchDirectory { path in
            let scratch = try EngineScratch(path)
            let record = try scratch.add(SamplePackage(name: "p", files: [("a/b", [1]), ("a/c", [2]), ("d", [3])]))
            let tree = try scratch.composed([record]).root
            let out = try scratch.blitted(tree, "out")
            let blitter = Blitter(scratch.objects, threadCount: 4)
            do throws(BlitError) {
                try blitter.blit(tree, into: out)
                Issue.record("blitted over a tree")
            } catch {}
            try scratch.states.root.moss.unlink(EngineScratch.objectPath(ObjectID(hashing: [2]), .plainFile))
            let other = try scratch.newDirectory("other")
            do throws(BlitError) {
                try blitter.blit(tree, into: other)
                Issue.record("blitted without an object")
            } catch {
                guard case .store(.missingObject(let digest)) = error else {
                    Issue.record("\(error)")
                    return
                }
                #expect(digest == ObjectID(hashing: [2]))
            }
            let third = try scratch.newDirectory("third")
            do throws(BlitError) {
                try blitter.blit(TreeID(high: 1, low: 2), into: third)
                Issue.record("blitted an unknown tree")
            } catch {}
        }
    }

    @Test("a variant that is gone is made from another")
    func restores() throws {
        try withEngineScratch { scratch throws in
            var package = SamplePackage(name: "p")
            let bytes = noise(1000)
            let modes = [UInt32(0o644), 0o755, 0o4755]
            for mode in modes { package.add(file: BytePath("f\(mode)"), bytes, mode: mode) }
            let tree = try scratch.composed([scratch.add(package)]).root
            for mode in modes {
                let path = EngineScratch.objectPath(ObjectID(hashing: bytes), EntryMetadata(mode: mode & 0o7555))
                try scratch.states.root.moss.unlink(path)
                let name = BytePath("out\(mode)")
                _ = try scratch.blitted(tree, name)
                #expect(try scratch.differences(scratch.path.appending(name), tree) == [])
                #expect(try scratch.complaints().isEmpty)
            }
        }
    }

    @Test("an inode with as many links as ext4 allows is followed by another", .needsLoopDevices)
    func linkLimit() throws {
        try LoopFileSystem(sizeMiB: 64).mounted { mountPoint in
            try withEngineScratch(in: mountPoint) { scratch throws in
                let bytes = noise(1000)
                var package = SamplePackage(name: "p")
                for number in 0..<20 { package.add(file: BytePath("d/f\(number)"), bytes) }
                let tree = try scratch.composed([scratch.add(package)]).root
                let path = EngineScratch.objectPath(ObjectID(hashing: bytes), .plainFile)
                let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
                let links = try scratch.newDirectory("links")
                for number in 0..<(65_000 - 10) { try links.link(path, below: moss, to: BytePath("\(number)")) }
                let before = try moss.status(of: path)
                _ = try scratch.blitted(tree, "out", threads: 2)
                #expect(try scratch.differences(mountPoint.appending("out"), tree) == [])
                let after = try moss.status(of: path)
                #expect(before.inode != after.inode && after.linkCount > 1)
            }
        }
    }
}
