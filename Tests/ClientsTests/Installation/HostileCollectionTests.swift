import BytePath
import CollectionIndex
import CollectionSettings
import Digests
import FileTree
import Installation
import LinuxSystem
import ObjectStore
import PackageCatalog
import PackageModel
import StoneFormat
import TestSupport
import Testing

/// What collections may claim, and what a plan makes of it.
@Suite("Hostile collections")
struct HostileCollectionTests {
    @Test("sizes that add up to more than a number can say", arguments: [0x8000_0000_0000_0005, .max] as [UInt64])
    func sizes(claimed: UInt64) throws {
        try withInstallationScratch { scratch in
            var listed: [PackageMetadata] = []
            for name in ["one", "two", "three"] {
                let package = sample(name)
                try scratch.publish(package)
                var metadata = package.metadata
                metadata.uri = package.metadata.stoneFileName
                metadata.hash = try package.stone().withUnsafeBytes { PackageID(hashing: $0) }
                metadata.downloadSize = claimed
                listed.append(metadata)
            }
            try Descriptor.openDirectory(scratch.stones).replaceFile(
                "stone.index", with: StoneIndex.encode(repository: listed, options: .fast))
            try scratch.changing { installation in
                // Their stones are there to be looked at, and have other sizes.
                #expect(throws: InstallationError.self) {
                    _ = try installation.plan(.install(["one", "two", "three"]))
                }
                let offered = try installation.collections.registry().packages(named: "one")
                #expect(offered.map(\.metadata.downloadSize) == [claimed])
            }
        }
    }

    @Test("all that a plan holds counts together")
    func budget() throws {
        let record = PackageRecord(
            id: [1].withUnsafeBytes { PackageID(hashing: $0) }, metadata: sample("a").metadata,
            layout: PackageLayout(stored: [UInt8](repeating: 0, count: 64 << 20)), objects: [:], manifest: [])
        var budget = PlanBudget()
        var taken = 0
        while taken < 100, budget.take(record) == nil { taken += 1 }
        #expect(taken == 15)
        #expect(budget.take(record)?.contains("more than \(PlanBudget.bytesMax)") == true)
    }
}
