import PackageModel
import Solver
import Testing

/// What hostile collections may cost while they are explained, and names that only look alike.
@Suite struct SolverBoundsTests {
    private func unsatisfiable(_ body: () throws -> Resolution) -> SolverError.Unsatisfiable? {
        do {
            _ = try body()
            return nil
        } catch SolverError.unsatisfiable(let failure) {
            return failure
        } catch {
            return nil
        }
    }

    @Test func manyProblemsAreCountedAndNotAllExplained() throws {
        let count = 3000
        let packages = (0..<count).map { solverPackage("p\($0)", needs: ["p\($0 + 1)", "missing\($0)"]) }
        let world = CountingWorld(
            SolverWorld(available: packages + [solverPackage("p\(count)"), solverPackage("missin")]))
        let failure = try #require(unsatisfiable { try world.solver.install([capability("p0")]) })
        #expect(failure.problems.count == 20 && failure.hasMore)
        let links = failure.problems.reduce(0) { sum, problem in
            if case .missing(let missing) = problem.subject { sum + missing.chain.count } else { sum }
        }
        #expect(links <= 20 * 11)
        // All names are read once, not once for each problem.
        #expect(world.available.targetsAsked.value == 1)
        let message = SolverError.unsatisfiable(failure).description
        #expect(message.contains("and more problems") && message.utf8.count < 20_000)
    }

    @Test func packagesThatAllConflictAreNotPairedUp() throws {
        let count = 1500
        let packages = (0..<count).map { solverPackage("p\($0)", provides: ["binary(x)"], conflicts: ["binary(x)"]) }
        let world = SolverWorld(available: packages + [solverPackage("all", needs: (0..<count).map { "p\($0)" })])
        let failure = try #require(unsatisfiable { try world.solver.install([capability("all")]) })
        #expect(failure.problems.count == 20 && failure.hasMore)
    }

    @Test func manyWhoWantWhatManyCannotGiveLookAtItOnce() throws {
        // Every candidate has the one name that is taken.
        let count = 2000
        let holder = solverPackage("taken", 9)
        let candidates = (1...count).map { solverPackage("taken", 10 + UInt64($0), provides: ["binary(x)"]) }
        let wanting = (0..<count).map { solverPackage("w\($0)", needs: ["binary(x)"]) }
        var world = SolverWorld(available: wanting + [solverPackage("all", needs: wanting.map(\.name))])
        world.add([holder], priority: 9)
        world.add(candidates, priority: 0)
        let failure = unsatisfiable { try world.solver.install([capability("taken"), capability("all")]) }
        #expect(failure == nil || failure?.problems.isEmpty == false)
    }

    @Test func namesOfAnyLengthAreShownShort() throws {
        let long = String(repeating: "n", count: 60_000)
        let world = SolverWorld(available: [
            solverPackage("a" + long, needs: ["b" + long]), solverPackage("b" + long, needs: [long]),
            solverPackage(String(repeating: "n", count: 59_999)),
        ])
        let message = failure { try world.solver.install([capability("a" + long)]) }
        #expect(message.contains("nothing provides nnn") && message.utf8.count < 4000)
        let unknown = failure { try world.solver.install([capability(long)]) }
        #expect(unknown.utf8.count < 1000)
    }

    private func failure(_ body: () throws -> Resolution) -> String {
        do {
            return "no error, but \(try body())"
        } catch {
            return "\(error)"
        }
    }

    // MARK: Spellings

    private let composed = "lib\u{e9}"
    private let decomposed = "libe\u{301}"

    @Test func anotherSpellingMeetsNothing() throws {
        let world = SolverWorld(available: [
            solverPackage("wants", needs: ["soname(\(composed))"]),
            solverPackage("gives", provides: ["soname(\(decomposed))"]),
            solverPackage(composed), solverPackage(decomposed), solverPackage("needs", needs: [composed]),
            solverPackage("foe", conflicts: [composed]),
        ])
        #expect(failure { try world.solver.install([capability("wants")]) }.contains("nothing provides"))
        #expect(
            failure { try world.solver.install([capability("wants"), capability("gives")]) }.contains(
                "nothing provides"))
        // Two packages, of two names, side by side; each request takes the one it names.
        let both = try world.installing(composed, decomposed)
        #expect(both.count == 2)
        #expect(
            try world.solver.install([capability(decomposed)]).additions.map { Array($0.package.name.utf8) } == [
                Array(decomposed.utf8)
            ])
        #expect(try world.installing("needs").count == 2)
        #expect(try world.solver.install([capability("foe"), capability(decomposed)]).additions.count == 2)
        #expect(failure { try world.solver.install([capability("foe"), capability(composed)]) }.contains("conflicts"))
    }

    @Test func removingTakesTheOneOfThatSpelling() throws {
        let packages = [solverPackage(composed), solverPackage(decomposed), solverPackage("needs", needs: [composed])]
        let world = SolverWorld(installed: packages.map { ($0, true) }, available: packages)
        let removed = try world.solver.remove([capability(decomposed)]).removals
        #expect(removed.map { Array($0.name.utf8) } == [Array(decomposed.utf8)])
        #expect(try world.solver.remove([capability(composed)]).removals.count == 2)
        #expect(try world.solver.sync().isEmpty)
    }
}

/// Collections that count how often all names are asked for.
private struct CountingWorld {
    final class Counter {
        var value = 0
    }

    struct Offers: AvailablePackages {
        let table: OfferTable
        let targetsAsked = Counter()

        func package(_ id: PackageID) -> PackageSummary? { table.package(id) }
        func offers(of capability: Capability) -> [Offer] { table.offers(of: capability) }
        func targets(of kind: CapabilityKind) -> [String] {
            targetsAsked.value += 1
            return table.targets(of: kind)
        }
    }

    let state: InstalledTable
    let available: Offers

    init(_ world: SolverWorld) {
        state = world.state
        available = Offers(table: world.offers)
    }

    var solver: DependencySolver<InstalledTable, Offers> { DependencySolver(installed: state, available: available) }
}
