package import PackageModel

extension DependencySolver {
    /// Takes out the packages that `requests` name, all that cannot be without them, and then, unless
    /// `keepsOrphans`, the transitive packages that nothing explicit needs, groups that need only each other included.
    ///
    /// Dependencies that are broken before do not matter. Linear in the state.
    package func remove(_ requests: [Capability], keepsOrphans: Bool = false) throws(SolverError) -> Resolution {
        let lookup = Lookup(installed, available, followsCollections: false)
        var named: [(package: PackageSummary, cause: Resolution.RemovalCause)] = []
        var unknown: [SolverError.UnknownRequest] = []
        var removal = try answering { () throws(LookupFailure) in
            try StateRemoval(selections: try installed.selections(), lookup: lookup)
        }
        try answering { () throws(LookupFailure) in
            for request in Self.ordered(requests) {
                let providers = try lookup.installedProviders(of: request)
                if providers.isEmpty {
                    unknown.append(.init(Request(request), similar: removal.similar(to: request)))
                } else if request.kind == .name, let package = providers.first, package.name.isVerbatim(request.target)
                {
                    named.append((package, .requested(request)))
                } else {
                    for package in providers { named.append((package, .requested(request))) }
                }
            }
        }
        guard unknown.isEmpty else { throw .notInstalled(unknown) }
        removal.remove(named)
        if !keepsOrphans {
            try answering { () throws(LookupFailure) in try removal.removeOrphans(lookup: lookup) }
        }
        var resolution = Resolution()
        resolution.removals = removal.removals
        resolution.sort()
        return resolution
    }
}
