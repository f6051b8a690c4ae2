import BytePath
import Digests
import FileTree
import Installation
import LinuxSystem
import Maintenance
import ObjectStore
import PackageModel
import States
import Storage
import TestSupport
import Testing

/// A database made anew says what the old one said.
@Suite struct RebuildTests {
    /// One line for each record that anything leads to. Times of trees on disk, which nothing can tell afterwards, are
    /// left out, and so are spares and trees of no state.
    private func dump(_ root: BytePath) throws -> [String] {
        let installation = try Installation(opening: root, .reading)
        var needed: Set<TreeID> = [Directory.empty.id]
        try installation.objects.readingTrees { lookup in
            for state in try installation.states() {
                needed.insert(state.tree)
                try TreeDifference.forEachEntry(of: state.tree, lookup) { _, entry in
                    if let tree = entry.tree { needed.insert(tree) }
                }
            }
        }
        var lines: [String] = []
        _ = try DatabaseFile.read(installation.root.path.appending(".moss/db")) { record in
            let name = String(decoding: record.bucket, as: UTF8.self)
            var value = Array(record.value)
            switch name {
            case "tree-slots": return
            case "control": value = Array(value.prefix(33))
            case "trees": if !needed.contains(TreeID(canonical: record.key)) { return }
            default: break
            }
            lines.append("\(name) \(Array(record.key)) \(ObjectID(hashing: value))")
        }
        return lines
    }

    private func makeStates(_ scratch: InstallationScratch, packages: Int, states: Int) throws {
        for number in 0..<packages { try scratch.publish(sample("p\(number)", needs: number % 7 == 3 ? ["p0"] : [])) }
        try scratch.apply(.install((0..<(packages - states)).map { "p\($0)" }))
        try scratch.changing { installation in
            for number in 1..<states {
                let change =
                    number % 4 == 3
                    ? Change.remove(["p\(packages - states + number - 1)"], keepsOrphans: true)
                    : .install(["p\(packages - states + number)"])
                _ = try installation.apply(try installation.plan(change))
            }
        }
    }

    private func rebuildAndCompare(_ scratch: InstallationScratch, deletingOld: Bool) throws {
        let before = try dump(scratch.root)
        if deletingOld {
            let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
            try moss.removeTree("db")
        }
        let start = monotonicNanoseconds()
        let report = try Installation.rebuildDatabase(of: scratch.root, waiting: nil)
        print(
            "rebuilt \(report.packages) packages, \(report.states) states:",
            (monotonicNanoseconds() - start) / 1_000_000, "ms")
        #expect(report.damage.isEmpty, "\(report.damage.prefix(3))")
        var after = try dump(scratch.root)
        var expected = before
        if deletingOld {
            // What collections offer is not in any file of the root.
            expected.removeAll { $0.hasPrefix("repositories.") }
            after.removeAll { $0.hasPrefix("repositories.") }
        }
        let lost = Set(expected).subtracting(after)
        let new = Set(after).subtracting(expected)
        #expect(lost.isEmpty && new.isEmpty, "lost \(lost.sorted().prefix(3)), new \(new.sorted().prefix(3))")
        let check = try Installation.check(scratch.root, CheckOptions(depth: .full))
        #expect(check.damages.isEmpty, "\(check.damages.prefix(3))")
        try scratch.apply(.remove(["p0"], keepsOrphans: false))
    }

    @Test(arguments: [false, true]) func equalsTheOldOne(deletingOld: Bool) throws {
        try withInstallationScratch { scratch in
            try makeStates(scratch, packages: 40, states: 8)
            try rebuildAndCompare(scratch, deletingOld: deletingOld)
        }
    }

    @Test(.long) func equalsTheOldOneOfTwoThousandPackages() throws {
        try withInstallationScratch { scratch in
            try makeStates(scratch, packages: 2013, states: 50)
            try rebuildAndCompare(scratch, deletingOld: true)
        }
    }

    @Test func aDatabaseThatDoesNotOpenIsMadeAnew() throws {
        try withInstallationScratch { scratch in
            try makeStates(scratch, packages: 10, states: 3)
            let data = scratch.root.appending(".moss/db/data.mdb")
            try Descriptor.open(data, .readWrite).truncate(to: 9000)
            nonisolated(unsafe) var notices: [String] = []
            let installation = try Installation(opening: scratch.root, .changing(waiting: nil)) { notices.append($0) }
            #expect(try installation.states().count == 3)
            #expect(notices.first?.contains("made anew") == true, "\(notices)")
        }
    }

    @Test func numbersAreNeverUsedTwice() throws {
        try withInstallationScratch { scratch in
            try makeStates(scratch, packages: 10, states: 4)
            try scratch.apply(.activate(2))
            try scratch.changing { _ = try $0.removeStates([3, 4]) }
            try Descriptor.openDirectory(scratch.root.appending(".moss")).removeTree("db")
            try scratch.apply(.remove(["p1"], keepsOrphans: true))
            let installation = try Installation(opening: scratch.root, .reading)
            #expect(try installation.states().map(\.number) == [1, 2, 5])
        }
    }

    @Test func anotherPackagesManifestIsNotBelieved() throws {
        try withInstallationScratch { scratch in
            try makeStates(scratch, packages: 10, states: 3)
            let before = try dump(scratch.root)
            let packages = try Descriptor.openDirectory(scratch.root.appending(".moss/packages"))
            let names = try packages.entries().map(\.name)
            try packages.replaceFile(names[3], with: packages.readFile(names[5]))
            let report = try Installation.rebuildDatabase(of: scratch.root, waiting: nil)
            #expect(report.damage.isEmpty, "\(report.damage)")
            let isRecord = { (line: String) in !line.hasPrefix("manifests ") }
            #expect(Set(try dump(scratch.root).filter(isRecord)) == Set(before.filter(isRecord)))
            #expect(try !Installation.check(scratch.root, CheckOptions(depth: .full)).isDamaged)
        }
    }

    @Test func recordsMakeLostFilesAgain() throws {
        try withInstallationScratch { scratch in
            try makeStates(scratch, packages: 10, states: 3)
            let before = try dump(scratch.root)
            let moss = try Descriptor.openDirectory(scratch.root.appending(".moss"))
            for entry in try moss.openDirectory("packages").entries() {
                try moss.unlink(BytePath("packages").appending(entry.name))
            }
            try moss.unlink("states/2")
            let report = try Installation.check(scratch.root, CheckOptions(depth: .quick, repairs: true))
            #expect(report.isRepaired, "\(report.findings.prefix(3))")
            try moss.removeTree("db")
            _ = try Installation.rebuildDatabase(of: scratch.root, waiting: nil)
            // The manifests say the same but were written by somebody else.
            let others = ["repositories.", "manifests "]
            let expected = before.filter { line in !others.contains { line.hasPrefix($0) } }
            #expect(Set(try dump(scratch.root).filter { !$0.hasPrefix("manifests ") }) == Set(expected))
        }
    }
}
