import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import Downloads
import Glibc
import LinuxSystem
import PackageModel
import Publishing
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
            let opened = try registry.open(package)
            let found = try opened.file.readAll()
            #expect(found == bytes)
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
            #expect(try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast).packages.count == 2)
            var configuration = try scratch.configuration("site")
            switch form {
            case "plain": configuration.uri += "/stone.index"
            case "url": configuration.uri = "file://\(scratch.stones)/stone.index"
            default: break
            }
            #expect(try scratch.manager.add(configuration).packageCount == 2)
            let registry = try scratch.manager.registry()
            let package = try #require(try registry.packages(named: "a b%#?:é").first)
            let opened = try registry.open(package)
            let found = try opened.file.readAll()
            #expect(found == bytes)
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

    @Test(arguments: ["ftp://x/y", "relative/path", "file://host/x", "file:///%00"])
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

    @Test func changedIndicesAreSeen() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            let bytes = try Descriptor.openDirectory(scratch.stones).readFile("stone.index")
            let site = try CollectionID("site")
            _ = try scratch.manager.add(scratch.configuration("site"))
            #expect(try scratch.manager.refresh(site).isChanged == false)
            // Another file, the same bytes.
            try scratch.write(bytes, to: "stones/stone.index", aged: true)
            #expect(try scratch.manager.refresh(site).isChanged == false)
            try scratch.stone("b")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            #expect(try scratch.manager.refresh(site).isChanged)
            #expect(try scratch.manager.registry().all().map(\.name) == ["a", "b"])
        }
    }

    /// Size and time of modification are what copying tools keep, so they tell nothing: of an index, and of a stone in
    /// a directory that is scanned; replaced, and written over in place.
    @Test(arguments: [true, false], [true, false])
    func sameSizeAndTimeAreNotTheSame(withIndex: Bool, inPlace: Bool) throws {
        try withRepositoryScratch { scratch in
            func publish(_ release: UInt64) throws {
                let directory = try Descriptor.openDirectory(scratch.stones)
                let name: BytePath = "a.stone"
                let bytes = try scratch.stone("a", release, in: "new", file: "a.stone", aged: true)
                if inPlace, let present = try? directory.open(name, [.write, .truncate]) {
                    try present.write(bytes)
                } else {
                    try directory.replaceFile(name, with: bytes)
                }
                try directory.setModificationTime(1_000_000_000, of: name)
                guard withIndex else { return }
                try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
                try directory.setModificationTime(1_000_000_000, of: "stone.index")
            }
            let directory = try Descriptor.openDirectory(scratch.stones)
            let changing: BytePath = withIndex ? "stone.index" : "a.stone"
            var releases: [UInt64: UInt64] = [:]
            var pair: (UInt64, UInt64)?
            for release in UInt64(100)...199 where pair == nil {
                try publish(release)
                pair = releases.updateValue(release, forKey: try directory.status(of: changing).size).map {
                    ($0, release)
                }
            }
            let (first, second) = try #require(pair, "no two of one size")
            try publish(first)
            let before = try directory.status(of: changing)
            // Old enough to be believed the next time.
            sleep(3)
            _ = try scratch.manager.add(scratch.configuration("site"))
            try publish(second)
            let after = try directory.status(of: changing)
            #expect(before.size == after.size && before.modified == after.modified, "the case is not what it was")
            #expect(try scratch.manager.refresh(CollectionID("site")).isChanged)
            #expect(try scratch.manager.registry().packages(named: "a").map(\.metadata.release) == [second])
        }
    }

    /// What is remembered is used: its mark is not in the files.
    @Test func unchangedFilesAreNotReadAgain() throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("a")
            try CollectionIndexer(directory: scratch.stones).writeIndex(options: .fast)
            sleep(3)
            let directory = StoneDirectory(directory: scratch.stones)
            var stones = try directory.scan()
            stones[0].metadata.summary = "remembered"
            let known = stones[0]
            #expect(try directory.scan { $0 == known.path ? known : nil }.map(\.metadata.summary) == ["remembered"])

            let transport = LocalTransport()
            let configuration = try scratch.configuration("site")
            guard case .packages(_, let base, var stamp, _, _, _) = try transport.fetch(configuration, previous: nil)
            else {
                Issue.record("nothing was read at first")
                return
            }
            stamp.digest = [UInt8](repeating: 7, count: 32).withUnsafeBytes { SHA256Digest(bytes: $0) }
            let record = CollectionRecord(
                source: configuration.uri, trust: "local", base: base, stamp: stamp, refreshed: 0, packageCount: 1)
            guard
                case .unchanged(stamp, _, _) = try transport.fetch(
                    configuration, previous: PreviousFetch(record: record, stones: [:]))
            else {
                Issue.record("the index was read again")
                return
            }
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
