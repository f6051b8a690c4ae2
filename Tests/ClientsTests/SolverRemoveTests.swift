import Solver
import Testing

@Suite struct SolverRemoveTests {
    @Test func removesDependantsAndOrphans() throws {
        let world = SolverWorld(installed: [
            (solverPackage("app", needs: ["lib"]), true), (solverPackage("lib", needs: ["base"]), false),
            (solverPackage("base"), false), (solverPackage("tool", needs: ["base"]), true),
            (solverPackage("plugin", needs: ["app"]), true),
        ])
        let resolution = try world.solver.remove([capability("app")])
        #expect(world.labels(resolution.applied(to: world.selections)) == ["base-1", "tool-1*"])
        let causes = resolution.removals.map { "\($0.name): \($0.cause)" }
        #expect(
            causes == [
                "app: asked for", "lib: nothing explicit needs it any more",
                "plugin: needs app, which goes away with app",
            ])
    }

    @Test func keepsOrphansWhenAsked() throws {
        let world = SolverWorld(installed: [
            (solverPackage("app", needs: ["lib"]), true), (solverPackage("lib"), false),
        ])
        #expect(try world.removing("app", keepsOrphans: true) == ["lib-1"])
    }

    @Test func anotherProviderSavesDependants() throws {
        let world = SolverWorld(installed: [
            (solverPackage("app", needs: ["binary(x)"]), true), (solverPackage("one", provides: ["binary(x)"]), true),
            (solverPackage("two", provides: ["binary(x)"]), false),
        ])
        #expect(try world.removing("one") == ["app-1*", "two-1"])
        #expect(try world.removing("one", "two").isEmpty)
    }

    @Test func orphanedCyclesGo() throws {
        let world = SolverWorld(installed: [
            (solverPackage("app", needs: ["a"]), true), (solverPackage("a", needs: ["b"]), false),
            (solverPackage("b", needs: ["a"]), false), (solverPackage("stay"), true),
        ])
        #expect(try world.removing("app") == ["stay-1*"])
        #expect(try world.removing("b") == ["stay-1*"], "one member of a cycle takes the others with it")
    }

    @Test func brokenDependenciesElsewhereDoNotMatter() throws {
        let world = SolverWorld(installed: [
            (solverPackage("broken", needs: ["soname(gone.so)"]), true), (solverPackage("app"), true),
        ])
        #expect(try world.removing("app") == ["broken-1*"])
    }

    @Test func unknownNamesAreListedTogether() throws {
        let world = SolverWorld(installed: [(solverPackage("firefox"), true)])
        do {
            _ = try world.solver.remove([capability("firefix"), capability("zzz")])
            Issue.record("accepted")
        } catch {
            #expect(
                "\(error)" == "nothing installed provides firefix (similar: firefox); nothing installed provides zzz")
        }
    }

    @Test func removesByProvider() throws {
        let world = SolverWorld(installed: [
            (solverPackage("a", provides: ["binary(x)"]), true), (solverPackage("b"), true),
        ])
        #expect(try world.removing("binary(x)") == ["b-1*"])
    }

    @Test func emptyingTheStateWorks() throws {
        let world = SolverWorld(installed: [(solverPackage("a"), true)])
        #expect(try world.removing("a").isEmpty)
    }
}
