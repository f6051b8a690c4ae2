import Digests
import PackageModel
import Solver
import StoneFormat
import TestSupport
import Testing

/// Resolving among the packages of real build manifests, where they are at hand.
@Suite(.enabled(if: !SolverCorpus.files.isEmpty, "needs ../shared/data/manifests"))
struct SolverCorpusTests {
    /// The corpus is a cut of a distribution, so most packages need something outside: the missing capabilities are
    /// filled in by stand-ins, one for each. Then everything installs, one by one and together, and goes away again.
    @Test func everyPackageInstallsAndLeaves() throws {
        let packages = try SolverCorpus.packages()
        #expect(packages.count >= 41)
        let provided = Set(packages.flatMap(\.providers))
        let missing = Set(packages.flatMap(\.dependencies)).subtracting(provided)
        let standIns = missing.sorted().enumerated().map { number, item in
            solverPackage("stand-in-\(number)", provides: [item.sortText])
        }
        let empty = SolverWorld(available: packages + standIns)
        var world = empty
        for package in packages {
            let request = Capability(.name, package.name)
            var alone = empty
            alone.apply(try empty.solver.install([request]))
            #expect(alone.faults(alone.selections) == [], "\(package.name)")
            #expect(try alone.removing(package.name) == [])
            world.apply(try world.solver.install([request]))
        }
        #expect(world.faults(world.selections) == [])
        #expect(try world.solver.sync().isEmpty)
        let together = try empty.solver.install(packages.map { Capability(.name, $0.name) })
        #expect(together.applied(to: []) == world.selections)
    }

    /// Without stand-ins each package installs or says which packages need what.
    @Test func errorsNameTheDependant() throws {
        let packages = try SolverCorpus.packages()
        let world = SolverWorld(available: packages)
        var failures = 0
        for package in packages {
            do throws(SolverError) {
                _ = try world.solver.install([Capability(.name, package.name)])
            } catch {
                failures += 1
                #expect("\(error)".contains("nothing provides"), "\(error)")
                #expect("\(error)".contains("needs"), "\(error)")
            }
        }
        #expect(failures > 0)
    }
}

private enum SolverCorpus {
    static let files = SharedData.files(in: "manifests", suffix: ".bin")

    /// One package per name; ids are made up, since manifests have none.
    static func packages() throws -> [PackageSummary] {
        var packages: [String: PackageSummary] = [:]
        for file in files {
            for metadata in try StoneIndex.decode(file.bytes) {
                let id = Array("\(metadata.name)-\(metadata.release)".utf8).withUnsafeBytes { PackageID(hashing: $0) }
                packages[metadata.name] = PackageSummary(id: id, metadata: metadata)
            }
        }
        return packages.values.sorted { $0.name < $1.name }
    }
}
