import BytePath
import Digests
import LinuxSystem
import PackageModel
import Repositories
import Solver
import StoneFormat
import Testing

@Suite struct RepositoriesRefreshTests {
    @Test func directoriesOfStonesAreScanned() throws {
        try withRepositoryScratch { scratch in
            let bytes = try scratch.stone("nano", 3, needs: ["libc"], provides: ["binary(nano)"], summary: "An editor")
            try scratch.stone("libc", in: "stones/deep/er")
            try scratch.stone("link-target", in: "elsewhere", file: "x.stone")
            try Descriptor.openDirectory(scratch.stones).makeSymlink("link.stone", to: "../elsewhere/x.stone")
            try scratch.write("no stone", to: "stones/README")
            let refreshed = try scratch.manager.add(scratch.configuration("site"))
            #expect(refreshed.packageCount == 2)
            let registry = try scratch.manager.registry()
            let package = try #require(try registry.packages(providing: capability("binary(nano)")).first)
            #expect(package.id == bytes.withUnsafeBytes { PackageID(hashing: $0) })
            #expect(package.metadata.downloadSize == UInt64(bytes.count))
            #expect(package.metadata.dependencies == [capability("libc")])
            #expect(try registry.open(package).readAll() == bytes)
            let libc = try #require(try registry.packages(named: "libc").first)
            #expect(
                try registry.location(of: libc) == .file(scratch.stones.appending("deep/er/libc-1.1-1-1-x86_64.stone")))
        }
    }

    @Test(arguments: ["plain", "url", "directory"])
    func indicesAreRead(form: String) throws {
        try withRepositoryScratch { scratch in
            let bytes = try scratch.stone("a b%#?:é", in: "stones/sub dir", file: "a b%#?:é.stone")
            try scratch.stone("z")
            #expect(try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast).count == 2)
            var configuration = try scratch.configuration("site")
            switch form {
            case "plain": configuration.uri += "/stone.index"
            case "url": configuration.uri = "file://\(scratch.stones)/stone.index"
            default: break
            }
            #expect(try scratch.manager.add(configuration).packageCount == 2)
            let registry = try scratch.manager.registry()
            let package = try #require(try registry.packages(named: "a b%#?:é").first)
            #expect(try registry.open(package).readAll() == bytes)
        }
    }

    @Test func nothingIsKeptOfACollectionThatCannotBeRead() throws {
        try withRepositoryScratch { scratch in
            let missing = try scratch.configuration("gone", uri: "/nowhere/at/all")
            #expect(repositoryFailure { try scratch.manager.add(missing) }.contains("/nowhere/at/all"))
            try scratch.write("rubbish", to: "stones/stone.index")
            #expect(repositoryFailure { try scratch.manager.add(scratch.configuration("bad")) }.contains("stone.index"))
            #expect(try scratch.manager.list().isEmpty)
        }
    }

    @Test func idsAreTakenOnce() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            _ = try scratch.manager.add(scratch.configuration("site"))
            #expect(
                repositoryFailure { try scratch.manager.add(scratch.configuration("site")) }.contains(
                    "remove or replace"))
            try scratch.stone("b", in: "other")
            let other = try scratch.configuration("site", uri: scratch.path.appending("other"))
            _ = try scratch.manager.add(other, replacing: true)
            #expect(try scratch.manager.registry().all().map(\.name) == ["b"])
        }
    }

    @Test(arguments: ["https://example.org/stone.index", "ftp://x/y", "relative/path", "file://host/x", "file:///%00"])
    func otherLocationsAreRefused(uri: String) throws {
        try withRepositoryScratch { scratch in
            let configuration = CollectionConfiguration(id: try CollectionID("x"), uri: uri)
            do throws(RepositoryError) {
                _ = try scratch.manager.add(configuration)
                Issue.record("accepted \(uri)")
            } catch {
                #expect([.unsupportedScheme, .invalidLocation].contains(error.code))
            }
        }
    }

    /// A refresh that fails leaves what was there.
    @Test func aBrokenIndexLeavesTheOldPackages() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            let site = try CollectionID("site")
            _ = try scratch.manager.add(scratch.configuration("site"))
            let index = try Descriptor.openDirectory(scratch.stones).readFile("stone.index")
            try scratch.write(Array(index.dropLast()), to: "stones/stone.index")
            #expect(throws: RepositoryError.self) { try scratch.manager.refresh(site) }
            let (refreshed, failures) = try scratch.manager.refreshAll()
            #expect(refreshed.isEmpty && failures.count == 1)
            #expect(try scratch.manager.registry().all().map(\.name) == ["a"])
        }
    }

    @Test func unchangedIndicesAreNotReadAgain() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            let bytes = try Descriptor.openDirectory(scratch.stones).readFile("stone.index")
            try scratch.write(bytes, to: "stones/stone.index", aged: true)
            let site = try CollectionID("site")
            _ = try scratch.manager.add(scratch.configuration("site"))
            #expect(try scratch.manager.refresh(site).isChanged == false)
            // Same size and time: taken for the same without a look inside.
            try scratch.write(bytes.map { _ in 0 }, to: "stones/stone.index", aged: true)
            #expect(try scratch.manager.refresh(site).isChanged == false)
            // Another time, the same bytes.
            try scratch.write(bytes, to: "stones/stone.index")
            #expect(try scratch.manager.refresh(site).isChanged == false)
            try scratch.stone("b")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            #expect(try scratch.manager.refresh(site).isChanged)
            #expect(try scratch.manager.registry().all().map(\.name) == ["a", "b"])
        }
    }

    @Test func unchangedStonesAreNotReadAgain() throws {
        try withRepositoryScratch { scratch in
            let bytes = try scratch.stone("a", aged: true)
            try scratch.stone("b", aged: true)
            let site = try CollectionID("site")
            _ = try scratch.manager.add(scratch.configuration("site"))
            // Damaged, but of the same size and time: a scan that read it would fail.
            try scratch.write(bytes.map { _ in 0 }, to: "stones/a-1.1-1-1-x86_64.stone", aged: true)
            #expect(try scratch.manager.refresh(site).isChanged == false)
            try Descriptor.openDirectory(scratch.stones).unlink("b-1.1-1-1-x86_64.stone")
            #expect(try scratch.manager.refresh(site).isChanged)
            #expect(try scratch.manager.registry().all().map(\.name) == ["a"])
        }
    }

    @Test func removingForgetsThePackages() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try scratch.stone("b", in: "other")
            _ = try scratch.manager.add(scratch.configuration("one"))
            _ = try scratch.manager.add(scratch.configuration("one-more", uri: scratch.path.appending("other")))
            try scratch.manager.remove(try CollectionID("one"))
            #expect(try scratch.manager.registry().all().map(\.name) == ["b"])
        }
    }

    @Test func configuredElsewhereMeansNotRefreshed() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            _ = try scratch.manager.add(scratch.configuration("site"))
            try scratch.manager.files.store(scratch.configuration("site", uri: "/somewhere/else"))
            let registry = try scratch.manager.registry()
            #expect(registry.unrefreshed.map(\.text) == ["site"])
            #expect(try registry.all().isEmpty)
            #expect(try registry.packages(named: "a").isEmpty)
        }
    }
}
