internal import PackageModel

/// Puts facts that cannot all hold into the form in which they are read.
struct Explanation {
    private let facts: [Problem.Fact]
    private var needs: [PackageID: [Capability]] = [:]
    private var providers: [Capability: [PackageSummary]] = [:]
    private var starts: [PackageSummary] = []
    /// The step before each package on the shortest way from what was asked for.
    private var origins: [PackageID: (package: PackageSummary, dependency: Capability)] = [:]

    init(_ facts: [Problem.Fact]) {
        self.facts = facts
        for fact in facts {
            switch fact {
            case .asked(_, let packages): starts += packages
            case .stays(let package, let others): starts += [package] + others
            case .brought(let package): starts.append(package)
            case .needs(let package, let capability): needs[package.id, default: []].append(capability)
            case .provided(let capability, let packages): providers[capability] = packages
            case .conflict, .sameName: break
            }
        }
        walk()
    }

    private mutating func walk() {
        var pending = starts
        var seen = Set(starts.map(\.id))
        var next = 0
        while next < pending.count {
            let package = pending[next]
            next += 1
            for capability in needs[package.id] ?? [] {
                for provider in providers[capability] ?? [] where seen.insert(provider.id).inserted {
                    origins[provider.id] = (package, capability)
                    pending.append(provider)
                }
            }
        }
    }

    /// What it comes down to, where it comes down to one thing.
    var subject: Problem.Subject? {
        let ends = facts.filter { fact in
            switch fact {
            case .provided(_, let packages): packages.isEmpty
            case .conflict, .sameName: true
            case .asked, .stays, .brought, .needs: false
            }
        }
        guard ends.count == 1, let end = ends.first else { return nil }
        switch end {
        case .provided(let capability, _):
            guard let dependant = dependants(on: capability).first else { return nil }
            return .missing(.init(dependency: capability, dependant: dependant, chain: chain(to: dependant)))
        case .conflict(let declarer, let provider, let capability):
            return .conflict(
                .init(
                    declarer: declarer, provider: provider, capability: capability,
                    declarerChain: chain(to: declarer), providerChain: chain(to: provider)))
        case .sameName(let one, let other): return clash(one, other)
        case .asked, .stays, .brought, .needs: return nil
        }
    }

    private func dependants(on capability: Capability) -> [PackageSummary] {
        facts.compactMap { fact in
            if case .needs(let package, capability) = fact { package } else { nil }
        }
    }

    private func isStaying(_ package: PackageSummary) -> Bool {
        facts.contains { if case .stays(package, _) = $0 { true } else { false } }
    }

    /// Of two versions the first is the one that is installed or asked for sooner.
    private func clash(_ one: PackageSummary, _ other: PackageSummary) -> Problem.Subject {
        for (former, successor) in [(one, other), (other, one)] {
            guard let dependency = origins[former.id]?.dependency,
                let dependant = dependants(on: dependency).first(where: isStaying)
            else { continue }
            return .missing(
                .init(
                    dependency: dependency, dependant: dependant, chain: chain(to: dependant), lostTo: successor))
        }
        let isSwapped = origins[one.id] != nil && origins[other.id] == nil
        let (chosen, other) = isSwapped ? (other, one) : (one, other)
        return .nameClash(
            .init(
                chosen: chosen, other: other, dependency: origins[other.id]?.dependency,
                chosenChain: chain(to: chosen), otherChain: chain(to: other)))
    }

    /// The way from what was asked for to `package`; of a long one both ends.
    private func chain(to package: PackageSummary) -> [Problem.ChainLink] {
        var links: [Problem.ChainLink] = []
        var package = package
        while let origin = origins[package.id] {
            links.append(.init(label: package.label, dependency: origin.dependency))
            package = origin.package
        }
        links.append(.init(label: package.label, dependency: nil))
        links.reverse()
        guard links.count > 12 else { return links }
        return links.prefix(5) + [Problem.ChainLink(omitting: links.count - 10)] + links.suffix(5)
    }

    /// What a person could do about single facts.
    var remedies: [String] {
        let asked = facts.compactMap { fact in
            if case .asked(let request, _) = fact { "leaving out \(request.short)" } else { nil }
        }
        let staying = facts.compactMap { fact in
            if case .stays(let package, _) = fact { "removing \(package.name.short)" } else { nil }
        }
        let missing = facts.compactMap { fact in
            if case .provided(let capability, []) = fact { "a collection that has \(capability.short)" } else { nil }
        }
        return missing + (asked.count + staying.count > 1 ? Array((asked + staying).prefix(4)) : [])
    }
}
