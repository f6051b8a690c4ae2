import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import PackageModel
import Solver
import StoneFormat
import TestSupport
import Testing

@Suite struct RepositoriesRegistryTests {
    private func withTwoCollections(_ body: (RepositoryScratch) throws -> Void) throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("tool", 9, provides: ["binary(t)"], summary: "Sharp ToolSet")
            try scratch.stone("alpha", summary: "a TOOL for letters")
            try scratch.stone("tool", 2, provides: ["binary(t)"], in: "other")
            _ = try scratch.manager.add(scratch.configuration("low"))
            _ = try scratch.manager.add(
                scratch.configuration("high", uri: scratch.path.appending("other"), priority: 7))
            try body(scratch)
        }
    }

    @Test func prioritiesOrderEverything() throws {
        try withTwoCollections { scratch in
            let registry = try scratch.manager.registry()
            #expect(registry.collections.map(\.configuration.id.text) == ["high", "low"])
            #expect(try registry.packages(named: "tool").map(\.metadata.release) == [2, 9])
            #expect(
                try registry.packages(providing: capability("binary(t)")).map(\.collection.text) == ["high", "low"])
            #expect(try registry.all().map { "\($0.name) \($0.release)" } == ["alpha 1", "tool 2", "tool 9"])
            #expect(try registry.packages(named: "nothing").isEmpty)
        }
    }

    /// Of collections of one priority the newer package counts, whatever the collections are called, for every question.
    @Test(arguments: [("a", "b"), ("b", "a")])
    func oneOrderAnswersEveryQuestion(older: String, newer: String) throws {
        try withRepositoryScratch { scratch in
            try scratch.stone("tool", 2, provides: ["binary(t)"])
            try scratch.stone("tool", 10, provides: ["binary(t)"], in: "other")
            // Provides the name, in a collection as good: the package of that name comes first all the same.
            try scratch.stone("also", 99, provides: ["tool", "binary(t)"], in: "other")
            _ = try scratch.manager.add(scratch.configuration(older))
            _ = try scratch.manager.add(scratch.configuration(newer, uri: scratch.path.appending("other")))
            let registry = try scratch.manager.registry()
            let solver = DependencySolver(installed: InstalledTable(), available: registry.offers)
            for (request, expected) in [("tool", "tool 1.10-10"), ("binary(t)", "also 1.99-99")] {
                let chosen = try solver.install([capability(request)]).additions.map(\.package)
                #expect(chosen.map(\.label) == [expected])
                #expect(try registry.packages(providing: capability(request)).first?.id == chosen.first?.id)
            }
            #expect(try registry.packages(named: "tool").map(\.metadata.release) == [10, 2])
            #expect(try registry.all().map { "\($0.name) \($0.release)" } == ["also 99", "tool 10", "tool 2"])
        }
    }

    @Test func searchFindsNamesBeforeSummaries() throws {
        try withTwoCollections { scratch in
            let registry = try scratch.manager.registry()
            #expect(
                try registry.search(["TooL"]).map { "\($0.package.name) \($0.package.release)" } == [
                    "tool 2", "tool 9", "alpha 1",
                ])
            #expect(try registry.search(["sharp"]).map(\.package.name) == ["tool"])
            #expect(try registry.search(["%"]).isEmpty)
        }
    }

    @Test func inactiveCollectionsOfferNothing() throws {
        try withTwoCollections { scratch in
            try scratch.manager.setActive(false, try CollectionID("high"))
            #expect(try scratch.manager.registry().packages(named: "tool").map(\.metadata.release) == [9])
        }
    }

    @Test func theSolverResolvesAcrossCollections() throws {
        try withTwoCollections { scratch in
            let long = String(repeating: "long", count: 200)
            try scratch.stone("app", needs: ["binary(t)", "soname(\(long))"], in: "third")
            try scratch.stone("lib", provides: ["soname(\(long))"], in: "third")
            _ = try scratch.manager.add(scratch.configuration("third", uri: scratch.path.appending("third")))
            let solver = DependencySolver(installed: InstalledTable(), available: try scratch.manager.registry().offers)
            let resolution = try solver.install([capability("app")])
            #expect(resolution.additions.map(\.package.label) == ["app 1.1-1", "lib 1.1-1", "tool 1.2-2"])
            let message = repositoryFailure { try solver.install([capability("tol")]) }
            #expect(message.contains("similar: tool"))
        }
    }

    @Test func metadataSurvivesTheDatabase() throws {
        try withRepositoryScratch { scratch in
            for seed in 1...40 {
                var random = SeededGenerator(seed: UInt64(seed))
                let sample = SamplePackage.random(name: "p\(seed)", using: &random, entryCountMax: 3, fileSizeMax: 16)
                try scratch.write(try sample.stone(), to: BytePath("stones/p\(seed).stone"))
            }
            _ = try scratch.manager.add(scratch.configuration("site"))
            let registry = try scratch.manager.registry()
            for seed in 1...40 {
                var random = SeededGenerator(seed: UInt64(seed))
                let sample = SamplePackage.random(name: "p\(seed)", using: &random, entryCountMax: 3, fileSizeMax: 16)
                var read = try #require(try registry.packages(named: "p\(seed)").first).metadata
                (read.uri, read.hash, read.downloadSize) = (nil, nil, nil)
                #expect(read == sample.metadata, "seed \(seed)")
            }
        }
    }

    /// Rules an index has to follow; each entry breaks one.
    @Test func indicesAreChecked() throws {
        let hash = { (text: String) in Array(text.utf8).withUnsafeBytes { PackageID(hashing: $0) } }
        func package(_ name: String, _ release: UInt64, uri: String? = "x.stone", hash: PackageID?) -> PackageMetadata {
            PackageMetadata(name: name, version: "1", release: release, uri: uri, hash: hash)
        }
        func check(_ packages: [PackageMetadata]) -> String {
            repositoryFailure { () throws -> [String] in
                try withRepositoryScratch { scratch in
                    try scratch.write(StoneIndex.encode(repository: packages, options: .fast), to: "stones/stone.index")
                    _ = try scratch.manager.add(scratch.configuration("site"))
                    return try scratch.manager.registry().all().map { "\($0.name)-\($0.release)" }
                }
            }
        }
        #expect(check([package("a", 1, hash: nil)]).contains("a has no hash"))
        #expect(check([package("a", 1, uri: nil, hash: hash("a"))]).contains("leads nowhere"))
        for uri in ["/etc/passwd", "https://x/y", "../../../../../../../x", "a?b", "a%zz", "%00", "dir/", ""] {
            #expect(check([package("a", 1, uri: uri, hash: hash("a"))]).contains("leads nowhere"), "\(uri)")
        }
        #expect(check([package("a", 1, uri: "../pool/a.stone", hash: hash("a"))]) == "no error, but [\"a-1\"]")
        let twice = check([package("a", 1, hash: hash("a")), package("a", 1, uri: "y", hash: hash("b"))])
        #expect(twice.contains("a release 1 is listed twice, as x.stone and y"))
        #expect(
            check([package("a", 1, hash: hash("a")), package("a", 3, hash: hash("b"))]) == "no error, but [\"a-3\"]")
        #expect(check([package("a", 1, hash: hash("a")), package("b", 1, hash: hash("a"))]).contains("the same hash"))
    }
}
