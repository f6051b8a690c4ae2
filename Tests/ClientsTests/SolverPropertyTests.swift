import PackageModel
import Solver
import TestSupport
import Testing

/// Laws that hold for every universe; the seed of a failing one is in the message.
@Suite struct SolverPropertyTests {
    @Test(arguments: 1...300) func lawsHoldInRandomUniverses(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let alternatives = seed.isMultiple(of: 2)
        var world = SolverWorld(available: Self.packages(&random, build: 1, alternatives: alternatives))
        world.add(Self.packages(&random, build: 2, alternatives: alternatives), priority: 5)
        var installs = 0
        for _ in 0..<12 {
            let names = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                capability("p\(Int.random(in: 0..<24, using: &random))")
            }
            // Upgrades may leave orphans behind; what removing takes away is compared without them.
            world.apply(try world.solver.remove([]))
            let before = world.selections
            guard let resolution = try? world.solver.install(names) else { continue }
            installs += 1
            #expect(try world.solver.install(names.shuffled(using: &random)) == resolution, "order, seed \(seed)")
            world.apply(resolution)
            #expect(world.faults(world.selections) == [], "install \(names), seed \(seed)")
            try checkRemoval(of: names, resolution, before: alternatives ? nil : before, world, seed: seed)
        }
        #expect(installs > 0, "nothing could be installed, seed \(seed)")
        if let resolution = try? world.solver.sync() {
            world.apply(resolution)
            #expect(world.faults(world.selections) == [], "sync, seed \(seed)")
            #expect(try world.solver.sync().isEmpty, "a second sync changes something, seed \(seed)")
        }
    }

    /// What an install only added, removing takes away again.
    ///
    /// With alternative providers only the laws hold: a state does not tell which of two was chosen first, so
    /// `before` is nil then.
    private func checkRemoval(
        of names: [Capability], _ resolution: Resolution, before: [Selection]?, _ world: SolverWorld, seed: Int
    ) throws {
        let removal = try world.solver.remove(names)
        let after = removal.applied(to: world.selections)
        #expect(world.faults(after) == [], "remove \(names), seed \(seed)")
        guard let before, resolution.removals.isEmpty, resolution.alreadyInstalled.isEmpty else { return }
        #expect(
            world.labels(after) == world.labels(before), "install and remove \(names), seed \(seed)")
    }

    @Test(arguments: 1...40) func answersDoNotDependOnTheOrderOfInsertion(seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        let packages = Self.packages(&random)
        let one = SolverWorld(available: packages)
        let other = SolverWorld(available: packages.shuffled(using: &random))
        for number in 0..<24 {
            let request = capability("p\(number)")
            let left = Self.outcome(one, request)
            #expect(left == Self.outcome(other, request), "\(request), seed \(seed)")
        }
    }

    /// A cycle of eleven packages comes and goes as one, as around gdk-pixbuf and libheif in real data.
    @Test func cyclesOfElevenComeAndGoTogether() throws {
        var packages = (0..<11).map { solverPackage("c\($0)", needs: ["c\(($0 + 1) % 11)"]) }
        packages.append(solverPackage("app", needs: ["c4"]))
        var world = SolverWorld(installed: [(solverPackage("stay"), true)], available: packages)
        world.apply(try world.solver.install([capability("app")]))
        #expect(world.selections.count == 13)
        #expect(try world.solver.sync().isEmpty)
        #expect(try world.removing("app") == ["stay-1*"])
        #expect(try world.removing("c7") == ["stay-1*"])
    }

    /// The new state, or what the error says.
    private static func outcome(_ world: SolverWorld, _ request: Capability) -> [String] {
        do {
            return world.labels(try world.solver.install([request]).applied(to: []))
        } catch {
            return ["\(error)"]
        }
    }

    private static func chance(_ percent: Int, _ random: inout SeededGenerator) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    private static func packages(_ random: inout SeededGenerator, build: UInt64 = 1, alternatives: Bool = true)
        -> [PackageSummary]
    {
        let sharing = alternatives ? 3 : 1
        return (0..<24).map { number in
            var needs: [String] = []
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let other = Int.random(in: 0..<24, using: &random)
                needs.append(
                    chance(50, &random) ? "p\(other)" : "soname(l\(other / sharing).so.\(chance(80, &random) ? 1 : 2))")
            }
            let provides = ["soname(l\(number / sharing).so.\(chance(80, &random) ? 1 : 2))"]
            let conflicts = chance(8, &random) ? ["p\(Int.random(in: 0..<24, using: &random))"] : []
            return solverPackage(
                "p\(number)", UInt64.random(in: 1...99, using: &random), build: build, needs: needs, provides: provides,
                conflicts: conflicts)
        }
    }
}
