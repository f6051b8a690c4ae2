import BytePath
import CollectionIndex
import Downloads
import LinuxSystem
import PackageModel
import Publishing
import StoneFormat
import TestSupport
import Testing
import Trust

/// Publishing what several people have to sign.
@Suite struct SignedPublishingTests {
    private struct Scene {
        let scratch: RepositoryScratch
        var output: BytePath { scratch.path.appending("out") }
        var manifest: BytePath { output.appending(BytePath(CollectionManifest.fileName)) }

        /// - Parameter keys: whose signatures are added.
        func publish(now: Int64, by keys: [UInt8]?, collection: String? = nil) throws -> CollectionPublisher.Published {
            let options = CollectionPublisher.Options(graceSeconds: 0, writer: .fast)
            let signing = try keys.map {
                ManifestSigning(try TrustFixture.signer($0), collection: collection, lifetime: 10_000)
            }
            return try CollectionPublisher(
                directory: scratch.stones, output: output, options: options, threadCount: 2
            ).publish(now: now, signing: signing)
        }

        func published() throws -> CollectionManifest {
            try CollectionManifest.own(Descriptor.open(manifest).readAll(), for: "main").manifest
        }

        var isPending: Bool {
            get throws {
                try Descriptor.openDirectory(output).statusIfPresent(of: CollectionManifest.pendingName) != nil
            }
        }

        /// All that the published manifest names is there, and so are the stones of its index.
        func expectWhole(_ location: SourceLocation = #_sourceLocation) throws {
            let directory = try Descriptor.openDirectory(output)
            let manifest = try published()
            for file in manifest.allFiles {
                #expect(
                    try directory.statusIfPresent(of: BytePath(file.path)) != nil, "\(file.path)",
                    sourceLocation: location)
            }
            for package in try StoneIndex.decode(directory.readFile(BytePath(manifest.index.path))) {
                let path = try #require(package.uri.flatMap { URIReference.resolve($0, below: output) })
                #expect((try? Descriptor.open(path)) != nil, "\(path)", sourceLocation: location)
            }
        }
    }

    /// A collection with a set of keys, 1 and 2, both of which have to sign, and one package.
    private func withScene(_ body: (Scene) throws -> Void) throws {
        try withRepositoryScratch { scratch in
            let scene = Scene(scratch: scratch)
            try scratch.stone("a")
            _ = try scene.publish(now: 100, by: [1, 2], collection: "main")
            var change = KeySetChange()
            change.added = [try TrustFixture.key(1), try TrustFixture.key(2)]
            change.threshold = 2
            _ = try PublishedKeys(scene.output).change(
                by: change, collection: "main", signedBy: TrustFixture.signer([1, 2]))
            _ = try scene.publish(now: 200, by: [1, 2])
            #expect(try scene.published().keySet == 1)
            try body(scene)
        }
    }

    @Test func whatWaitsLeavesWhatCountsWhole() throws {
        try withScene { scene in
            let before = try scene.published()
            try scene.scratch.stone("a", 2)
            let waiting = try scene.publish(now: 1000, by: [1])
            #expect(waiting.signatures?.count == 1 && waiting.signatures?.threshold == 2)
            #expect(waiting.signatures?.isComplete == false)
            #expect(try scene.isPending && scene.published() == before)
            // Time goes by, and more is published, while the second signature is missing.
            _ = try scene.publish(now: 5000, by: [1])
            try scene.expectWhole()
        }
    }

    @Test func theSecondSignatureIsAddedToTheFirst() throws {
        try withScene { scene in
            try scene.scratch.stone("a", 2)
            _ = try scene.publish(now: 1000, by: [1])
            let done = try scene.publish(now: 1001, by: [2])
            #expect(done.signatures?.count == 2 && done.signatures?.isComplete == true)
            #expect(try !scene.isPending)
            try scene.expectWhole()
        }
    }

    @Test func aDirectoryStandsForWhatWaits() throws {
        try withScene { scene in
            let before = try scene.published()
            try scene.scratch.stone("a", 2)
            _ = try scene.publish(now: 1000, by: [1])
            let signed = try PublishedKeys.sign(scene.output, by: TrustFixture.signer([2]))
            #expect(signed.isComplete)
            #expect(try scene.published().serial == before.serial + 1)
            #expect(try !scene.isPending)
        }
    }

    @Test func whatIsOutOfDateIsNotSigned() throws {
        try withScene { scene in
            try scene.scratch.stone("a", 2)
            _ = try scene.publish(now: 1000, by: [1])
            let pending = scene.output.appending(CollectionManifest.pendingName)
            let old = try Descriptor.open(pending).readAll()
            try scene.scratch.stone("a", 3)
            _ = try scene.publish(now: 1001, by: [1, 2])
            #expect(try !scene.isPending)
            let newest = try scene.published()
            try Descriptor.openDirectory(scene.output).replaceFile(CollectionManifest.pendingName, with: old)
            let error = #expect(throws: TrustError.self) {
                try PublishedKeys.sign(pending, by: TrustFixture.signer([2]))
            }
            #expect(error?.code == .rollBack)
            #expect(try scene.published() == newest)
        }
    }

    @Test func whatNobodyWouldTakeIsNotPublished() throws {
        try withScene { scene in
            let before = try scene.published()
            try scene.scratch.stone("a", 2)
            for keys in [[3], nil, [1, 3]] as [[UInt8]?] {
                let error = #expect(throws: RepositoryError.self) { try scene.publish(now: 1000, by: keys) }
                #expect(error?.code == .wrongKey, "\(String(describing: error))")
            }
            #expect(throws: RepositoryError.self) { try scene.publish(now: 1000, by: [1, 2], collection: "other") }
            #expect(try scene.published() == before)
            try scene.expectWhole()
        }
    }
}
