import PackageModel
import Solver
import Testing

@Suite struct SolverInstallTests {
    @Test func bringsInDependenciesAsTransitive() throws {
        let world = SolverWorld(available: [
            solverPackage("nano", needs: ["soname(libncurses.so.6(x86_64))", "name(base)"]),
            solverPackage("ncurses", provides: ["soname(libncurses.so.6(x86_64))"]),
            solverPackage("base"), solverPackage("unrelated"),
        ])
        let resolution = try world.solver.install([capability("nano")])
        #expect(world.labels(resolution.applied(to: [])) == ["base-1", "nano-1*", "ncurses-1"])
        let causes = resolution.additions.map { "\($0.package.name): \($0.cause)" }
        #expect(
            causes == [
                "base: nano needs base", "nano: asked for", "ncurses: nano needs soname(libncurses.so.6(x86_64))",
            ])
    }

    @Test func makesTransitiveExplicitAndSaysItIsThere() throws {
        let library = solverPackage("lib")
        let world = SolverWorld(installed: [(library, false)], available: [solverPackage("lib", 2)])
        let resolution = try world.solver.install([capability("lib")])
        #expect(resolution.additions.isEmpty)
        #expect(resolution.flagChanges.map(\.name) == ["lib"])
        #expect(resolution.alreadyInstalled.map(\.name) == ["lib"])
        #expect(world.labels(resolution.applied(to: world.selections)) == ["lib-1*"])
    }

    @Test func installedExplicitPackageChangesNothing() throws {
        let world = SolverWorld(installed: [(solverPackage("tool"), true)])
        #expect(try world.solver.install([capability("tool")]).isEmpty)
    }

    /// The new soname lives in a newer release of an installed name: the newer one has to get in.
    @Test func replacesInstalledPackageOfTheSameName() throws {
        let world = SolverWorld(
            installed: [(solverPackage("lib", 1, provides: ["soname(lib.so.1)"]), true)],
            available: [
                solverPackage("lib", 2, provides: ["soname(lib.so.2)"]),
                solverPackage("app", needs: ["soname(lib.so.2)"]),
            ])
        let resolution = try world.solver.install([capability("app")])
        #expect(world.labels(resolution.applied(to: world.selections)) == ["app-1*", "lib-2*"])
        #expect(resolution.additions.last?.replaces?.release == 1)
    }

    @Test func upgradesDependantsOfAReplacedPackage() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("lib", 1, provides: ["soname(lib.so.1)"]), false),
                (solverPackage("old", 1, needs: ["soname(lib.so.1)"]), true),
                (solverPackage("top", 1, needs: ["binary(old)"]), true),
                (solverPackage("far"), true),
            ],
            available: [
                solverPackage("lib", 2, provides: ["soname(lib.so.2)"]),
                solverPackage("old", 2, needs: ["soname(lib.so.2)"]),
                solverPackage("app", needs: ["soname(lib.so.2)"]), solverPackage("far", 9),
            ])
        #expect(try world.installing("app") == ["app-1*", "far-1*", "lib-2", "old-2*", "top-1*"])
    }

    @Test func keepsDependantOfAReplacedPackageWithAnotherProvider() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("lib", 1, provides: ["soname(lib.so.1)"]), false),
                (solverPackage("old", 1, needs: ["soname(lib.so.1)"]), true),
            ],
            available: [
                solverPackage("lib", 2, provides: ["soname(lib.so.2)"]),
                solverPackage("lib-compat", 1, provides: ["soname(lib.so.1)"]),
                solverPackage("app", needs: ["soname(lib.so.2)"]),
            ])
        #expect(try world.installing("app") == ["app-1*", "lib-2", "lib-compat-1", "old-1*"])
    }

    @Test func explainsADependantThatCannotFollow() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("lib", 1, provides: ["soname(lib.so.1)"]), false),
                (solverPackage("old", 1, needs: ["soname(lib.so.1)"]), true),
            ],
            available: [
                solverPackage("lib", 2, provides: ["soname(lib.so.2)"]),
                solverPackage("app", needs: ["soname(lib.so.2)"]),
            ])
        let message = failure { try world.solver.install([capability("app")]) }
        #expect(message.contains("nothing provides soname(lib.so.1), which old 1.1-1 needs"))
        #expect(message.contains("replaced by lib 1.2-2"))
    }

    @Test func reportsEveryMissingDependencyWithItsChain() throws {
        let world = SolverWorld(available: [
            solverPackage("app", needs: ["mid", "soname(libgone.so.1)"]), solverPackage("mid", needs: ["binary(gon)"]),
            solverPackage("near", provides: ["binary(gone)"]),
        ])
        let message = failure { try world.solver.install([capability("app")]) }
        #expect(message.contains("nothing provides soname(libgone.so.1), which app 1.1-1 needs"))
        #expect(
            message.contains(
                "nothing provides binary(gon), which mid 1.1-1 needs; chain: app 1.1-1 -> mid 1.1-1 (mid);"
                    + " similar: binary(gone)"))
    }

    @Test func namesEveryUnknownRequestAndLikelyOnes() throws {
        let world = SolverWorld(available: [solverPackage("firefox"), solverPackage("nano")])
        let message = failure { try world.solver.install([capability("fierfox"), capability("nanoo")]) }
        #expect(message.contains("fierfox (similar: firefox)"))
        #expect(message.contains("nanoo (similar: nano)"))
    }

    @Test func reportsAllConflictsWithBothNames() throws {
        let world = SolverWorld(
            installed: [(solverPackage("sendmail", conflicts: ["name(postfix)"]), true)],
            available: [
                solverPackage("postfix", provides: ["binary(mail)"]),
                solverPackage("exim", conflicts: ["binary(mail)"]),
            ])
        let message = failure { try world.solver.install([capability("postfix"), capability("exim")]) }
        #expect(message.contains("exim 1.1-1 conflicts with postfix 1.1-1 (binary(mail))"))
        #expect(message.contains("sendmail 1.1-1 conflicts with postfix 1.1-1 (postfix)"))
    }

    @Test func aPackageMayConflictWithWhatItProvidesItself() throws {
        let world = SolverWorld(available: [
            solverPackage("mta", provides: ["name(mail-server)"], conflicts: ["name(mail-server)"])
        ])
        #expect(try world.installing("mta") == ["mta-1*"])
    }

    @Test func takesTheNextProviderWhenTheFirstLacksSomething() throws {
        let world = SolverWorld(available: [
            solverPackage("app", needs: ["binary(tool)"]),
            solverPackage("a-tool", 9, needs: ["middle"], provides: ["binary(tool)"]),
            solverPackage("middle", needs: ["gone"]), solverPackage("b-tool", 1, provides: ["binary(tool)"]),
        ])
        #expect(try world.installing("app") == ["app-1*", "b-tool-1"])
    }

    @Test func takesTheNextProviderWhenTheFirstConflicts() throws {
        let world = SolverWorld(
            installed: [(solverPackage("base"), true)],
            available: [
                solverPackage("app", needs: ["binary(tool)"]),
                solverPackage("a-tool", 9, provides: ["binary(tool)"], conflicts: ["base"]),
                solverPackage("b-tool", 1, provides: ["binary(tool)"]),
            ])
        #expect(try world.installing("app") == ["app-1*", "b-tool-1", "base-1*"])
    }

    /// The earlier of two clashing choices has to give way when the later one has no alternative.
    @Test func revisesAnEarlierChoice() throws {
        let world = SolverWorld(available: [
            solverPackage("app", needs: ["binary(a)", "binary(z)"]),
            solverPackage("a1", 9, provides: ["binary(a)"]), solverPackage("a2", 1, provides: ["binary(a)"]),
            solverPackage("z", provides: ["binary(z)"], conflicts: ["a1"]),
        ])
        #expect(try world.installing("app") == ["a2-1", "app-1*", "z-1"])
    }

    @Test func upgradesAnInstalledPackageThatConflicts() throws {
        let world = SolverWorld(
            installed: [(solverPackage("base", 1, provides: ["binary(x)"]), true)],
            available: [solverPackage("x", conflicts: ["binary(x)"]), solverPackage("base", 2)])
        // "x" offers no other way: the requested package itself is the later choice and cannot be banned.
        #expect(try world.installing("x") == ["base-2*", "x-1*"])
    }

    @Test func ordersProvidersByTheRules() throws {
        let app = solverPackage("app", needs: ["binary(tool)"])
        func chosen(_ offers: [(PackageSummary, UInt64)], installed: [(PackageSummary, Bool)] = []) throws -> String {
            var world = SolverWorld(installed: installed, available: [app])
            for (package, priority) in offers { world.add([package], priority: priority) }
            let labels = try world.installing("app")
            return labels.filter { !$0.hasPrefix("app") }.joined(separator: " ")
        }
        let a = solverPackage("a", 5, provides: ["binary(tool)"])
        let b = solverPackage("b", 7, provides: ["binary(tool)"])
        let tool = solverPackage("tool", 1, provides: ["binary(tool)"])
        let rebuilt = solverPackage("a", 5, build: 2, provides: ["binary(tool)"])
        #expect(try chosen([(a, 0), (b, 0), (tool, 0)]) == "tool-1", "name equal to the target")
        #expect(try chosen([(a, 1), (b, 0), (tool, 0)]) == "a-5", "priority first")
        #expect(try chosen([(a, 0), (b, 0)]) == "b-7", "higher release")
        #expect(try chosen([(b, 9), (tool, 9)], installed: [(a, false)]) == "a-5", "installed first")
        var world = SolverWorld(available: [app, a, rebuilt])
        world.apply(try world.solver.install([capability("app")]))
        #expect(world.selections.contains { $0.package == rebuilt.id }, "higher build release")
    }

    @Test func requestedPackagesServeAsProviders() throws {
        let world = SolverWorld(available: [
            solverPackage("app", needs: ["binary(tool)"]), solverPackage("a", 1, provides: ["binary(tool)"]),
            solverPackage("b", 2, provides: ["binary(tool)"]),
        ])
        #expect(try world.installing("app", "a") == ["a-1*", "app-1*"])
        #expect(try world.installing("a", "app") == ["a-1*", "app-1*"])
    }

    @Test func aRequestPrefersThePackageOfThatName() throws {
        let world = SolverWorld(
            installed: [(solverPackage("other", 9, provides: ["name(tool)"]), true)], available: [solverPackage("tool")]
        )
        #expect(try world.installing("tool") == ["other-9*", "tool-1*"])
    }

    @Test func twoVersionsOfOneNameAreExplained() throws {
        let world = SolverWorld(available: [
            solverPackage("app", needs: ["soname(l.1)", "soname(l.2)"]),
            solverPackage("l", 1, provides: ["soname(l.1)"]), solverPackage("l", 2, provides: ["soname(l.2)"]),
        ])
        let message = failure { try world.solver.install([capability("app")]) }
        #expect(message.contains("a state holds one package of a name"))
    }

    @Test func followsDeepChainsWithoutTheCallStack() throws {
        let depth = 20_000
        var packages = (0..<depth).map { solverPackage("p\($0)", needs: ["p\($0 + 1)"]) }
        packages.append(solverPackage("p\(depth)"))
        var world = SolverWorld(available: packages)
        world.apply(try world.solver.install([capability("p0")]))
        #expect(world.selections.count == depth + 1)
        #expect(try world.removing("p0").isEmpty)
    }

    @Test func explainsTheEndOfADeepChain() throws {
        let depth = 3_000
        let world = SolverWorld(available: (0..<depth).map { solverPackage("p\($0)", needs: ["p\($0 + 1)"]) })
        let message = failure { try world.solver.install([capability("p0")]) }
        #expect(message.contains("nothing provides p3000, which p2999 1.1-1 needs"))
        #expect(message.contains("... 2990 more ..."))
    }

    /// Installing into a big state looks up what changes and nothing else.
    @Test func costFollowsTheChange() throws {
        var installed = (0..<2_000).map { (solverPackage("p\($0)", needs: $0 > 0 ? ["p\($0 - 1)"] : []), true) }
        installed.append((solverPackage("lib", provides: ["soname(l)"]), false))
        let world = SolverWorld(installed: installed, available: [solverPackage("app", needs: ["soname(l)", "p7"])])
        let counting = CountingState(table: world.state)
        let solver = DependencySolver(installed: counting, available: world.offers)
        let resolution = try solver.install([capability("app")])
        #expect(resolution.additions.map(\.package.name) == ["app"])
        #expect(counting.lookups.count < 20, "\(counting.lookups.count) look-ups")
    }

    private func failure(_ body: () throws -> Resolution) -> String {
        do {
            return "no error, but \(try body().additions.map(\.package.name))"
        } catch {
            return "\(error)"
        }
    }
}

/// Counts look-ups and refuses to list the state.
private struct CountingState: InstalledPackages {
    final class Counter { var count = 0 }

    let table: InstalledTable
    let lookups = Counter()

    func package(_ id: PackageID) -> PackageSummary? {
        lookups.count += 1
        return table.package(id)
    }

    func selection(_ id: PackageID) -> Selection? {
        lookups.count += 1
        return table.selection(id)
    }

    func selections() -> [Selection] {
        Issue.record("install listed the whole state")
        return table.selections()
    }

    func providers(of capability: Capability) -> [PackageID] {
        lookups.count += 1
        return table.providers(of: capability)
    }

    func dependants(on capability: Capability) -> [PackageID] {
        lookups.count += 1
        return table.dependants(on: capability)
    }

    func opponents(of capability: Capability) -> [PackageID] {
        lookups.count += 1
        return table.opponents(of: capability)
    }
}
