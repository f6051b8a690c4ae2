package import PackageModel

extension DependencySolver {
    /// Adds what meets `requests` and everything it needs; nothing else changes.
    ///
    /// A request that an installed package meets makes that package explicit. Where a dependency needs another
    /// version of an installed package, that version replaces it, and so do versions of installed packages that
    /// would lose a dependency by it. The cost follows the change, not the state.
    package func install(_ requests: [Capability]) throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: false)
        var roots: [Pass.Root] = []
        var met: [Pass.MetRequest] = []
        var unknown: [SolverError.UnknownRequest] = []
        try answering { () throws(LookupFailure) in
            for request in Self.ordered(requests) {
                let offers = try candidates(for: request, in: lookup)
                if let package = try installedPackage(for: request, offers: offers, in: lookup) {
                    met.append(.init(request: request, package: package))
                } else if offers.isEmpty {
                    unknown.append(.init(request: request, similar: try lookup.similar(to: request)))
                } else {
                    roots.append(.init(request: request, candidates: offers, cause: .requested(request)))
                }
            }
        }
        guard unknown.isEmpty else { throw .unknownRequests(unknown) }
        let search = ClosureSearch(lookup: lookup, mode: .extend, roots: roots, metRequests: met)
        let closure = try search.solve()
        return try answering { () throws(LookupFailure) in try resolution(of: closure, met: met) }
    }

    /// The installed package that meets the request: the one of that name, or any provider unless a package of that
    /// very name is on offer.
    private func installedPackage(for request: Capability, offers: [PackageSummary], in lookup: Lookup)
        throws(LookupFailure) -> PackageSummary?
    {
        guard let first = try lookup.installedProviders(of: request).first else { return nil }
        guard request.kind == .name, !first.name.isVerbatim(request.target) else { return first }
        return offers.contains { $0.name.isVerbatim(request.target) } ? nil : first
    }

    private func resolution(of closure: Pass, met: [Pass.MetRequest]) throws(LookupFailure) -> Resolution {
        var resolution = Resolution()
        var nodes = closure.nodes
        var flagged: Set<PackageID> = []
        for request in met {
            let package = request.package
            resolution.alreadyInstalled.append(.init(request: request.request, package: package.id, name: package.name))
            if let replacement = closure.replacements[package.id] {
                nodes[replacement]?.isExplicit = true
            } else if try installed.selection(package.id)?.isExplicit == false, flagged.insert(package.id).inserted {
                resolution.flagChanges.append(.init(package: package.id, name: package.name, isExplicit: true))
            }
        }
        for id in closure.order {
            guard let node = nodes[id] else { continue }
            resolution.additions.append(
                .init(
                    package: node.package, isExplicit: node.isExplicit, cause: node.cause, replaces: node.replaces))
            if let former = node.replaces { resolution.removals.append(.init(former, cause: .replaced(by: id))) }
        }
        resolution.sort()
        return resolution
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
