internal import Clauses
package import PackageModel

extension DependencySolver {
    /// Brings the state to what the collections hold now.
    ///
    /// Every explicit package becomes the one its name has in the collection of highest priority, older or newer;
    /// one that no collection holds any more stays, and so does one that cannot follow: it is kept back, and what it
    /// stands in the way of with it. In doubt the package whose name comes first follows. Everything else is selected
    /// anew for them, from the collections where they have it and from the state where not. Linear in the state.
    package func sync() throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: true)
        let selections = try answering { () throws(LookupFailure) in try installed.selections() }
        let roots = try answering { () throws(LookupFailure) in
            var explicit: [PackageSummary] = []
            for selection in selections where selection.isExplicit {
                if let package = try lookup.installedPackage(selection.package) { explicit.append(package) }
            }
            return try rootsFollowing(explicit.sortedVerbatim(by: { $0.name }, then: { $0.id < $1.id }), lookup)
        }
        let search = try solve(Search(lookup, .rebuild(fallsBack: true))) { (search) throws(LookupFailure) in
            for root in roots { search.wanted.append(try search.add(root, isHard: true)) }
        }
        return try answering { () throws(LookupFailure) in
            var resolution = try rebuild(from: selections, to: search, leaving: .orphaned)
            var remaining: [PackageSummary] = []
            for literal in search.engine.trail where literal.isTrue {
                if let package = search.package(literal.variable), try search.isBase(package) {
                    remaining.append(package)
                }
            }
            resolution.keptBack = try keptBack(remaining, search)
            return resolution
        }
    }

    /// Brings the state to exactly `requests` and what they need, all from the collections.
    package func sync(to requests: [Capability]) throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: true)
        let selections = try answering { () throws(LookupFailure) in try installed.selections() }
        var roots: [Search.Root] = []
        var unknown: [SolverError.UnknownRequest] = []
        try answering { () throws(LookupFailure) in
            for request in Self.ordered(requests.map { Request($0) }) {
                let offers = try candidates(for: request, in: lookup)
                if offers.isEmpty { unknown.append(try self.unknown(request, lookup)) }
                roots.append(.init(kind: .request(request), candidates: offers))
            }
        }
        guard unknown.isEmpty else { throw .unknownRequests(unknown) }
        let search = try solve(Search(lookup, .rebuild(fallsBack: false))) { (search) throws(LookupFailure) in
            for root in roots { search.wanted.append(try search.add(root, isHard: true)) }
        }
        return try answering { () throws(LookupFailure) in
            try rebuild(from: selections, to: search, leaving: .notListed)
        }
    }

    /// A root for each package: what the collections hold, then what is installed, then anything of that name.
    func rootsFollowing(_ packages: [PackageSummary], _ lookup: Lookup) throws(LookupFailure) -> [Search.Root] {
        var roots: [Search.Root] = []
        for package in packages {
            let offers = try lookup.offers(named: package.name)
            let others = offers.dropFirst().filter { $0.id != package.id }
            let tip = offers.first.map { [$0] } ?? []
            roots.append(
                .init(
                    kind: .follows(package),
                    candidates: tip + (tip.first?.id == package.id ? [] : [package]) + others))
        }
        return roots
    }

    private func rebuild(
        from selections: [Selection], to search: Search, leaving: Resolution.RemovalCause
    ) throws(LookupFailure) -> Resolution {
        var resolution = Resolution()
        let picks = try search.picks()
        let successors = Dictionary(picks.map { (Verbatim($0.package.name), $0.package.id) }, uniquingKeysWith: { $1 })
        let picked = Set(picks.map(\.package.id))
        var flags: [PackageID: Bool] = [:]
        for selection in selections {
            flags[selection.package] = selection.isExplicit
            guard !picked.contains(selection.package),
                let package = try search.lookup.installedPackage(selection.package)
            else { continue }
            let replacement = successors[Verbatim(package.name)].map { Resolution.RemovalCause.replaced(by: $0) }
            resolution.removals.append(
                .init(package, cause: replacement ?? (selection.isExplicit ? leaving : .orphaned)))
        }
        for pick in picks {
            let package = pick.package
            if let flag = flags[package.id] {
                guard flag != pick.isWanted else { continue }
                resolution.flagChanges.append(
                    .init(package: package.id, name: package.name, isExplicit: pick.isWanted))
            } else {
                resolution.additions.append(
                    .init(
                        package: package, isExplicit: pick.isWanted, cause: pick.cause,
                        replaces: try search.lookup.installedPackage(named: package.name), choice: pick.choice))
            }
        }
        resolution.stillBroken = search.brokenWishes()
        resolution.sort()
        return resolution
    }

    // MARK: Kept back

    /// As many as anybody reads; each costs another look at everything that is selected.
    private static var explainedMax: Int { 24 }

    /// Which of `packages` the collections hold in another version that was not selected, and why not.
    func keptBack(_ packages: [PackageSummary], _ search: Search) throws(LookupFailure) -> [Resolution.KeptBack] {
        var keptBack: [Resolution.KeptBack] = []
        for package in packages {
            guard search.variables[package.id].map(search.engine.isTrue) == true,
                let tip = try search.lookup.offers(named: package.name).first, tip.id != package.id
            else { continue }
            keptBack.append(.init(package: package, offered: tip))
        }
        keptBack = keptBack.sortedVerbatim(by: { $0.package.name }, then: { $0.package.id < $1.package.id })
        var problems: Set<Problem> = []
        var explaining = search
        let picked = search.wanted.compactMap(search.picked)
        for index in keptBack.indices.prefix(Self.explainedMax) {
            let problem = try explaining.obstacle(to: keptBack[index].offered, beside: picked)
            if let problem, problems.insert(problem).inserted { keptBack[index].problem = problem }
        }
        return keptBack
    }
}

extension PackageSearch {
    /// Why `offered` cannot be selected with what was asked for as it came out; nil where it can.
    mutating func obstacle(to offered: PackageSummary, beside picked: [Int]) throws(LookupFailure) -> Problem? {
        restart()
        let variable = try variable(for: offered)
        let rivals = picked.filter { package($0)?.name.isVerbatim(offered.name) == false }
        assumptions = [variable] + rivals
        defer { assumptions = [] }
        guard case .refuted(let core) = try solve() else { return nil }
        return try problem(core)
    }

    /// Whether requests are what is wanted.
    var isRequest: Bool {
        wanted.contains { root in
            guard case .root(let root) = meanings[root], case .request = root.kind else { return false }
            return true
        }
    }

    /// Dependencies of installed packages that nothing met, and that nothing can meet beside the rest.
    func brokenWishes() -> [Resolution.BrokenDependency] {
        var broken: [Resolution.BrokenDependency] = []
        for (variable, wishes) in wishes where engine.isTrue(variable) {
            guard let package = package(variable) else { continue }
            for wish in wishes where !engine.isTrue(wish) {
                guard case .capability(let capability) = meanings[wish] else { continue }
                broken.append(.init(package: package.id, name: package.name, dependency: capability))
            }
        }
        return broken
    }
}
