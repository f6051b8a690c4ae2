import PackageModel
import Solver
import Testing

/// Requests for a version or a collection, upgrades of single packages, and the reasons that plans give.
@Suite struct SolverRequestTests {
    @Test(arguments: [
        ("nano", "nano", nil), ("nano@8.0", "nano", "8.0"), ("nano@8.0-2", "nano", "8.0-2"), ("a@b@c", "a@b", "c"),
        ("name(a@b)", "a@b", nil),
    ]) func textsAreParsed(text: String, name: String, pin: String?) {
        #expect(Request(parsing: text) == Request(Capability(.name, name), pin: pin))
    }

    @Test(arguments: ["", "@", "@1", "nano@", "soname(x"]) func otherTextsAreNot(text: String) {
        #expect(Request(parsing: text) == nil)
    }

    private func world(installed: [(PackageSummary, Bool)] = []) -> SolverWorld {
        var world = SolverWorld(installed: installed)
        for (release, collection) in [(1, "old"), (2, "main"), (3, "testing")] as [(UInt64, String)] {
            let package = solverPackage("nano", release)
            world.known[package.id] = package
            world.offers.insert(package, priority: release == 2 ? 9 : 0, collection: collection)
        }
        return world
    }

    private func installing(_ texts: String..., in world: SolverWorld) throws -> [String] {
        world.labels(try world.solver.install(texts.compactMap(Request.init)).applied(to: world.selections))
    }

    @Test func aVersionOrACollectionCanBeNamed() throws {
        #expect(try installing("nano", in: world()) == ["nano-2*"])
        #expect(try installing("nano@1.1", in: world()) == ["nano-1*"])
        #expect(try installing("nano@1.3-3", in: world()) == ["nano-3*"])
        #expect(try installing("nano@testing", in: world()) == ["nano-3*"])
        // Also where another version is installed, and where it is this one.
        let older = world(installed: [(solverPackage("nano", 1), false)])
        #expect(try installing("nano", in: older) == ["nano-1*"])
        #expect(try installing("nano@testing", in: older) == ["nano-3*"])
        #expect(try installing("nano@old", in: older) == ["nano-1*"])
        #expect(try older.solver.install([Request(capability("nano"), pin: "old")]).additions.isEmpty)
    }

    @Test func aVersionThatIsNotThereIsRefusedWithThoseThatAre() {
        let message = failure { try world().solver.install([Request(capability("nano"), pin: "9")]) }
        #expect(message.hasPrefix("nothing provides nano@9 (similar: nano 1.2-2, nano 1.3-3, nano 1.1-1)"))
        let clash = failure {
            try world().solver.install([
                Request(capability("nano"), pin: "old"), Request(capability("nano"), pin: "main"),
            ])
        }
        #expect(clash.contains("a state holds one package of a name"), "\(clash)")
        #expect(clash.contains("would help: leaving out nano@main, or leaving out nano@old"), "\(clash)")
    }

    private func failure(_ body: () throws -> Resolution) -> String {
        do {
            return "no error, but \(try body())"
        } catch {
            return "\(error)"
        }
    }

    // MARK: Upgrades

    @Test func anUpgradeBringsWhatItNeedsAndNothingElse() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("app", 1, needs: ["lib"]), true),
                (solverPackage("lib", 1, provides: ["soname(l.1)"]), false),
                (solverPackage("user", 1, needs: ["soname(l.1)"]), true), (solverPackage("far", 1), true),
            ],
            available: [
                solverPackage("app", 2, needs: ["soname(l.2)", "extra"]), solverPackage("extra"),
                solverPackage("lib", 2, provides: ["soname(l.2)"]), solverPackage("user", 2, needs: ["soname(l.2)"]),
                solverPackage("far", 2),
            ])
        let resolution = try world.solver.upgrade([capability("app")])
        #expect(
            world.labels(resolution.applied(to: world.selections))
                == ["app-2*", "extra-1", "far-1*", "lib-2", "user-2*"])
        let reasons = resolution.additions.map { "\($0.package.name): \($0.cause)" }
        #expect(
            reasons == [
                "app: its collection holds this version", "extra: app needs extra", "lib: app needs soname(l.2)",
                "user: the installed version needs soname(l.1), which goes away with lib",
            ])
        #expect(throws: SolverError.self) { try world.solver.upgrade([capability("extra")]) }
    }

    @Test func anUpgradeThatCannotBeIsKeptBack() throws {
        let world = SolverWorld(
            installed: [
                (solverPackage("lib", 1, provides: ["soname(l.1)"]), true),
                (solverPackage("old", needs: ["soname(l.1)"]), true),
            ],
            available: [solverPackage("lib", 2)])
        let resolution = try world.solver.upgrade([capability("lib")])
        #expect(resolution.isEmpty && resolution.keptBack.map(\.package.name) == ["lib"])
        let reason = resolution.keptBack.first?.problem.map { "\($0)" } ?? ""
        #expect(reason.hasPrefix("nothing provides soname(l.1), which old 1.1-1 needs"), "\(reason)")
        #expect(reason.contains("replaced by lib 1.2-2"), "\(reason)")
    }

    /// A package that came with others and stands in the way goes; one that was asked for does not.
    @Test func onlyATransitivePackageGoesAndOnlyWhereItMust() throws {
        let offered = [
            solverPackage("postfix", provides: ["binary(mail)"], conflicts: ["binary(mail)"]),
            solverPackage("cron", needs: ["binary(mail)"]),
        ]
        let exim = solverPackage("exim", provides: ["binary(mail)"])
        let transitive = SolverWorld(
            installed: [(exim, false), (solverPackage("cron", needs: ["binary(mail)"]), true)], available: offered)
        let resolution = try transitive.solver.install([capability("postfix")])
        #expect(transitive.labels(resolution.applied(to: transitive.selections)) == ["cron-1*", "postfix-1*"])
        #expect(
            resolution.removals.map { "\($0.name): \($0.cause)" } == [
                "exim: cannot be beside postfix, and nothing explicit needs it"
            ])
        let explicit = SolverWorld(installed: [(exim, true)], available: offered)
        #expect(failure { try explicit.solver.install([capability("postfix")]) }.contains("removing exim"))
    }

    // MARK: Reasons

    @Test func plansSayByWhichRuleAProviderWasPreferred() throws {
        func rule(_ providers: [(PackageSummary, UInt64)], installed: [PackageSummary] = []) throws -> String? {
            var world = SolverWorld(
                installed: installed.map { ($0, false) }, available: [solverPackage("app", needs: ["binary(tool)"])])
            for (package, priority) in providers { world.add([package], priority: priority) }
            let additions = try world.solver.install([capability("app")]).additions
            return additions.first { $0.package.name != "app" }?.choice.map { "\($0)" }
        }
        let one = solverPackage("one", 1, provides: ["binary(tool)"])
        let two = solverPackage("two", 2, provides: ["binary(tool)"])
        let three = solverPackage("three", 2, provides: ["binary(tool)"])
        let tool = solverPackage("tool", 1, provides: ["binary(tool)"])
        let broken = solverPackage("broken", 9, needs: ["gone"], provides: ["binary(tool)"])
        #expect(try rule([(one, 0)]) == nil)
        #expect(try rule([(one, 1), (two, 0)]) == "preferred to two 1.2-2: its collection has the higher priority")
        #expect(try rule([(tool, 0), (two, 0)]) == "preferred to two 1.2-2: bears the name")
        #expect(try rule([(one, 0), (two, 0)]) == "preferred to one 1.1-1: the later release")
        #expect(try rule([(three, 0), (two, 0)]) == "preferred to two 1.2-2: the first by name")
        #expect(
            try rule([(broken, 0), (two, 0)]) == "preferred to broken 1.9-9: the others before it cannot be taken")
    }

    @Test func theSameSourceComesBeforePriority() throws {
        func package(_ name: String, source: String, needs: [String] = []) -> PackageSummary {
            let id = Array(name.utf8).withUnsafeBytes { PackageID(hashing: $0) }
            return PackageSummary(
                id: id,
                metadata: PackageMetadata(
                    name: name, version: "1", release: 1, sourceID: source, dependencies: needs.map(capability),
                    providers: needs.isEmpty ? [capability("binary(tool)")] : []))
        }
        var world = SolverWorld(available: [package("app", source: "suite", needs: ["binary(tool)"])])
        world.add([package("suite-tool", source: "suite")], priority: 0)
        world.add([package("other", source: "other")], priority: 5)
        #expect(try world.installing("app") == ["app-1*", "suite-tool-1"])
        let choice = try world.solver.install([capability("app")]).additions.last?.choice
        #expect(choice?.rule == .sameSource)
    }
}
