import PackageModel
import Solver

/// A universe so small that every set of its packages can be tried.
struct SolverModel {
    var packages: [PackageSummary] = []
    /// Where in `packages` the installed ones are, and whether they are explicit.
    var installed: [Int: Bool] = [:]
    /// Priorities of offered packages.
    var offers: [Int: UInt64] = [:]

    init(_ random: inout some RandomNumberGenerator) {
        let names = Int.random(in: 2...6, using: &random)
        for name in 0..<names {
            for release in 1...UInt64.random(in: 1...2, using: &random) {
                packages.append(Self.package(name, release, among: names, &random))
            }
        }
        var taken: Set<String> = []
        for index in packages.indices.shuffled(using: &random) {
            let isInstalled = Self.chance(45, &random) && taken.insert(packages[index].name).inserted
            if isInstalled { installed[index] = Self.chance(50, &random) }
            if !isInstalled || Self.chance(60, &random) { offers[index] = UInt64.random(in: 0...2, using: &random) }
        }
    }

    private static func package(
        _ name: Int, _ release: UInt64, among names: Int, _ random: inout some RandomNumberGenerator
    ) -> PackageSummary {
        func capability(_ random: inout some RandomNumberGenerator) -> String {
            chance(50, &random)
                ? "p\(Int.random(in: 0...names, using: &random))" : "soname(l\(Int.random(in: 0..<5, using: &random)))"
        }
        var lists: [[String]] = [[], [], []]
        for _ in 0..<Int.random(in: 0...2, using: &random) { lists[0].append(capability(&random)) }
        for _ in 0..<Int.random(in: 0...2, using: &random) {
            lists[1].append("soname(l\(Int.random(in: 0..<5, using: &random)))")
        }
        if chance(20, &random) { lists[2].append(capability(&random)) }
        return solverPackage("p\(name)", release, needs: lists[0], provides: lists[1], conflicts: lists[2])
    }

    static func chance(_ percent: Int, _ random: inout some RandomNumberGenerator) -> Bool {
        Int.random(in: 0..<100, using: &random) < percent
    }

    /// The same as the solver gets it, put together in any order.
    func world(_ random: inout some RandomNumberGenerator) -> SolverWorld {
        var world = SolverWorld(
            installed: installed.keys.shuffled(using: &random).map { (packages[$0], installed[$0] == true) })
        for index in offers.keys.shuffled(using: &random) {
            world.add([packages[index]], priority: offers[index] ?? 0)
        }
        return world
    }

    // MARK: Rules

    /// Every set with one package of a name at most.
    var sets: [Set<Int>] {
        var sets: [Set<Int>] = [[]]
        for members in Dictionary(grouping: packages.indices, by: { packages[$0].name }).values {
            sets += sets.flatMap { set in members.map { set.union([$0]) } }
        }
        return sets
    }

    func providers(of capability: Capability) -> [Int] {
        packages.indices.filter { packages[$0].providers.contains(capability) }
    }

    /// Whether a state may be this: nothing is wrong with it that was right before, and no explicit package is gone.
    func isState(_ set: Set<Int>) -> Bool {
        for member in set {
            for capability in packages[member].dependencies {
                let providers = providers(of: capability)
                if providers.contains(where: set.contains) { continue }
                let wasMet = providers.contains { installed[$0] != nil }
                if installed[member] == nil || wasMet { return false }
            }
            for capability in packages[member].conflicts {
                let opponents = providers(of: capability).filter { $0 != member && set.contains($0) }
                if opponents.contains(where: { installed[$0] == nil || installed[member] == nil }) { return false }
            }
        }
        let names = Set(set.map { packages[$0].name })
        return installed.allSatisfy { !$0.value || names.contains(packages[$0.key].name) }
    }

    /// What meets a request.
    func candidates(for request: Capability) -> [Int] {
        let all = providers(of: request)
        guard request.kind == .name else { return all }
        let named = all.filter { packages[$0].name == request.target }
        return named.contains { offers[$0] != nil } || named.contains { installed[$0] != nil } ? named : all
    }

    func goneNames(_ set: Set<Int>) -> Set<String> {
        Set(installed.keys.map { packages[$0].name }).subtracting(set.map { packages[$0].name })
    }

    func indices(_ selections: [Selection]) -> Set<Int> {
        let ids = Set(selections.map(\.package))
        return Set(packages.indices.filter { ids.contains(packages[$0].id) })
    }

    /// The packages of a name, as good as they are for one that follows its collection: the first is the best.
    func ranking(_ member: Int) -> [Int] {
        let name = packages[member].name
        let offered = packages.indices.filter { packages[$0].name == name && offers[$0] != nil }.sorted {
            (offers[$0] ?? 0, packages[$0].release) > (offers[$1] ?? 0, packages[$1].release)
        }
        let tip = Array(offered.prefix(1))
        return tip + ([member] + offered.dropFirst()).filter { !tip.contains($0) }
    }

    /// How far the packages that follow are from their best, in the order of names.
    func ranks(of following: [Int], in set: Set<Int>) -> [Int] {
        following.sorted { packages[$0].name < packages[$1].name }.map { member in
            ranking(member).firstIndex(where: set.contains) ?? .max
        }
    }

    /// What packages that were asked for lead to.
    func reached(_ set: Set<Int>, from start: [Int]) -> Set<Int> {
        var reached: Set<Int> = []
        var pending = start
        while let member = pending.popLast() {
            guard reached.insert(member).inserted else { continue }
            for capability in packages[member].dependencies {
                pending += providers(of: capability).filter(set.contains)
            }
        }
        return reached
    }

    // MARK: Reasons

    /// Whether any set of packages agrees with all of `facts`.
    func agrees(_ facts: [Problem.Fact]) -> Bool {
        let provided = facts.reduce(into: [Capability: [PackageSummary]]()) { provided, fact in
            if case .provided(let capability, let packages) = fact { provided[capability] = packages }
        }
        let count = packages.count
        return (0..<(1 << count)).contains { bits in
            let set = Set(packages.indices.filter { bits >> $0 & 1 == 1 }.map { packages[$0].id })
            return facts.allSatisfy { fact in
                switch fact {
                case .asked(_, let packages): packages.contains { set.contains($0.id) }
                case .stays(let package, let others): ([package] + others).contains { set.contains($0.id) }
                case .brought(let package): set.contains(package.id)
                case .needs(let package, let capability):
                    !set.contains(package.id)
                        || provided[capability].map { $0.contains { set.contains($0.id) } } ?? true
                case .provided: true
                case .conflict(let one, let other, _), .sameName(let one, let other):
                    !(set.contains(one.id) && set.contains(other.id))
                }
            }
        }
    }

    /// What is not true of `fact`.
    func isTrue(_ fact: Problem.Fact, ofRequests requests: [Capability]) -> Bool {
        switch fact {
        case .asked(let request, let packages):
            requests.contains(request.capability)
                && Set(packages.map(\.id)) == Set(candidates(for: request.capability).map { self.packages[$0].id })
        case .stays(let package, let others):
            installed.contains { packages[$0.key].id == package.id && $0.value }
                && Set(others.map(\.id))
                    == Set(packages.filter { $0.name == package.name }.map(\.id)).subtracting([package.id])
        case .brought: true
        case .needs(let package, let capability): package.dependencies.contains(capability)
        case .provided(let capability, let packages):
            Set(packages.map(\.id)) == Set(providers(of: capability).map { self.packages[$0].id })
        case .conflict(let declarer, let provider, let capability):
            declarer.conflicts.contains(capability) && provider.providers.contains(capability)
                && declarer.id != provider.id
        case .sameName(let one, let other): one.name == other.name && one.id != other.id
        }
    }
}
