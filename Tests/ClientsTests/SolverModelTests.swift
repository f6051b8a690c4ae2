import PackageModel
import Solver
import TestSupport
import Testing

/// Small random universes, against trying everything: 1,500 of them, and 10,000 in the long run.
@Suite struct SolverModelTests {
    @Test(arguments: 1...15) func solvesWhatCanBeSolved(batch: Int) throws {
        try check(batch)
    }

    @Test(.long, arguments: 16...100) func solvesWhatCanBeSolvedInManyMore(batch: Int) throws {
        try check(batch)
    }

    private func check(_ batch: Int) throws {
        var seen = Seen()
        for number in 1...100 {
            let seed = batch * 1000 + number
            var random = SeededGenerator(seed: UInt64(seed))
            let model = SolverModel(&random)
            let states = model.sets.filter(model.isState)
            try checkInstall(model, states, &random, seed, &seen)
            try checkSync(model, states, &random, seed, &seen)
            try checkUpgrade(model, states, &random, seed)
        }
        // Otherwise the universes would be too easy to show anything.
        #expect(seen.solved > 10 && seen.refused > 5 && seen.keptBack > 5, "batch \(batch): \(seen)")
    }

    private func checkInstall(
        _ model: SolverModel, _ states: [Set<Int>], _ random: inout SeededGenerator, _ seed: Int,
        _ seen: inout Seen
    ) throws {
        var requests: [Capability] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let package = model.packages[Int.random(in: model.packages.indices, using: &random)]
            if let request = package.providers.randomElement(using: &random) { requests.append(request) }
        }
        let world = model.world(&random)
        let others = model.world(&random)
        let shuffled = requests.shuffled(using: &random)
        let wanted = requests.map { model.candidates(for: $0) }
        let solutions = states.filter { set in wanted.allSatisfy { $0.contains(where: set.contains) } }
        let note = Comment(rawValue: "install \(requests), seed \(seed)")
        let answer = try Answer { () throws(SolverError) in try world.solver.install(requests) }
        let other = try Answer { () throws(SolverError) in try others.solver.install(shuffled) }
        #expect(answer == other, note)
        switch answer {
        case .solved(let resolution):
            let set = model.indices(resolution.applied(to: world.selections))
            #expect(solutions.contains(set), note)
            let gone = model.goneNames(set)
            seen.solved += 1
            #expect(!solutions.contains { model.goneNames($0).isStrictSubset(of: gone) }, note)
        case .refused(let failure):
            #expect(solutions.isEmpty, note)
            seen.refused += 1
            #expect(!failure.problems.isEmpty && !failure.isIncomplete, note)
            for problem in failure.problems {
                checkMinimal(problem, model, note)
                for fact in problem.facts {
                    #expect(model.isTrue(fact, ofRequests: requests), "\(fact), seed \(seed)")
                }
            }
        }
    }

    /// Together the facts are impossible, and no fewer are.
    private func checkMinimal(_ problem: Problem, _ model: SolverModel, _ note: Comment) {
        #expect(!model.agrees(problem.facts), note)
        for index in problem.facts.indices {
            var fewer = problem.facts
            fewer.remove(at: index)
            #expect(model.agrees(fewer), note)
        }
    }

    private func checkSync(
        _ model: SolverModel, _ states: [Set<Int>], _ random: inout SeededGenerator, _ seed: Int,
        _ seen: inout Seen
    ) throws {
        let world = model.world(&random)
        let resolution = try world.solver.sync()
        seen.keptBack += resolution.keptBack.isEmpty ? 0 : 1
        #expect(try model.world(&random).solver.sync() == resolution, "sync, seed \(seed)")
        let selections = resolution.applied(to: world.selections)
        let set = model.indices(selections)
        let explicit = model.installed.filter(\.value).map(\.key)
        #expect(states.contains(set), "sync, seed \(seed)")
        let best = states.map { model.ranks(of: explicit, in: $0) }.min { $0.lexicographicallyPrecedes($1) }
        #expect(model.ranks(of: explicit, in: set) == best, "sync, seed \(seed)")
        let roots = model.indices(selections.filter(\.isExplicit))
        #expect(model.reached(set, from: Array(roots)) == set, "sync leaves orphans, seed \(seed)")
        checkKeptBack(resolution, model, set, among: Array(set), seed)
    }

    /// Exactly those are kept back that are not what their collection holds, for a reason that is minimal.
    private func checkKeptBack(
        _ resolution: Resolution, _ model: SolverModel, _ set: Set<Int>, among members: [Int], _ seed: Int
    ) {
        let behind = members.filter { model.installed[$0] != nil && set.contains($0) && model.ranking($0)[0] != $0 }
        #expect(
            resolution.keptBack.map(\.package.id)
                == behind.map { model.packages[$0] }.sorted { $0.name < $1.name }.map(\.id),
            "kept back, seed \(seed)")
        for kept in resolution.keptBack {
            guard let problem = kept.problem else { continue }
            checkMinimal(problem, model, "kept back \(kept.package.label), seed \(seed)")
        }
    }

    private func checkUpgrade(
        _ model: SolverModel, _ states: [Set<Int>], _ random: inout SeededGenerator, _ seed: Int
    ) throws {
        let named = model.installed.keys.sorted().shuffled(using: &random).prefix(2)
        guard !named.isEmpty else { return }
        let world = model.world(&random)
        let requests = named.map { Capability(.name, model.packages[$0].name) }
        let resolution = try world.solver.upgrade(requests)
        #expect(try model.world(&random).solver.upgrade(requests.reversed()) == resolution, "upgrade, seed \(seed)")
        let set = model.indices(resolution.applied(to: world.selections))
        let names = Set(named.map { model.packages[$0].name })
        #expect(states.contains(set) && model.goneNames(set).isDisjoint(with: names), "upgrade, seed \(seed)")
        let allowed = states.filter { model.goneNames($0).isDisjoint(with: names) }
        let best = allowed.map { model.ranks(of: Array(named), in: $0) }.min { $0.lexicographicallyPrecedes($1) }
        #expect(model.ranks(of: Array(named), in: set) == best, "upgrade \(requests), seed \(seed)")
        let gone = model.goneNames(set)
        #expect(
            !allowed.contains {
                model.ranks(of: Array(named), in: $0) == best && model.goneNames($0).isStrictSubset(of: gone)
            }, "upgrade \(requests), seed \(seed)")
        checkKeptBack(resolution, model, set, among: Array(named), seed)
    }
}

/// How often something happened.
private struct Seen {
    var solved = 0
    var refused = 0
    var keptBack = 0
}

private enum Answer: Equatable {
    case solved(Resolution)
    case refused(SolverError.Unsatisfiable)

    init(_ body: () throws(SolverError) -> Resolution) throws {
        do throws(SolverError) {
            self = .solved(try body())
        } catch {
            guard case .unsatisfiable(let failure) = error else { throw error }
            self = .refused(failure)
        }
    }
}
