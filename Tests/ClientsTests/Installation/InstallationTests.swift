import BytePath
import Digests
import FileTree
import Installation
import LinuxSystem
import ObjectStore
import PackageModel
import States
import TestSupport
import Testing

@Suite("A root through its life")
struct InstallationTests {
    @Test("install, extend, remove, sync, activate, undo and redo: the live tree is the composed one after each")
    func life() throws {
        try withInstallationScratch { scratch in
            var random = SeededGenerator.forTest()
            let names = (0..<40).map { "package\($0)" }
            for name in names { try scratch.publish(randomPackage(name, 1, &random)) }
            let first = try scratch.apply(.install(names))
            #expect(first.number == 1)
            #expect(first.selections.count == 40)

            try scratch.publish(randomPackage("late", 1, &random))
            #expect(try scratch.apply(.install(["late"])).selections.count == 41)
            #expect(try scratch.apply(.remove(["late"], keepsOrphans: false)).tree == first.tree)

            for name in names.prefix(10) { try scratch.publish(randomPackage(name, 2, &random)) }
            let synced = try scratch.apply(.sync)
            #expect(synced.tree != first.tree)

            #expect(try scratch.apply(.activate(1)).number == 1)
            #expect(try scratch.apply(.activate(synced.number)).number == synced.number)
            #expect(try scratch.apply(.undo).number == synced.parent)
            #expect(try scratch.apply(.redo).number == synced.number)
        }
    }

    /// Every kind of entry, shared directories, contents shared between packages, odd modes.
    private func randomPackage(_ name: String, _ release: UInt64, _ random: inout SeededGenerator) -> SamplePackage {
        var package = sample(name, release)
        for number in 0..<Int.random(in: 0...20, using: &random) {
            let directory = ["lib", "share/a/b", "share/\(name)", "lib/deep/er"].randomElement(using: &random) ?? "lib"
            let path = BytePath("\(directory)/\(name)-\(number)")
            switch Int.random(in: 0...6, using: &random) {
            case 0: package.add(link: path, to: "../somewhere")
            case 1: package.add(directory: path, mode: 0o700)
            case 2: package.add(file: path, [])
            case 3: package.add(file: path, Array("shared".utf8), mode: 0o4755)
            case 4: package.add(file: path, Array("shared".utf8))
            default:
                let size = Int.random(in: 1...50_000, using: &random)
                package.add(file: path, (0..<size).map { UInt8(truncatingIfNeeded: $0 &* Int(release) &+ number) })
            }
        }
        package.add(directory: "share/sticky", mode: 0o1777)
        return package
    }

    @Test("a plan says what comes, what goes and why")
    func planTells() throws {
        try withInstallationScratch { scratch in
            try scratch.publish(sample("library"))
            try scratch.publish(sample("program", needs: ["library"]))
            try scratch.changing { installation in
                let plan = try installation.plan(.install(["program"]))
                #expect(plan.additions.map(\.metadata.name) == ["library", "program"])
                #expect(plan.additions.map(\.isExplicit) == [false, true])
                #expect(plan.additions[0].reason.contains("program"))
                #expect(plan.entries.added == 11)
                #expect(plan.bytesOnDisk > 0 && plan.bytesToFetch > plan.bytesOnDisk)
                #expect(try installation.activeState() == nil)
            }
            try scratch.apply(.install(["program"]))
            try scratch.changing { installation in
                #expect(try installation.plan(.install(["program"])).isEmpty)
                let plan = try installation.plan(.remove(["library"], keepsOrphans: false))
                #expect(plan.removals.map(\.name) == ["library", "program"])
            }
        }
    }

    @Test("packages that cannot share a tree are refused with every conflict, and nothing changes")
    func conflicts() throws {
        try withInstallationScratch { scratch in
            try scratch.publish(sample("one", files: ["bin/tool", "share/x"]))
            try scratch.publish(sample("two", files: ["bin/tool", "share/x/y"]))
            try scratch.apply(.install(["one"]))
            try scratch.changing { installation in
                do {
                    _ = try installation.plan(.install(["two"]))
                    Issue.record("no conflict found")
                } catch InstallationError.fileConflicts(let lines) {
                    #expect(lines.count == 2)
                    #expect(lines.allSatisfy { $0.contains("one 1.1-1") && $0.contains("two 1.1-1") })
                }
                #expect(try installation.states().count == 1)
            }
        }
    }

    /// Changes the spare in one of several ways; nobody holds it afterwards.
    /// - Returns: its inode.
    private func tamper(_ tampering: Int, in trees: BytePath) throws -> UInt64 {
        let trees = try Descriptor.openDirectory(trees)
        let slot = try #require(try trees.entries().first)
        let spare = try trees.openDirectory(slot.name)
        switch tampering {
        case 0: try spare.replaceFile("share/doc/extra", with: [1])
        case 1: try spare.unlink("bin/a")
        case 2: try spare.setMode(0o777, of: "share/doc")
        case 3: try spare.replaceFile("top", with: [1])
        default: break
        }
        return try spare.status().inode
    }

    @Test("somebody's changes in a spare never become live")
    func tamperedSpare() throws {
        // The last one changes nothing: that spare becomes the live tree.
        for tampering in 0...4 {
            try withInstallationScratch { scratch in
                for name in ["a", "b", "c"] { try scratch.publish(sample(name)) }
                try scratch.apply(.install(["a"]))
                try scratch.apply(.install(["b"]))
                try scratch.changing { _ = try $0.tidy() }
                let inode = try tamper(tampering, in: scratch.root.appending(".moss/trees"))
                try scratch.apply(.install(["c"]))
                let live = try Descriptor.openDirectory(scratch.root).status(of: "usr").inode
                #expect((live == inode) == (tampering == 4), "tampering \(tampering)")
            }
        }
    }

    @Test("a tree that a process still looks at stays whole, and its space comes back")
    func treesInUse() throws {
        try withInstallationScratch { scratch in
            for name in ["a", "b", "c", "d", "e"] { try scratch.publish(sample(name)) }
            try scratch.apply(.install(["a"]))
            let held = try Descriptor.openDirectory(scratch.root.appending("usr/bin"))
            for name in ["b", "c", "d"] {
                try scratch.apply(.install([BytePath(name).display]))
                #expect(try held.entries().map(\.name) == ["a"])
            }
            let kept = try scratch.changing { try $0.tidy().inUse }
            #expect(kept.count == 1)
            #expect(try held.entries().map(\.name) == ["a"])
            try drop(held)
            #expect(try scratch.changing { try $0.tidy().inUse } == [])
            let trees = try Descriptor.openDirectory(scratch.root.appending(".moss/trees")).entries()
            #expect(trees.count == 1)
        }
    }

    private func drop(_ descriptor: consuming Descriptor) throws {}

    @Test("removing states frees what only they needed, and the rest stays whole")
    func removeStates() throws {
        try withInstallationScratch { scratch in
            for name in ["a", "b", "c"] { try scratch.publish(sample(name)) }
            try scratch.apply(.install(["a", "b"]))
            try scratch.apply(.remove(["b"], keepsOrphans: false))
            try scratch.apply(.install(["c"]))
            try scratch.changing { installation in
                #expect(throws: InstallationError.self) { try installation.removeStates([3]) }
                let freed = try installation.removeStates([1])
                #expect(freed.packages == 1)
                #expect(freed.objects == 2)
                #expect(try installation.states().map(\.number) == [2, 3])
            }
            try scratch.apply(.activate(2))
            try scratch.apply(.activate(3))
            try scratch.apply(.install(["b"]))
        }
    }

    @Test("blame names the package and the state since when a path is as it is")
    func blame() throws {
        try withInstallationScratch { scratch in
            for name in ["a", "b"] { try scratch.publish(sample(name)) }
            try scratch.apply(.install(["a"]))
            try scratch.apply(.install(["b"]))
            try scratch.changing { installation in
                let old = try installation.blame("/usr/bin/a")
                #expect(old.package?.name == "a" && old.since.number == 1)
                #expect(try installation.blame("bin/b").since.number == 2)
                #expect(try installation.blame("lib/os-release").package == nil)
                #expect(throws: InstallationError.self) { try installation.blame("bin/nobody") }
            }
        }
    }

    @Test("os-release is made from os-info.json, never written through a link into the store")
    func releaseFile() throws {
        try withInstallationScratch { scratch in
            var branding = sample("branding")
            let info =
                #"{"metadata":{"identity":{"id":"test","name":"Test \"OS\"","display":"Test"},"version":{"full":"1.2","short":"1"}}}"#
            branding.add(file: "lib/os-info.json", Array(info.utf8))
            branding.add(file: "lib/os-release", Array("NAME=shipped\n".utf8))
            try scratch.publish(branding)
            try scratch.apply(.install(["branding"]))
            func text() throws -> String {
                String(
                    decoding: try Descriptor.openDirectory(scratch.root).readFile("usr/lib/os-release"), as: UTF8.self)
            }
            let branded =
                "NAME=\"Test \\\"OS\\\"\"\nID=\"test\"\nVERSION_ID=\"1\"\nVERSION=\"1.2\"\nPRETTY_NAME=\"Test\"\n"
            #expect(try text() == branded)
            try scratch.publish(sample("other"))
            try scratch.apply(.install(["other"]))
            #expect(try text() == branded)
            try scratch.apply(.remove(["branding"], keepsOrphans: false))
            #expect(try text() == "NAME=\"Unbranded OS\"\nID=\"unbranded\"\nPRETTY_NAME=\"Unbranded OS\"\n")
        }
    }

    @Test("an object that is gone is fetched again from the collection, and os-release made again")
    func missingObjectsAreHealed() throws {
        try withInstallationScratch { scratch in
            for name in ["a", "b"] { try scratch.publish(sample(name)) }
            try scratch.apply(.install(["a"]))
            try scratch.apply(.install(["b"]))
            try scratch.apply(.remove(["a"], keepsOrphans: false))
            let objects = try Descriptor.openDirectory(scratch.root.appending(".moss/objects"))
            for shard in try objects.entries() where shard.kind == .directory {
                let directory = try objects.openDirectory(shard.name)
                for object in try directory.entries() { try directory.unlink(object.name) }
            }
            let trees = try Descriptor.openDirectory(scratch.root.appending(".moss/trees"))
            for tree in try trees.entries() { try trees.removeTree(tree.name) }
            try scratch.apply(.activate(2))
        }
    }

    @Test("what is written into an empty file of the live tree does not come back with a spare")
    func emptyFilesAreChecked() throws {
        try withInstallationScratch { scratch in
            var package = sample("a")
            package.add(file: "share/empty", [])
            try scratch.publish(package)
            for name in ["b", "c"] { try scratch.publish(sample(name)) }
            try scratch.apply(.install(["a"]))
            let file = scratch.root.appending("usr/share/empty")
            try Descriptor.openDirectory(file.parent).setMode(0o644, of: "empty")
            try Descriptor.open(file, .write).write([1, 2, 3])
            try scratch.apply(.install(["b"]))
            try scratch.apply(.install(["c"]))
        }
    }

    @Test("redo leads back also where the state between has been removed")
    func redoAfterRemoval() throws {
        try withInstallationScratch { scratch in
            for name in ["a", "b", "c"] { try scratch.publish(sample(name)) }
            for name in ["a", "b", "c"] { try scratch.apply(.install([name])) }
            _ = try scratch.changing { try $0.removeStates([2]) }
            #expect(try scratch.apply(.undo).number == 1)
            #expect(try scratch.apply(.redo).number == 3)
        }
    }

    @Test("a tree that an overlay has as its lower layer is not changed", .needsRoot)
    func overlayHoldsTrees() throws {
        try withInstallationScratch(rootName: "overlaid") { scratch in
            for name in ["a", "b", "c", "d"] { try scratch.publish(sample(name)) }
            try scratch.apply(.install(["a"]))
            let base = try Descriptor.openDirectory(scratch.path)
            for name in ["upper", "work", "merged"] { try base.makeDirectory(BytePath(name)) }
            let merged = scratch.path.appending("merged")
            let options = [
                "lowerdir=\(scratch.root)/usr", "upperdir=\(scratch.path)/upper", "workdir=\(scratch.path)/work",
            ]
            try Command("mount", ["-t", "overlay", "overlay", "-o", BytePath(options.joined(separator: ",")), merged])
                .runSuccessfully()
            defer { _ = try? Command("umount", [merged]).run() }
            for name in ["b", "c", "d"] {
                try scratch.apply(.install([name]))
                let programs = try Descriptor.openDirectory(merged.appending("bin")).entries().map(\.name)
                #expect(programs == ["a"])
            }
        }
    }
}
