internal import PackageModel

extension Closure {
    /// Something that keeps a pass from being a solution.
    enum Finding {
        case missing(Requirement)
        case clash(holder: PackageID, other: PackageSummary, dependency: Capability, user: User)
        case conflict(declarer: PackageSummary, provider: PackageSummary, capability: Capability)
    }

    /// As many as anybody reads; further ones are counted.
    static var conflictsMax: Int { 1000 }

    /// Finds declared conflicts that have an addition on one side at least, and requests that lost their package.
    mutating func findConflicts() throws(LookupFailure) {
        for id in order {
            guard let package = nodes[id]?.package else { continue }
            for capability in package.conflicts {
                // A thousand packages that conflict with each other have a million conflicts.
                guard problems.count < Self.conflictsMax else {
                    moreConflicts += try selectedProviderCount(of: capability) - (package.provides(capability) ? 1 : 0)
                    continue
                }
                for provider in try selectedProviders(of: capability) where provider.id != id {
                    problems.append(.conflict(declarer: package, provider: provider, capability: capability))
                }
            }
            guard extends, problems.count < Self.conflictsMax else { continue }
            for capability in package.providers {
                for opponent in Set(try lookup.installed.opponents(of: capability)).sorted() where opponent != id {
                    guard try isBase(opponent), nodes[opponent] == nil,
                        let declarer = try lookup.installedPackage(opponent)
                    else { continue }
                    problems.append(.conflict(declarer: declarer, provider: package, capability: capability))
                }
            }
        }
        for met in metRequests {
            guard let holder = replacements[met.package.id], try selectedProviders(of: met.request).isEmpty else {
                continue
            }
            let user = User.dependant(met.package.id, met.request, lostTo: holder)
            problems.append(.clash(holder: holder, other: met.package, dependency: met.request, user: user))
        }
    }

    // MARK: Explaining

    /// The finding in words and values that outlive the pass.
    func problem(_ finding: Finding) throws(LookupFailure) -> Problem {
        switch finding {
        case .missing(let requirement):
            return .missing(
                .init(
                    dependency: requirement.dependency, dependant: requirement.dependant,
                    chain: chain(to: requirement.dependant), similar: try lookup.similar(to: requirement.dependency),
                    lostTo: requirement.lostTo.flatMap { nodes[$0]?.package }))
        case .conflict(let declarer, let provider, let capability):
            return .conflict(
                .init(
                    declarer: declarer, provider: provider, capability: capability, declarerChain: chain(to: declarer),
                    providerChain: chain(to: provider)))
        case .clash(let holder, let other, let dependency, let user):
            let chosen = nodes[holder]?.package ?? other
            var otherChain: [Problem.ChainLink] = []
            if case .dependant(let id, _, _) = user {
                if let node = nodes[id] {
                    otherChain = chain(to: node.package)
                } else if let package = try lookup.installedPackage(id), package.id != other.id {
                    otherChain = chain(to: package)
                }
            }
            otherChain.append(.init(label: other.label, dependency: otherChain.isEmpty ? nil : dependency))
            return .nameClash(
                .init(
                    chosen: chosen, other: other, dependency: dependency, chosenChain: chain(to: chosen),
                    otherChain: otherChain))
        }
    }

    /// The way from a request to `package`, of a long one both ends; the package alone where it is installed already.
    private func chain(to package: PackageSummary) -> [Problem.ChainLink] {
        var packages = [package]
        while let parent = packages.last.flatMap({ nodes[$0.id]?.parent }).flatMap({ nodes[$0]?.package }) {
            packages.append(parent)
        }
        packages.reverse()
        guard packages.count > 12 else { return packages.map(link) }
        let omitted = Problem.ChainLink(omitting: packages.count - 10)
        return packages.prefix(5).map(link) + [omitted] + packages.suffix(5).map(link)
    }

    private func link(to package: PackageSummary) -> Problem.ChainLink {
        switch nodes[package.id]?.cause {
        case .required(_, _, let required): .init(label: package.label, dependency: required)
        case .repairs(let lost, _): .init(label: package.label, dependency: lost)
        default: .init(label: package.label, dependency: nil)
        }
    }

    // MARK: Ways out

    /// Sets of bans that avoid what the pass found; the one to try first comes last. Empty: there is no way out.
    func waysOut() throws(LookupFailure) -> [Set<PackageID>] {
        let missing = problems.compactMap { finding -> PackageID? in
            guard case .missing(let requirement) = finding else { return nil }
            return nodes[requirement.dependant.id] != nil ? requirement.dependant.id : requirement.lostTo
        }
        if !missing.isEmpty { return try bans(adding: missing).map { [$0] } ?? [] }
        guard let first = problems.first else { return [] }
        var suspects: [PackageID]
        switch first {
        case .missing: suspects = []
        case .clash(let holder, _, _, let user):
            suspects = [holder]
            if case .dependant(let id, _, let lostTo) = user {
                if nodes[id] != nil {
                    suspects.append(id)
                } else if let lostTo, lostTo != holder {
                    suspects.append(lostTo)
                }
            }
        case .conflict(let declarer, let provider, _):
            suspects = [declarer.id, provider.id].sorted { position($0) < position($1) }
        }
        var ways: [Set<PackageID>] = []
        for suspect in suspects {
            if let bans = try bans(adding: [suspect]) { ways.append(bans) }
        }
        return ways
    }

    /// What is installed counts as chosen before every addition.
    private func position(_ id: PackageID) -> Int { nodes[id]?.position ?? -1 }

    /// The bans with `packages` and every package that cannot do without them; nil where that reaches a root.
    private func bans(adding packages: [PackageID]) throws(LookupFailure) -> Set<PackageID>? {
        var bans = self.banned
        var banned: [Capability: Int] = [:]
        var doomed = packages
        while let id = doomed.popLast() {
            guard bans.insert(id).inserted else { continue }
            guard nodes[id] != nil else {
                // An installed package can only give way to another version of it.
                guard let package = try lookup.installedPackage(id),
                    try upgrades(of: package, avoiding: nil).contains(where: { !bans.contains($0.id) })
                else { return nil }
                continue
            }
            for user in users[id] ?? [] {
                switch user {
                case .root(let index):
                    if roots[index].candidates.allSatisfy({ bans.contains($0.id) }) { return nil }
                case .replacement(let package):
                    if try upgrades(of: package, avoiding: nil).allSatisfy({ bans.contains($0.id) }) { return nil }
                case .dependant(let dependant, let dependency, let lostTo):
                    if try isLeft(dependency, bans, &banned) { continue }
                    if nodes[dependant] != nil {
                        doomed.append(dependant)
                    } else if let package = try lookup.installedPackage(dependant),
                        try upgrades(of: package, avoiding: dependency).allSatisfy({ bans.contains($0.id) })
                    {
                        guard let lostTo else { return nil }
                        doomed.append(lostTo)
                    }
                }
            }
        }
        return bans
    }

    /// Whether any candidate for `dependency` is not banned.
    ///
    /// - Parameter banned: how many of the first candidates are known to be; bans are only ever added.
    private func isLeft(
        _ dependency: Capability, _ bans: Set<PackageID>, _ banned: inout [Capability: Int]
    ) throws(LookupFailure) -> Bool {
        let candidates = try candidates(for: dependency)
        var next = banned[dependency] ?? 0
        while next < candidates.count, bans.contains(candidates[next].id) { next += 1 }
        banned[dependency] = next
        return next < candidates.count
    }
}
