import Solver
import Testing

@Suite struct SolverSyncTests {
    @Test func theTipWinsEvenIfOlder() throws {
        var world = SolverWorld(
            installed: [(solverPackage("a", 7), true), (solverPackage("b", 1), true)],
            available: [solverPackage("a", 9), solverPackage("b", 2)])
        world.add([solverPackage("a", 5), solverPackage("a", 4)], priority: 10)
        #expect(try world.syncing() == ["a-5*", "b-2*"])
    }

    @Test func vanishedNamesStayWithWhatTheyNeed() throws {
        let world = SolverWorld(
            installed: [(solverPackage("gone", needs: ["lib"]), true), (solverPackage("lib"), false)])
        #expect(try world.syncing() == ["gone-1*", "lib-1"])
    }

    @Test func transitivePackagesFollowAndOrphansLeave() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("app", 1, needs: ["old"]), true), (solverPackage("old"), false),
                (solverPackage("lib", 1), false),
            ],
            available: [
                solverPackage("app", 2, needs: ["lib"]), solverPackage("lib", 2), solverPackage("old"),
            ])
        let resolution = try world.solver.sync()
        #expect(world.labels(resolution.applied(to: world.selections)) == ["app-2*", "lib-2"])
        #expect(
            resolution.removals.map { "\($0.name): \($0.cause)" } == [
                "app: replaced by another version", "lib: replaced by another version",
                "old: nothing explicit needs it any more",
            ])
    }

    /// A library moved from one package to another: the old provider must not keep it.
    @Test func librariesThatMoveAreFollowed() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("app", 1, needs: ["soname(l.so)"]), true),
                (solverPackage("suite", 1, provides: ["soname(l.so)"]), false),
            ],
            available: [
                solverPackage("app", 1, needs: ["soname(l.so)"]), solverPackage("suite", 2),
                solverPackage("suite-libs", 2, provides: ["soname(l.so)"]),
            ])
        #expect(try world.syncing() == ["app-1*", "suite-libs-2"])
    }

    @Test func namesThatAreInstalledArePreferred() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("app", 1, needs: ["binary(x)"]), true),
                (solverPackage("one", 1, provides: ["binary(x)"]), false),
            ],
            available: [
                solverPackage("app", 2, needs: ["binary(x)"]), solverPackage("one", 2, provides: ["binary(x)"]),
                solverPackage("two", 9, provides: ["binary(x)"]),
            ])
        #expect(try world.syncing() == ["app-2*", "one-2"])
    }

    @Test func whatWasBrokenBeforeIsReportedAndStays() throws {
        let world = SolverWorld(
            installed: [(solverPackage("sick", needs: ["gone"]), true), (solverPackage("a", 1), true)],
            available: [solverPackage("a", 2)])
        let resolution = try world.solver.sync()
        #expect(world.labels(resolution.applied(to: world.selections)) == ["a-2*", "sick-1*"])
        #expect(resolution.stillBroken.map { "\($0.name) \($0.dependency)" } == ["sick gone"])
    }

    @Test func aBrokenPackageDoesNotStopTheOthers() throws {
        let world = SolverWorld(
            installed: [(solverPackage("a", 1), true), (solverPackage("b", 1), true)],
            available: [solverPackage("a", 2, needs: ["gone"]), solverPackage("b", 2)])
        let resolution = try world.solver.sync()
        #expect(world.labels(resolution.applied(to: world.selections)) == ["a-1*", "b-2*"])
        #expect(resolution.keptBack.map { "\($0.package.label) \($0.offered.label)" } == ["a 1.1-1 a 1.2-2"])
        #expect(
            resolution.keptBack.first?.problem.map { "\($0)" }
                == "nothing provides gone, which a 1.2-2 needs; would help: a collection that has gone")
    }

    @Test func inStepMeansEmpty() throws {
        let app = solverPackage("app", 1, needs: ["lib"])
        let world = SolverWorld(
            installed: [(app, true), (solverPackage("lib"), false)], available: [app, solverPackage("lib")])
        #expect(try world.solver.sync().isEmpty)
    }

    @Test func aListDecidesWhatIsExplicit() throws {
        let world = SolverWorld(
            installed: [(solverPackage("a", needs: ["b"]), true), (solverPackage("x"), true)],
            available: [solverPackage("a", needs: ["b"]), solverPackage("b"), solverPackage("c", needs: ["a"])])
        let resolution = try world.solver.sync(to: [capability("c")])
        #expect(world.labels(resolution.applied(to: world.selections)) == ["a-1", "b-1", "c-1*"])
        #expect(resolution.removals.map { "\($0.name): \($0.cause)" } == ["x: the list does not name it"])
        #expect(throws: SolverError.self) { try world.solver.sync(to: [capability("x")]) }
    }
}
