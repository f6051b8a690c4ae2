import BytePath
import Digests
import Failures
import FileTree
import Glibc
import Installation
import LinuxSystem
import Maintenance
import ObjectStore
import PackageCatalog
import PackageModel
import States
import Storage
import TestSupport
import Testing

/// Damage planted in a root is found, and repaired where anything is left to repair it from.
@Suite struct CheckTests {
    /// A root with packages of many files in two states, with a spare.
    private func makeRoot(_ scratch: InstallationScratch, packages: Int, files: Int) throws {
        for number in 0..<packages {
            var package = SamplePackage(name: "p\(number)")
            for file in 0..<files {
                let bytes = noisyText("\(number) \(file)", count: 40 + (file * 37) % 900)
                package.add(
                    file: BytePath("share/p\(number)/d\(file % 7)/f\(file)"), bytes, mode: file % 5 == 0 ? 0o755 : 0o644
                )
            }
            package.add(file: BytePath("share/p\(number)/empty"), [])
            package.add(link: BytePath("share/p\(number)/link"), to: "d0")
            package.add(directory: BytePath("share/p\(number)/own"), mode: 0o700)
            try scratch.publish(package)
        }
        try scratch.apply(.install(["p0"]))
        try scratch.apply(.install((1..<packages).map { "p\($0)" }))
    }

    private func noisyText(_ seed: String, count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += ObjectID(hashing: Array("\(seed) \(bytes.count)".utf8)).hexadecimalBytes }
        return Array(bytes.prefix(count))
    }

    private func check(
        _ scratch: InstallationScratch, _ depth: CheckOptions.Depth = .full, repairs: Bool = false
    ) throws -> CheckReport {
        try Installation.check(scratch.root, CheckOptions(depth: depth, repairs: repairs))
    }

    private func expectClean(_ scratch: InstallationScratch, _ location: SourceLocation = #_sourceLocation) throws {
        let report = try check(scratch)
        #expect(report.damages.isEmpty, "\(report.damages.prefix(5))", sourceLocation: location)
        let installation = try Installation(opening: scratch.root, .reading)
        let state = try #require(try installation.activeState(), sourceLocation: location)
        try scratch.check(installation, state)
    }

    @Test func aSoundRootIsClean() throws {
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: 3, files: 20)
            for depth in [CheckOptions.Depth.quick, .full] {
                let report = try check(scratch, depth)
                #expect(report.findings.isEmpty, "\(report.findings)")
                #expect(report.isComplete && report.objects > 50)
            }
        }
    }

    @Test func findsAndRepairsRandomFaults() throws {
        try plantAndRepair(packages: 20, files: 50, faults: 60, records: false, withdrawn: 6)
    }

    @Test func findsAndRepairsFaultsOfRecordsToo() throws {
        try plantAndRepair(packages: 20, files: 20, faults: 40, records: true, withdrawn: 0)
    }

    @Test(.long, arguments: [false, true]) func findsAndRepairsAThousandFaults(records: Bool) throws {
        try plantAndRepair(packages: 250, files: 200, faults: 1000, records: records, withdrawn: 25)
    }

    /// Plants faults, looks, repairs, and brings back what is lost.
    ///
    /// - Parameter withdrawn: how many packages no collection offers while the root is repaired.
    private func plantAndRepair(packages: Int, files: Int, faults: Int, records: Bool, withdrawn: Int) throws {
        let generator = SeededGenerator.forTest()
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: packages, files: files)
            let away = (0..<withdrawn).map { "p\($0 * 3 + 1)" }
            let objects = try away.reduce(into: Set<ObjectID>()) { digests, name in
                digests.formUnion(try victims(scratch, of: name, count: .max).map(\.0))
            }
            try withdraw(away, scratch)
            var planter = try FaultPlanter(scratch.root, generator, withdrawn: objects)
            while planter.planted.count < faults { try planter.plant(recordFaults: records) }
            let expected = Set(planter.planted.map(\.subject))

            let found = try check(scratch)
            let named = Set(found.findings.map(\.damage.subject))
            let missed = planter.planted.filter { !named.contains($0.subject) }
            #expect(missed.isEmpty, "\(missed.prefix(5))")
            let more = found.findings.filter { !expected.contains($0.damage.subject) }
            #expect(more.isEmpty, "\(more.prefix(5))")

            let repaired = try check(scratch, repairs: true)
            let lost = planter.planted.filter(\.isLost)
            print("\(planter.planted.count) faults in \(found.objects) objects, \(lost.count) without a source")
            let left = repaired.damages.filter { if case .repaired = $0.outcome { false } else { true } }
            #expect(Set(left.map(\.damage.subject)) == Set(lost.map(\.subject)), "\(left.prefix(5))")
            expectExact(repaired.losses, planter.planted, away)

            // What was advised.
            try bringBack(scratch)
            if !lost.isEmpty {
                let last = try check(scratch, repairs: true)
                #expect(last.isRepaired && last.losses.isEmpty, "\(last.damages.prefix(5))")
            }
            try expectClean(scratch)
        }
    }

    private func expectExact(
        _ losses: [CheckReport.Loss], _ planted: [FaultPlanter.Planted], _ packages: [String]
    ) {
        let lost = planted.filter(\.isLost).compactMap { item -> ObjectID? in
            if case .object(let digest, _) = item.subject { digest } else { nil }
        }
        #expect(Set(losses.map(\.digest)) == Set(lost))
        for loss in losses {
            let names = loss.packageNames.map { $0.prefix { $0 != " " } }
            #expect(names.count == 1 && packages.contains { $0 == names[0] }, "\(loss)")
            #expect(loss.states == [2], "\(loss)")
            let name = names.first.map { "usr/share/\($0)/" } ?? ""
            #expect(!loss.paths.isEmpty && loss.paths.allSatisfy { $0.display.hasPrefix(name) }, "\(loss)")
        }
    }

    /// Takes the stones of packages out of the collection.
    private func withdraw(_ names: [String], _ scratch: InstallationScratch) throws {
        let away = scratch.path.appending("away")
        try Descriptor.openDirectory(scratch.path).makeDirectory("away")
        let stones = try Descriptor.openDirectory(scratch.stones)
        for entry in try stones.entries() {
            guard names.contains(where: { entry.name.display.hasPrefix("\($0)-") }) else { continue }
            try stones.rename(entry.name, to: entry.name, below: Descriptor.openDirectory(away))
        }
        try scratch.changing { _ in }
    }

    private func bringBack(_ scratch: InstallationScratch) throws {
        let away = try Descriptor.openDirectory(scratch.path.appending("away"))
        for entry in try away.entries() {
            try away.rename(entry.name, to: entry.name, below: Descriptor.openDirectory(scratch.stones))
        }
        try scratch.changing { _ in }
    }

    @Test func saysExactlyWhatIsLost() throws {
        try withInstallationScratch { scratch in
            let generator = SeededGenerator.forTest()
            try makeRoot(scratch, packages: 5, files: 30)
            // Nobody offers the packages any more.
            try Descriptor.openDirectory(scratch.path).removeTree("stones")
            try Descriptor.openDirectory(scratch.path).makeDirectory("stones")
            try scratch.changing { _ in }
            let victims = try victims(scratch, of: "p3", count: 4)
            var random = generator
            for victim in victims {
                try FaultPlanter.flip(
                    scratch.root.appending(".moss").appending(ObjectStore.path(of: victim.0, victim.1)), &random)
            }
            try Descriptor.openDirectory(scratch.root.appending("usr/share/p1")).unlink("link")
            let report = try check(scratch, repairs: true)
            #expect(Set(report.losses.map(\.digest)) == Set(victims.map(\.0)))
            #expect(report.losses.allSatisfy { $0.packageNames.allSatisfy { $0.hasPrefix("p3 ") } && $0.states == [2] })
            var wanted: [String] = []
            for case .addCollection(let packages) in report.advice { wanted += packages }
            #expect(report.isDamaged && wanted.contains { $0.contains("p3") })
            // What could be repaired was, around what is lost.
            let usr = try Descriptor.openDirectory(scratch.root.appending("usr"))
            #expect(try usr.readLink("share/p1/link") == "d0")
            // Nothing is left that is not what its name says.
            for victim in victims {
                let path = ObjectStore.path(of: victim.0, victim.1)
                #expect(try Descriptor.openDirectory(scratch.root.appending(".moss")).statusIfPresent(of: path) == nil)
            }
            let again = try check(scratch, repairs: true)
            #expect(Set(again.losses.map(\.digest)) == Set(victims.map(\.0)))
        }
    }

    private func victims(
        _ scratch: InstallationScratch, of name: String, count: Int
    ) throws -> [(ObjectID, EntryMetadata)] {
        let installation = try Installation(opening: scratch.root, .reading)
        let state = try #require(try installation.activeState())
        let package = try #require(try installation.packages(of: state).first { $0.metadata.name == name })
        return try installation.files(of: package.id).compactMap { _, entry in
            guard case .regular(let digest, let size) = entry.content, size > 0 else { return nil }
            return (digest, installation.objects.effective(entry.metadata))
        }.prefix(count).map { $0 }
    }

    @Test func whatIsInTheWayIsKept() throws {
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: 2, files: 5)
            let usr = try Descriptor.openDirectory(scratch.root.appending("usr"))
            try usr.makeDirectory("share/mine")
            try usr.replaceFile("share/mine/letter", with: Array("dear".utf8))
            let report = try check(scratch, repairs: true)
            #expect(report.isRepaired)
            let place = try #require(report.setAside)
            let kept = try Descriptor.openDirectory(scratch.root.appending(place)).readFile("usr/share/mine/letter")
            #expect(kept == Array("dear".utf8))
            try expectClean(scratch)
        }
    }

    @Test func aBudgetGoesOnWhereItStopped() throws {
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: 3, files: 8)
            var random = SeededGenerator(seed: 1)
            let victim = try #require(try victims(scratch, of: "p2", count: 1).first)
            try FaultPlanter.flip(
                scratch.root.appending(".moss").appending(ObjectStore.path(of: victim.0, victim.1)), &random)
            var runs = 0
            var isFound = false
            while true {
                let report = try Installation.check(scratch.root, CheckOptions(depth: .full, budget: 1))
                runs += 1
                if report.findings.contains(where: { $0.damage.subject == .object(victim.0, victim.1) }) {
                    isFound = true
                }
                if report.budgetProgress == 1000 || runs > 5000 { break }
            }
            #expect(isFound && runs > 1 && runs < 5000, "\(runs) runs")
        }
    }

    @Test func aManifestThatSaysTheSameIsFine() throws {
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: 2, files: 5)
            try scratch.changing { installation in
                let state = try #require(try installation.activeState())
                let packages = try Descriptor.openDirectory(scratch.root.appending(".moss/packages"))
                for selection in state.selections {
                    let name = BytePath("\(selection.package.hexadecimal).stone")
                    let before = try packages.readFile(name)
                    try installation.catalog.rewriteManifest(selection.package)
                    #expect(try packages.readFile(name) != before)
                    // Not the bytes that are recorded now.
                    try packages.replaceFile(name, with: before)
                }
            }
            try expectClean(scratch)
        }
    }

    /// - Parameter isMadeAnew: whether the database was made again before the repair, which else does it.
    @Test(arguments: [false, true]) func aStateThatCannotBeComposedIsFetchedAgain(isMadeAnew: Bool) throws {
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: 3, files: 5)
            let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
            let packages = try moss.openDirectory("packages")
            let names = try packages.entries().map(\.name)
            try packages.replaceFile(names[0], with: packages.readFile(names[1]))
            try moss.removeTree("db")
            if isMadeAnew {
                _ = try Installation.rebuildDatabase(of: scratch.root, waiting: nil)
                do {
                    let installation = try Installation(opening: scratch.root, .changing(waiting: nil))
                    _ = try installation.apply(try installation.plan(.remove(["p1"], keepsOrphans: true)))
                    Issue.record("a state without its tree was changed")
                } catch let error as InstallationError {
                    #expect(error.marks.contains(.damaged), "\(error)")
                }
            }
            let report = try check(scratch, repairs: true)
            #expect(report.isRepaired, "\(report.damages)")
            try expectClean(scratch)
        }
    }

    @Test func aPipeIsNotWaitedFor() throws {
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: 3, files: 5)
            let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
            let manifest = try BytePath("packages").appending(
                #require(moss.openDirectory("packages").entries().first).name)
            for name in [manifest, "states/1"] {
                try moss.unlink(name)
                let path = scratch.root.appending(".moss").appending(name)
                try #require(path.withCString { mkfifo($0, 0o644) } == 0)
            }
            #expect(try check(scratch).damages.count == 2)
            try moss.removeTree("db")
            _ = try check(scratch, repairs: true)
        }
    }

    @Test func verifiesOneState() throws {
        try withInstallationScratch { scratch in
            try makeRoot(scratch, packages: 3, files: 10)
            var random = SeededGenerator(seed: 2)
            // Only the second state has it.
            let victim = try #require(try victims(scratch, of: "p2", count: 1).first)
            try FaultPlanter.flip(
                scratch.root.appending(".moss").appending(ObjectStore.path(of: victim.0, victim.1)), &random)
            var options = CheckOptions(depth: .full)
            options.state = 1
            #expect(try !Installation.check(scratch.root, options).isDamaged)
            options.state = 2
            #expect(try Installation.check(scratch.root, options).isDamaged)
            options.state = 9
            #expect(throws: InstallationError.self) { try Installation.check(scratch.root, options) }
        }
    }
}
