internal import PackageModel

/// A state's dependencies as numbers, from which packages are taken out one after another.
struct StateRemoval {
    private let packages: [PackageSummary]
    private let isExplicit: [Bool]
    private var numbers: [PackageID: Int] = [:]
    private var isPresent: [Bool]
    private var providers: [Capability: [Int]] = [:]
    private var dependants: [Capability: [Int]] = [:]
    /// How many present packages provide a capability that something depends on.
    private var providerCounts: [Capability: Int] = [:]
    private(set) var removals: [Resolution.Removal] = []

    init<Installed, Available>(selections: [Selection], lookup: PackageLookup<Installed, Available>)
        throws(LookupFailure)
    {
        var packages: [PackageSummary] = []
        var flags: [Bool] = []
        for selection in selections.sorted(by: { $0.package < $1.package }) {
            guard let package = try lookup.installedPackage(selection.package) else { continue }
            numbers[package.id] = packages.count
            packages.append(package)
            flags.append(selection.isExplicit)
        }
        self.packages = packages
        isExplicit = flags
        isPresent = Array(repeating: true, count: packages.count)
        for (number, package) in packages.enumerated() {
            for capability in package.dependencies { dependants[capability, default: []].append(number) }
        }
        for (number, package) in packages.enumerated() {
            for capability in package.providers where dependants[capability] != nil {
                providers[capability, default: []].append(number)
            }
        }
        providerCounts = providers.mapValues(\.count)
    }

    /// Installed capabilities that look like `capability`.
    func similar(to capability: Capability) -> [String] {
        var targets: Set<Verbatim<String>> = []
        for package in packages {
            for provider in package.providers where provider.kind == capability.kind {
                targets.insert(Verbatim(provider.target))
            }
        }
        return NameSimilarity(to: capability.target).best(of: targets.map(\.wrappedValue)).map {
            Capability(capability.kind, $0).text
        }
    }

    /// Removes `named` and everything that is left without a provider by it.
    mutating func remove(_ named: [(package: PackageSummary, cause: Resolution.RemovalCause)]) {
        var pending: [Int] = []
        for (package, cause) in named {
            guard let number = numbers[package.id] else { continue }
            if take(number, cause) { pending.append(number) }
        }
        var next = 0
        while next < pending.count {
            let package = packages[pending[next]]
            next += 1
            for capability in package.providers {
                guard let count = providerCounts[capability] else { continue }
                providerCounts[capability] = count - 1
                guard count == 1 else { continue }
                let cause = Resolution.RemovalCause.dependsOn(provider: package.name, dependency: capability)
                for dependant in dependants[capability] ?? [] where take(dependant, cause) { pending.append(dependant) }
            }
        }
    }

    private mutating func take(_ number: Int, _ cause: Resolution.RemovalCause) -> Bool {
        guard isPresent[number] else { return false }
        isPresent[number] = false
        removals.append(.init(packages[number], cause: cause))
        return true
    }

    /// Removes what no explicit package needs.
    mutating func removeOrphans<Installed, Available>(lookup: PackageLookup<Installed, Available>)
        throws(LookupFailure)
    {
        let needed = try neededPackages(lookup: lookup)
        for number in packages.indices where isPresent[number] && !needed[number] { _ = take(number, .orphaned) }
    }

    /// Marks what explicit packages reach.
    ///
    /// Dependencies with one provider are followed first; where several are present and none is needed for another
    /// reason, one of them has to be picked. Those that the removed packages did not need are preferred: they were
    /// there for the sake of what stays. Then the order is the one that installing follows.
    private func neededPackages<Installed, Available>(lookup: PackageLookup<Installed, Available>)
        throws(LookupFailure) -> [Bool]
    {
        var needed = Array(repeating: false, count: packages.count)
        var pending = packages.indices.filter { isPresent[$0] && isExplicit[$0] }
        for number in pending { needed[number] = true }
        var undecided: [Capability] = []
        var seen: Set<Capability> = []
        var next = 0
        var nextUndecided = 0
        let servedRemoved = reachedByRemoved()
        while true {
            while next < pending.count {
                for dependency in packages[pending[next]].dependencies where seen.insert(dependency).inserted {
                    let present = (providers[dependency] ?? []).filter { isPresent[$0] }
                    if present.count > 1 {
                        undecided.append(dependency)
                    } else if let only = present.first, !needed[only] {
                        needed[only] = true
                        pending.append(only)
                    }
                }
                next += 1
            }
            guard nextUndecided < undecided.count else { return needed }
            let dependency = undecided[nextUndecided]
            nextUndecided += 1
            let present = (providers[dependency] ?? []).filter { isPresent[$0] }
            if present.contains(where: { needed[$0] }) { continue }
            let chosen = try preferred(present, for: dependency, servedRemoved: servedRemoved, lookup: lookup)
            needed[chosen] = true
            pending.append(chosen)
        }
    }

    /// Marks the present packages that removed ones depended on, directly or through others.
    private func reachedByRemoved() -> [Bool] {
        var reached = isPresent.map { !$0 }
        var pending = packages.indices.filter { !isPresent[$0] }
        var seen: Set<Capability> = []
        while let number = pending.popLast() {
            for dependency in packages[number].dependencies where seen.insert(dependency).inserted {
                for provider in providers[dependency] ?? [] where !reached[provider] {
                    reached[provider] = true
                    pending.append(provider)
                }
            }
        }
        return reached
    }

    private func preferred<Installed, Available>(
        _ numbers: [Int], for dependency: Capability, servedRemoved: [Bool],
        lookup: PackageLookup<Installed, Available>
    ) throws(LookupFailure) -> Int {
        var ranks: [PackageID: Int] = [:]
        for (rank, offer) in try lookup.offers(of: dependency).enumerated() { ranks[offer.id] = rank }
        for package in try lookup.installedProviders(of: dependency) where ranks[package.id] == nil {
            ranks[package.id] = ranks.count
        }
        let ranked = numbers.map { (servedRemoved[$0] ? 1 : 0, ranks[packages[$0].id] ?? .max, $0) }
        return ranked.min { $0 < $1 }?.2 ?? numbers[0]
    }
}
