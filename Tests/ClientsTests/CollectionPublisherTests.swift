import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import Downloads
import Glibc
import LinuxSystem
import PackageModel
import Publishing
import Signatures
import StoneFormat
import TestSupport
import Testing
import Trust

@Suite struct CollectionPublisherTests {
    /// A directory of stones and what is published of it.
    private struct Scene {
        let scratch: RepositoryScratch
        var output: BytePath { scratch.path.appending("out") }

        func publish(
            now: Int64 = 1000, grace: Int64 = 100, linking: Bool = false, signing: ManifestSigning? = nil
        ) throws -> CollectionPublisher.Published {
            let options = CollectionPublisher.Options(graceSeconds: grace, linksStones: linking, writer: .fast)
            return try CollectionPublisher(directory: scratch.stones, output: output, options: options, threadCount: 2)
                .publish(now: now, signing: signing)
        }

        func read(_ path: BytePath) throws -> [UInt8] { try Descriptor.openDirectory(output).readFile(path) }

        func names(in directory: BytePath) throws -> [String] {
            try Descriptor.openDirectory(output).openDirectory(directory).entries().map(\.name.display).sorted()
        }

        /// What the pointer names is there, and is what it says.
        func expectWhole(_ location: SourceLocation = #_sourceLocation) throws -> [PackageMetadata] {
            let packages = try StoneIndex.decode(read("stone.index"))
            for package in packages {
                let path = try #require(package.uri.flatMap { URIReference.resolve($0, below: output) })
                let bytes = try Descriptor.open(path).readAll()
                let hash = bytes.withUnsafeBytes { PackageID(hashing: $0) }
                #expect(hash == package.hash, "\(path)", sourceLocation: location)
            }
            return packages
        }
    }

    private func withScene(_ body: (Scene) throws -> Void) throws {
        try withRepositoryScratch { scratch in try body(Scene(scratch: scratch)) }
    }

    private func digest(_ bytes: [UInt8]) -> SHA256Digest { bytes.withUnsafeBytes { SHA256Digest(hashing: $0) } }

    @Test func stonesAreWhereTheyBelong() throws {
        try withScene { scene in
            try scene.scratch.stone("nano", in: "stones/deep/er")
            try scene.scratch.stone("libfoo")
            try scene.scratch.stone("libfoo-devel")
            try scene.scratch.stone("lib")
            try scene.scratch.stone("Xorg", file: "a b%#?:é.stone")
            let published = try scene.publish()
            #expect(published.isChanged && published.copiedCount == 5 && published.stoneCount == 5)
            let uris = try scene.expectWhole().compactMap(\.uri)
            #expect(
                uris == [
                    "pool/x/Xorg/a%20b%25%23%3F%3A%C3%A9.stone", "pool/l/lib/lib-1.1-1-1-x86_64.stone",
                    "pool/libf/libfoo/libfoo-1.1-1-1-x86_64.stone",
                    "pool/libf/libfoo-devel/libfoo-devel-1.1-1-1-x86_64.stone",
                    "pool/n/nano/nano-1.1-1-1-x86_64.stone",
                ])
            let parts = published.publication
            let pointers: [(Publication.Part, BytePath)] = [(parts.index, "stone.index"), (parts.files, "stone.files")]
            for (part, pointer) in pointers {
                let bytes = try scene.read(part.path)
                #expect(digest(bytes) == part.digest && UInt64(bytes.count) == part.size)
                #expect(try scene.read(pointer) == bytes)
            }
            // A client takes it as it is.
            let manager = scene.scratch.manager
            #expect(try manager.add(scene.scratch.configuration("site", uri: scene.output)).packageCount == 5)
            let package = try #require(try manager.registry().packages(named: "nano").first)
            let stone = try manager.registry().open(package)
            let bytes = try stone.file.readAll()
            #expect(digest(bytes) == package.id.digest)
            #expect(try manager.offeredFiles().files(at: "share/nano").map(\.package) == ["nano"])
        }
    }

    @Test func nothingNewIsNothing() throws {
        try withScene { scene in
            try scene.scratch.stone("a")
            try scene.scratch.stone("b")
            let first = try scene.publish()
            usleep(2_100_000)
            #expect(try scene.publish(now: 1001).readCount == 2)
            let third = try scene.publish(now: 1002)
            #expect(!third.isChanged && third.copiedCount == 0 && third.removedCount == 0 && third.readCount == 0)
            #expect(third.publication == first.publication && third.packages == first.packages)
        }
    }

    /// Of the same packages the same bytes are published, whatever was there before.
    @Test func whatIsPublishedFollowsFromTheStones() throws {
        try withScene { one in
            try withScene { other in
                try one.scratch.stone("a", 1)
                _ = try one.publish()
                for scene in [one, other] {
                    try scene.scratch.stone("a", 2)
                    try scene.scratch.stone("b")
                }
                let parts = try one.publish().publication
                #expect(try other.publish().publication.index == parts.index)
                #expect(try other.publish().publication.files == parts.files)
            }
        }
    }

    @Test func aNameAlwaysStandsForTheSameBytes() throws {
        try withScene { scene in
            let old = try scene.scratch.stone("a", file: "a.stone")
            _ = try scene.publish()
            let new = try scene.scratch.stone("a", provides: ["binary(x)"], file: "a.stone")
            _ = try scene.publish(now: 1001)
            let uri = try #require(try scene.expectWhole().first?.uri)
            #expect(uri == "pool/a/a/a-\(digest(new).hexadecimal.prefix(16)).stone")
            #expect(try scene.read("pool/a/a/a.stone") == old)
            // It keeps its name when the other one is gone.
            _ = try scene.publish(now: 2000)
            #expect(try scene.expectWhole().map(\.uri) == [uri])
            #expect(try scene.names(in: "pool/a/a").count == 1)
            #expect(try !scene.publish(now: 2001).isChanged)
        }
    }

    @Test func twoStonesOfOneNameAreBothThere() throws {
        try withScene { scene in
            for name in ["a", "b"] {
                try scene.scratch.stone(name, in: BytePath("stones/\(name)"), file: "x.stone")
            }
            _ = try scene.publish()
            #expect(try scene.expectWhole().count == 2)
        }
    }

    @Test func damagedFilesArePutRight() throws {
        try withScene { scene in
            let bytes = try scene.scratch.stone("a")
            let parts = try scene.publish().publication
            let pool = try Descriptor.openDirectory(scene.output.appending("pool/a/a"))
            try pool.replaceFile("a-1.1-1-1-x86_64.stone", with: Array(bytes.dropLast()))
            try Descriptor.openDirectory(scene.output).replaceFile(parts.files.path, with: [1])
            #expect(try scene.publish(now: 1001).publication.files == parts.files)
            #expect(try digest(scene.read(parts.files.path)) == parts.files.digest)
            _ = try scene.expectWhole()
        }
    }

    @Test func whatNothingNamesStaysForTheTimeOfGrace() throws {
        try withScene { scene in
            try scene.scratch.stone("a", 1)
            let first = try scene.publish(now: 1000).publication
            try scene.scratch.stone("a", 2)
            #expect(try scene.publish(now: 5000).removedCount == 0)
            try scene.scratch.write("half a stone", to: "out/pool/a/a/x.stone.next")
            try scene.scratch.write("a stone of nobody", to: "out/pool/z/z/z.stone")
            #expect(try scene.publish(now: 5099).removedCount == 0)
            #expect(try scene.names(in: "pool/a/a") == ["a-1.1-1-1-x86_64.stone", "a-1.2-2-1-x86_64.stone"])
            // Stone, index and file index of the first.
            #expect(try scene.publish(now: 5100).removedCount == 3)
            #expect(try scene.names(in: "pool/a/a") == ["a-1.2-2-1-x86_64.stone"])
            #expect(try !scene.names(in: "by-hash").contains(first.index.path.lastComponent.display))
            #expect(try scene.names(in: "pool") == ["a", "z"])
            #expect(try scene.publish(now: 5199).removedCount == 1)
            #expect(try scene.names(in: "pool") == ["a"])
            // A clock that was wrong, and a record that is gone.
            try scene.scratch.stone("a", 3)
            _ = try scene.publish(now: 9_999_999_999)
            #expect(try scene.publish(now: 6000).removedCount == 0)
            #expect(try scene.publish(now: 6100).removedCount > 0)
            try Descriptor.openDirectory(scene.output).unlink(".moss-publication")
            #expect(try scene.publish(now: 7000).removedCount == 0)
            _ = try scene.expectWhole()
        }
    }

    @Test func whatIsNamedAgainIsKept() throws {
        try withScene { scene in
            try scene.scratch.stone("a", 1)
            _ = try scene.publish(now: 1000)
            try scene.scratch.stone("a", 2)
            _ = try scene.publish(now: 1050)
            try Descriptor.openDirectory(scene.scratch.stones).unlink("a-1.2-2-1-x86_64.stone")
            #expect(try scene.publish(now: 1500).copiedCount == 0)
            _ = try scene.publish(now: 1501)
            #expect(try scene.expectWhole().map(\.release) == [1])
        }
    }

    @Test func deltasMakeTheIndexOfFormerOnes() throws {
        try withScene { scene in
            for number in 0..<60 { try scene.scratch.stone("p\(number)", provides: ["binary(x\(number))"]) }
            var indexes: [SHA256Digest: [UInt8]] = [:]
            for round in 0..<11 as Range<UInt64> {
                try scene.scratch.stone("p\(round)", 2 + round)
                let parts = try scene.publish(now: 1000 + Int64(round)).publication
                let index = try scene.read(parts.index.path)
                #expect(parts.deltas.count == min(Int(round), 8))
                for delta in parts.deltas {
                    let bytes = try scene.read(delta.part.path)
                    let old = try #require(indexes[delta.base])
                    #expect(digest(bytes) == delta.part.digest && bytes.count * 2 < index.count)
                    #expect(try IndexDelta.apply(bytes, to: old, size: index.count) == index)
                }
                indexes[parts.index.digest] = index
            }
            // Without former indexes there is nothing to make a delta of, and nothing is missing.
            try Descriptor.openDirectory(scene.output).removeTree("by-hash")
            #expect(try scene.publish(now: 1020).publication.deltas.isEmpty)
            _ = try scene.expectWhole()
        }
    }

    @Test func deltasThatSaveLittleAreNotMade() throws {
        try withScene { scene in
            try scene.scratch.stone("a")
            _ = try scene.publish()
            try scene.scratch.stone("a", 2)
            #expect(try scene.publish(now: 1001).publication.deltas.isEmpty)
            #expect(try scene.publish(now: 1002).isChanged == false)
        }
    }

    @Test func aManifestNamesWhatIsThere() throws {
        try withScene { scene in
            let secret = try #require(SecretKey(bytes: [UInt8](repeating: 7, count: 32)))
            let signing = ManifestSigning(Signer([secret]), collection: "site", lifetime: 100)
            let keys = try KeySet(trusting: [secret.publicKey], threshold: 1, for: "site")
            var last: SeenManifest?
            for release in UInt64(1)...3 {
                try scene.scratch.stone("a", release)
                let published = try scene.publish(now: 1000, signing: signing)
                let bytes = try scene.read(BytePath(CollectionManifest.fileName))
                let verified = try CollectionManifest.verify(
                    bytes, for: "site", keys: keys, lastSeen: last, now: 1010)
                last = verified.seen
                let manifest = verified.manifest
                #expect(manifest.serial == release && manifest.expires == 1100 && manifest.collection == "site")
                #expect(manifest.index.sha256 == published.publication.index.digest)
                for file in manifest.allFiles {
                    let bytes = try scene.read(BytePath(file.path))
                    #expect(UInt64(bytes.count) == file.size && digest(bytes) == file.sha256)
                }
            }
        }
    }

    /// Without a name nobody knows whose manifest it is; nothing is switched then.
    @Test func aManifestNeedsTheNameOfItsCollection() throws {
        try withScene { scene in
            try scene.scratch.stone("a")
            let secret = try #require(SecretKey(bytes: [UInt8](repeating: 7, count: 32)))
            #expect(throws: RepositoryError.self) {
                try scene.publish(signing: ManifestSigning(Signer([secret]), collection: nil, lifetime: 100))
            }
            #expect(throws: (any Error).self) { try scene.read("stone.index") }
        }
    }

    @Test func linksShareTheirBytes() throws {
        try withScene { scene in
            try scene.scratch.stone("a")
            try scene.scratch.stone("b")
            try Descriptor.openDirectory(scene.scratch.stones).setMode(0o600, of: "b-1.1-1-1-x86_64.stone")
            _ = try scene.publish(linking: true)
            _ = try scene.expectWhole()
            let stones = try Descriptor.openDirectory(scene.scratch.stones)
            #expect(try stones.status(of: "a-1.1-1-1-x86_64.stone").linkCount == 2)
            // What only its owner may read could not be served.
            #expect(try stones.status(of: "b-1.1-1-1-x86_64.stone").linkCount == 1)
            let out = try Descriptor.openDirectory(scene.output)
            #expect(try out.status(of: "pool/b/b/b-1.1-1-1-x86_64.stone").permissions == 0o644)
        }
    }

    @Test func directoriesThatCannotBeAreRefused() throws {
        try withScene { scene in
            try scene.scratch.stone("a")
            let inside = CollectionPublisher(
                directory: scene.scratch.stones, output: scene.scratch.stones.appending("out"))
            #expect(repositoryFailure { try inside.publish() }.contains("directory of the stones"))
            let nowhere = CollectionPublisher(
                directory: scene.scratch.stones, output: scene.scratch.path.appending("a/b"))
            #expect(repositoryFailure { try nowhere.publish() }.contains("/a"))
            _ = try scene.publish()
            let other = try Descriptor.openDirectory(scene.output)
            #expect(try other.lock(.exclusive))
            #expect(repositoryFailure { try scene.publish() }.contains("somebody else is publishing"))
        }
    }

    /// Names come from stones, which may say anything.
    @Test func sourcesThatAreNoDirectories() throws {
        try withScene { scene in
            for (number, source) in ["..", ".", "a/b", "", "ü", "../../../etc"].enumerated() {
                let metadata = PackageMetadata(name: "p\(number)", version: "1", release: 1, sourceID: source)
                try scene.scratch.write(SamplePackage(metadata).stone(), to: BytePath("stones/p\(number).stone"))
            }
            _ = try scene.publish()
            let uris = try scene.expectWhole().compactMap(\.uri)
            #expect(uris.count == 6 && uris.allSatisfy { $0.hasPrefix("pool/") && !$0.contains("/.") })
        }
    }
}
