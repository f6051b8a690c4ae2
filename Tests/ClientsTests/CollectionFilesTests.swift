import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import FileIndex
import LinuxSystem
import PackageModel
import Publishing
import StoneFormat
import TestSupport
import Testing

@Suite struct CollectionFilesTests {
    private func index(_ scratch: RepositoryScratch, _ directory: BytePath) throws {
        try CollectionIndexer(directory: scratch.path.appending(directory)).writeIndex(options: .fast)
    }

    private func found(_ scratch: RepositoryScratch, _ pattern: BytePath) throws -> [String] {
        try scratch.manager.offeredFiles().files(matching: pattern, limit: 100).files
            .map { "\($0.path) \($0.package) \($0.collection)" }
    }

    @Test func filesOfAllCollectionsAreFound() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try scratch.stone("b")
            try scratch.stone("a", 2, in: "more")
            try scratch.stone("plain", in: "scanned")
            for directory in ["stones", "more"] as [BytePath] { try index(scratch, directory) }
            for (id, directory) in [("one", "stones"), ("two", "more"), ("scanned", "scanned")] {
                _ = try scratch.manager.add(
                    scratch.configuration(id, uri: scratch.path.appending(directory), priority: id == "two" ? 5 : 0))
            }
            let files = try scratch.manager.offeredFiles()
            #expect(files.unindexed.map(\.text) == ["scanned"])
            #expect(try files.files(at: "share/a").map(\.collection.text) == ["two", "one"])
            #expect(try files.files(at: "share/nothing").isEmpty)
            #expect(try found(scratch, "/usr/share/") == ["share/a a one", "share/a a two", "share/b b one"])
            #expect(try found(scratch, "[b-z]") == ["share/b b one"])
            let some = try files.files(matching: "share", limit: 1)
            #expect(some.files.count == 2 && !some.isComplete)
        }
    }

    @Test func onlyTheFilesOfThePresentIndexCount() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try index(scratch, "stones")
            _ = try scratch.manager.add(scratch.configuration("site"))
            try scratch.stone("b")
            try index(scratch, "stones")
            #expect(try scratch.manager.offeredFiles().unindexed.map(\.text) == ["site"])
            _ = try scratch.manager.refresh(CollectionID("site"))
            #expect(try found(scratch, "share/") == ["share/a a site", "share/b b site"])
            try scratch.write("rubbish", to: "stones/stone.files")
            #expect(repositoryFailure { try scratch.manager.offeredFiles() }.contains("stones/stone.files"))
            try Descriptor.openDirectory(scratch.stones).unlink("stone.files")
            #expect(try scratch.manager.offeredFiles().unindexed.map(\.text) == ["site"])
        }
    }

    @Test func copiesAreUsedForTheIndexTheyBelongTo() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try index(scratch, "stones")
            let id = try CollectionID("site")
            _ = try scratch.manager.add(scratch.configuration("site"))
            let bytes = try Descriptor.openDirectory(scratch.stones).readFile("stone.files")
            try Descriptor.openDirectory(scratch.stones).rename("stone.files", to: "fetched")
            let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
            let cache = FileIndexCache(root: scratch.root)
            let fetched = { try Descriptor.open(scratch.stones.appending("fetched")) }
            let other = SHA256Digest(hashing: UnsafeRawBufferPointer(start: nil, count: 0))
            #expect(repositoryFailure { try cache.update(id, from: fetched(), digest: other) }.contains("site"))
            #expect(try scratch.manager.offeredFiles().unindexed == [id])
            try cache.update(id, from: fetched(), digest: digest)
            #expect(try found(scratch, "share") == ["share/a a site"])

            // Each byte that is lost later is noticed, and nothing else is told.
            let path = scratch.root.appending(".moss/collections/site")
            var damaged = bytes
            damaged[bytes.count - 1] ^= 1
            try Descriptor.openDirectory(path).replaceFile("files", with: damaged)
            #expect(repositoryFailure { try found(scratch, "share") }.contains("update the collection"))
            try Descriptor.openDirectory(path).replaceFile("files", with: Array(bytes.dropLast(9)))
            #expect(repositoryFailure { try found(scratch, "share") }.contains("update the collection"))

            try Descriptor.openDirectory(path).unlink("files")
            #expect(try scratch.manager.offeredFiles().unindexed == [id])
            // What is no file index is not taken, whatever its digest.
            try scratch.write("rubbish", to: "stones/fetched")
            let rubbish = Array("rubbish".utf8).withUnsafeBytes { SHA256Digest(hashing: $0) }
            #expect(
                repositoryFailure { try cache.update(id, from: fetched(), digest: rubbish) }.contains("no file index"))
        }
    }
}

@Suite struct PackageSearchTests {
    @Test func theBestComeFirst() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("zip", summary: "Packs files")
            try scratch.stone("zipper")
            try scratch.stone("unzip")
            try scratch.stone("busybox", provides: ["binary(zipinfo)", "binary(Ünzip)"])
            try scratch.stone("archiver", summary: "Opens ZIP files, and more")
            try scratch.stone("other", provides: ["binary(gzip)"], summary: "nothing")
            _ = try scratch.manager.add(scratch.configuration("site"))
            let registry = try scratch.manager.registry()
            let names = { (words: [String]) in try registry.search(words).map(\.package.name) }
            #expect(try names(["ZIP"]) == ["zip", "zipper", "unzip", "archiver"])
            #expect(try names(["zip"]) == ["zip", "zipper", "unzip", "busybox", "archiver"])
            #expect(try names(["files", "zip"]) == ["zip", "archiver"])
            #expect(try names(["zip", "nowhere"]).isEmpty)
            #expect(try names(["zipinfo"]) == ["busybox"])
            #expect(try names([""]).count == 6)
            #expect(try names([String(repeating: "long", count: 100), "a\0"]).isEmpty)
        }
    }

    @Test func ranks() {
        let search = PackageSearch(["na", "ed"])
        #expect(search.rank(name: "nano".utf8, summary: "An EDitor".utf8) == 5)
        #expect(search.rank(name: "nano".utf8, summary: "".utf8) == nil)
        #expect(search.rank(name: "ed".utf8, summary: "na".utf8) == 4)
        #expect(search.rank(name: "xna".utf8, summary: "ed".utf8) { $0 == 1 } == 5)
    }
}
