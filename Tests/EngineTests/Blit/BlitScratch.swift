import Blit
import BytePath
import FileTree
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import TestSupport

extension EngineScratch {
    /// A new directory beside the root, on the same file system.
    func newDirectory(_ name: BytePath) throws -> Descriptor {
        let parent = try Descriptor.openDirectory(path)
        try parent.makeDirectory(name)
        return try parent.openDirectory(name)
    }

    /// Full blit into a new directory.
    func blitted(_ tree: TreeID, _ name: BytePath, threads: Int = 2) throws -> Descriptor {
        let directory = try newDirectory(name)
        try Blitter(objects, threadCount: threads).blit(tree, into: directory)
        return directory
    }

    /// The same, with the tree's fingerprint.
    func blitted(_ tree: TreeID, _ name: BytePath, _ fingerprint: inout UInt64) throws -> Descriptor {
        let directory = try newDirectory(name)
        fingerprint = try Blitter(objects, threadCount: 2).blit(tree, into: directory)
        return directory
    }

    /// A change time that the file system gives now, by touching the directory.
    func stamp(_ directory: borrowing Descriptor) throws -> Int64 {
        try directory.setMode(0o755)
        return try directory.status().changed
    }

    /// Trees of random packages that share directories and contents, with odd modes among them.
    func randomTrees(_ count: Int, using random: inout SeededGenerator) throws -> [TreeID] {
        var packages: [[PackageRecord]] = []
        // Two versions of each: the same paths as other kinds of entries.
        for number in 0..<12 {
            var versions: [PackageRecord] = []
            for _ in 0..<2 { versions.append(try add(samplePackage("p\(number)", using: &random))) }
            packages.append(versions)
        }
        var trees: [TreeID] = []
        for _ in 0..<count {
            var chosen: [PackageRecord] = []
            for versions in packages {
                let pick = Int.random(in: 0...2, using: &random)
                if pick < versions.count { chosen.append(versions[pick]) }
            }
            trees.append(try composed(chosen).root)
        }
        return trees
    }
}
