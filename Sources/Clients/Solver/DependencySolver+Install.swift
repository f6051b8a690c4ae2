internal import Clauses
package import PackageModel

extension DependencySolver {
    /// Adds what meets `requests` and everything it needs; nothing else changes that need not.
    package func install(_ requests: [Capability]) throws(SolverError) -> Resolution {
        try install(requests.map { Request($0) })
    }

    /// Adds what meets `requests` and everything it needs; nothing else changes that need not.
    ///
    /// A request that an installed package meets makes that package explicit. Where a dependency needs another
    /// version of an installed package, that version replaces it, and so do versions of installed packages that
    /// would lose a dependency by it. No explicit package ever goes; a transitive one does where there is no other
    /// way. The cost follows the change, not the state.
    package func install(_ requests: [Request]) throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: false)
        var roots: [Search.Root] = []
        var met: [(request: Request, package: PackageSummary)] = []
        var unknown: [SolverError.UnknownRequest] = []
        try answering { () throws(LookupFailure) in
            for request in Self.ordered(requests) {
                var candidates = try candidates(for: request, in: lookup)
                if let package = try installedPackage(for: request, offers: candidates, in: lookup) {
                    met.append((request, package))
                    let others = request.pin == nil ? try lookup.installedProviders(of: request.capability) : []
                    var seen: Set<PackageID> = []
                    candidates = ([package] + others + candidates).filter { seen.insert($0.id).inserted }
                } else if candidates.isEmpty {
                    unknown.append(try self.unknown(request, lookup))
                }
                roots.append(.init(kind: .request(request), candidates: candidates))
            }
        }
        guard unknown.isEmpty else { throw .unknownRequests(unknown) }
        let search = try solve(Search(lookup, .extend)) { (search) throws(LookupFailure) in
            for root in roots { search.wanted.append(try search.add(root, isHard: true)) }
        }
        return try answering { () throws(LookupFailure) in
            var resolution = try resolution(of: search)
            for (request, package) in met where search.variables[package.id].map(search.engine.isTrue) == true {
                resolution.alreadyInstalled.append(
                    .init(request: request.capability, package: package.id, name: package.name))
            }
            return resolution
        }
    }

    /// Brings installed packages to what the collections hold now, with what that needs; nothing else changes that
    /// need not.
    ///
    /// What cannot follow is kept back. A transitive package that the new versions cannot be beside goes.
    package func upgrade(_ requests: [Capability]) throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: false)
        var packages: [PackageSummary] = []
        var unknown: [SolverError.UnknownRequest] = []
        try answering { () throws(LookupFailure) in
            for request in Self.ordered(requests) {
                let providers = try lookup.installedProviders(of: request)
                let named = providers.filter { request.kind != .name || $0.name.isVerbatim(request.target) }
                if providers.isEmpty {
                    unknown.append(.init(Request(request), similar: try lookup.similar(to: request)))
                }
                packages += named.isEmpty ? providers : named
            }
            packages = Set(packages).sortedVerbatim(by: { $0.name }, then: { $0.id < $1.id })
        }
        guard unknown.isEmpty else { throw .notInstalled(unknown) }
        let roots = try answering { () throws(LookupFailure) in try rootsFollowing(packages, lookup) }
        let search = try solve(Search(lookup, .extend)) { (search) throws(LookupFailure) in
            search.wantedGoesFirst = true
            for root in roots { search.wanted.append(try search.add(root, isHard: true)) }
        }
        return try answering { () throws(LookupFailure) in
            var resolution = try resolution(of: search)
            resolution.keptBack = try keptBack(packages, search)
            return resolution
        }
    }

    /// The installed package that meets the request: the one of that name, or any provider unless a package of that
    /// very name is on offer.
    private func installedPackage(for request: Request, offers: [PackageSummary], in lookup: Lookup)
        throws(LookupFailure) -> PackageSummary?
    {
        let target = request.capability.target
        if let pin = request.pin {
            let package = try lookup.installedPackage(named: target)
            guard let package else { return nil }
            if offers.contains(where: { $0.id == package.id }) { return package }
            return offers.isEmpty && package.isVersion(pin) ? package : nil
        }
        guard let first = try lookup.installedProviders(of: request.capability).first else { return nil }
        guard request.capability.kind == .name, !first.name.isVerbatim(target) else { return first }
        return offers.contains { $0.name.isVerbatim(target) } ? nil : first
    }

    /// What a search that extends the state changes in it.
    private func resolution(of search: Search) throws(LookupFailure) -> Resolution {
        var resolution = Resolution()
        var successors: [Verbatim<String>: PackageID] = [:]
        for pick in try search.picks() {
            let package = pick.package
            let isAskedFor = if case .requested = pick.cause { true } else { pick.isWanted && search.isRequest }
            if let selection = try installed.selection(package.id) {
                guard isAskedFor, !selection.isExplicit else { continue }
                resolution.flagChanges.append(.init(package: package.id, name: package.name, isExplicit: true))
                continue
            }
            let former = try search.lookup.installedPackage(named: package.name)
            let wasExplicit = try former.flatMap { (old) throws(LookupFailure) in
                try installed.selection(old.id)?.isExplicit
            }
            successors[Verbatim(package.name)] = package.id
            resolution.additions.append(
                .init(
                    package: package, isExplicit: isAskedFor || wasExplicit == true, cause: pick.cause,
                    replaces: former, choice: pick.choice))
        }
        for literal in search.engine.trail where !literal.isTrue {
            guard let package = search.package(literal.variable), try search.isBase(package) else { continue }
            if let successor = successors[Verbatim(package.name)] {
                resolution.removals.append(.init(package, cause: .replaced(by: successor)))
            } else {
                resolution.removals.append(
                    .init(package, cause: try cause(ofLosing: package, literal.variable, search)))
            }
        }
        resolution.sort()
        return resolution
    }

    private func cause(
        ofLosing package: PackageSummary, _ variable: Int, _ search: Search
    ) throws(LookupFailure) -> Resolution.RemovalCause {
        if let (dependency, provider) = try search.loss(of: package) {
            return .dependsOn(provider: provider, dependency: dependency)
        }
        var opponent = package.name
        if case .exclusion(let one, let other, _)? = search.engine.reasons[variable],
            let found = search.package(one == variable ? other : one)
        {
            opponent = found.name
        }
        return .inTheWay(of: opponent)
    }
}

extension Resolution {
    /// Brings the lists into the order they promise.
    mutating func sort() {
        additions = additions.sortedVerbatim(by: { $0.package.name }, then: { $0.package.id < $1.package.id })
        removals = removals.sortedVerbatim(by: { $0.name }, then: { $0.package < $1.package })
        flagChanges = flagChanges.sortedVerbatim(by: { $0.name }, then: { $0.package < $1.package })
        stillBroken = stillBroken.sortedVerbatim(
            by: { $0.name }, then: { ($0.package, $0.dependency) < ($1.package, $1.dependency) })
    }
}
