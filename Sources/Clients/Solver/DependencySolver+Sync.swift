package import PackageModel

extension DependencySolver {
    /// Brings the state to what the collections hold now.
    ///
    /// Every explicit package becomes the one its name has in the collection of highest priority, older or newer;
    /// one that no collection holds any more stays. Everything else is selected anew for them, from the collections
    /// where they have it and from the state where not. Linear in the state.
    package func sync() throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: true)
        let selections = try answering { () throws(LookupFailure) in try installed.selections() }
        let roots = try answering { () throws(LookupFailure) in try rootsFollowing(selections, lookup) }
        let search = ClosureSearch(lookup: lookup, mode: .rebuild(fallsBack: true), roots: roots)
        let closure = try search.solve()
        return try answering { () throws(LookupFailure) in
            try rebuild(from: selections, to: closure, lookup, leaving: .orphaned)
        }
    }

    /// Brings the state to exactly `requests` and what they need, all from the collections.
    package func sync(to requests: [Capability]) throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: true)
        let selections = try answering { () throws(LookupFailure) in try installed.selections() }
        var roots: [Pass.Root] = []
        var unknown: [SolverError.UnknownRequest] = []
        try answering { () throws(LookupFailure) in
            for request in Self.ordered(requests) {
                let offers = try candidates(for: request, in: lookup)
                if offers.isEmpty {
                    unknown.append(.init(request: request, similar: try lookup.similar(to: request)))
                }
                roots.append(.init(request: request, candidates: offers, cause: .requested(request)))
            }
        }
        guard unknown.isEmpty else { throw .unknownRequests(unknown) }
        let search = ClosureSearch(lookup: lookup, mode: .rebuild(fallsBack: false), roots: roots)
        let closure = try search.solve()
        return try answering { () throws(LookupFailure) in
            try rebuild(from: selections, to: closure, lookup, leaving: .notListed)
        }
    }

    /// A root for each explicit package, by name.
    private func rootsFollowing(_ selections: [Selection], _ lookup: Lookup) throws(LookupFailure) -> [Pass.Root] {
        var explicit: [PackageSummary] = []
        for selection in selections where selection.isExplicit {
            if let package = try lookup.installedPackage(selection.package) { explicit.append(package) }
        }
        explicit = explicit.sortedVerbatim(by: { $0.name }, then: { $0.id < $1.id })
        var roots: [Pass.Root] = []
        for package in explicit {
            let tip = try lookup.offers(named: package.name).first ?? package
            let request = Capability(.name, package.name)
            roots.append(.init(request: request, candidates: [tip], cause: .followsCollection))
        }
        return roots
    }

    private func rebuild(
        from selections: [Selection], to closure: Pass, _ lookup: Lookup, leaving: Resolution.RemovalCause
    ) throws(LookupFailure) -> Resolution {
        var resolution = Resolution()
        var flags: [PackageID: Bool] = [:]
        for selection in selections {
            flags[selection.package] = selection.isExplicit
            guard closure.nodes[selection.package] == nil,
                let package = try lookup.installedPackage(selection.package)
            else { continue }
            let replacement = closure.slots[Verbatim(package.name)].map { Resolution.RemovalCause.replaced(by: $0) }
            let cause = replacement ?? (selection.isExplicit ? leaving : .orphaned)
            resolution.removals.append(.init(package, cause: cause))
        }
        for id in closure.order {
            guard let node = closure.nodes[id] else { continue }
            let package = node.package
            if let flag = flags[id] {
                guard flag != node.isExplicit else { continue }
                resolution.flagChanges.append(.init(package: id, name: package.name, isExplicit: node.isExplicit))
            } else {
                let former = try lookup.installedPackage(named: package.name)
                resolution.additions.append(
                    .init(package: package, isExplicit: node.isExplicit, cause: node.cause, replaces: former))
            }
        }
        resolution.stillBroken = closure.stillBroken
        resolution.sort()
        return resolution
    }
}
