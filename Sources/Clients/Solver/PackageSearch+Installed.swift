internal import Clauses
internal import PackageModel

extension PackageSearch {
    /// Searches until what comes of it is right for all installed packages, those included that were not looked at.
    ///
    /// Whoever a solution takes something away from is looked at from then on, and the search goes on with what it has
    /// learned. Installed packages are decided in this order: that none goes, then what was asked for, then that each
    /// stays as it is. So none goes, and none is replaced, where what comes before leaves another way.
    mutating func solve() throws(LookupFailure) -> Outcome {
        while true {
            arrangeGoals()
            let outcome = try search()
            guard case .solved = outcome, extends else { return outcome }
            let affected = try self.affected()
            guard !affected.packages.isEmpty || !affected.dependants.isEmpty else { return .solved }
            restart()
            for package in affected.packages where !rooted.contains(package.id) { try root(package) }
            for (package, capability) in affected.dependants {
                if !rooted.contains(package.id) { try root(package) }
                try watch(package, capability)
            }
        }
    }

    private mutating func arrangeGoals() {
        let byName = staying.sortedVerbatim(by: { package($0.package)?.name ?? "" })
        let keeping = byName.filter { !$0.isHard }.map { Goal(root: $0.root, choosesPackage: false) }
        let wanted = self.wanted.map { Goal(root: $0, choosesPackage: true) }
        goals = wantedGoesFirst ? wanted + keeping : keeping + wanted
        goals += byName.map { Goal(root: $0.root, choosesPackage: true) }
    }

    /// Sees to it that an installed package stays or is replaced; a transitive one goes where nothing else is left.
    private mutating func root(_ package: PackageSummary) throws(LookupFailure) {
        let isHard = try lookup.installed.selection(package.id)?.isExplicit != false
        let others = try lookup.offers(named: package.name).filter { $0.id != package.id }
        let root = try add(Root(kind: .stays(package), candidates: [package] + others), isHard: isHard)
        staying.append(Staying(root: root, package: try variable(for: package), isHard: isHard))
    }

    /// Installed packages that the solution leaves out, and those that it takes something away from.
    private mutating func affected() throws(LookupFailure) -> (
        packages: [PackageSummary], dependants: [(PackageSummary, Capability)]
    ) {
        var packages: [PackageSummary] = []
        var dependants: [(PackageSummary, Capability)] = []
        let added = Set(engine.trail.filter(\.isTrue).compactMap { package($0.variable) }.flatMap(\.providers))
        for literal in engine.trail where !literal.isTrue {
            guard let package = package(literal.variable), try isBase(package) else { continue }
            if !rooted.contains(package.id) { packages.append(package) }
            for capability in package.providers where !watched.contains(capability) && !added.contains(capability) {
                guard try !isPresent(capability) else { continue }
                watched.insert(capability)
                for id in Set(try lookup.installed.dependants(on: capability)).sorted() {
                    if let dependant = try lookup.installedPackage(id) { dependants.append((dependant, capability)) }
                }
            }
        }
        return (packages, dependants)
    }

    /// Whether an installed package that stays provides `capability`.
    private func isPresent(_ capability: Capability) throws(LookupFailure) -> Bool {
        try lookup.installedProviders(of: capability).contains { provider in
            variables[provider.id].map { !engine.isFalse($0) } ?? true
        }
    }

    // MARK: Result

    /// A selected package and why it is.
    struct Pick {
        var package: PackageSummary
        var cause: Resolution.Cause
        var choice: Resolution.Choice?
        /// Whether it was asked for.
        var isWanted = false
    }

    /// The packages of a solution that were decided on, in the order in which they were.
    func picks() throws(LookupFailure) -> [Pick] {
        var causes: [Int: (choice: Int, isWanted: Bool)] = [:]
        let listed = wanted + staying.map(\.root)
        let roots = Set(listed)
        let needed = engine.trail.map(\.variable).filter { choices[$0] != nil && !roots.contains($0) }
        for variable in wanted + needed + staying.map(\.root) where engine.isTrue(variable) {
            guard let picked = self.picked(for: variable) else { continue }
            if causes[picked] == nil { causes[picked] = (variable, false) }
            if case .root(let root) = meanings[variable] {
                if case .stays = root.kind { continue }
                causes[picked]?.isWanted = true
            }
        }
        var picks: [Pick] = []
        for literal in engine.trail where literal.isTrue {
            guard let package = package(literal.variable), let (choice, isWanted) = causes[literal.variable] else {
                continue
            }
            picks.append(
                Pick(
                    package: package, cause: try cause(choice), choice: try self.choice(choice, literal.variable),
                    isWanted: isWanted))
        }
        return picks
    }

    /// The package that meets a capability or root; of several the first that was selected.
    func picked(for variable: Int) -> Int? {
        (choices[variable] ?? []).filter(engine.isTrue).min { engine.place(of: $0) < engine.place(of: $1) }
    }

    private func cause(_ variable: Int) throws(LookupFailure) -> Resolution.Cause {
        switch meanings[variable] {
        case .root(let root):
            switch root.kind {
            case .request(let request): return .requested(request.capability)
            case .follows: return .followsCollection
            case .stays(let package): return try cause(ofReplacing: package)
            }
        case .capability(let capability):
            var dependant = engine.needers[variable].first(where: engine.isTrue)
            if case .need(let needer, _)? = engine.reasons[variable] { dependant = needer }
            dependant = dependant ?? wishes.filter { $0.value.contains(variable) }.keys.min()
            guard let package = dependant.flatMap(package) else { return .followsCollection }
            return .required(by: package.id, name: package.name, dependency: capability)
        case .package: return .followsCollection
        }
    }

    private func cause(ofReplacing package: PackageSummary) throws(LookupFailure) -> Resolution.Cause {
        guard let (lost, provider) = try loss(of: package) else { return .avoidsConflict }
        return .repairs(lost: lost, provider: provider)
    }

    /// What an installed package needs and the solution takes away, and who had it.
    func loss(of package: PackageSummary) throws(LookupFailure) -> (Capability, String)? {
        for capability in package.dependencies where watched.contains(capability) {
            guard let provider = try lookup.installedProviders(of: capability).first, try !isPresent(capability),
                capabilities[capability].flatMap(picked) == nil
            else { continue }
            return (capability, provider.name)
        }
        return nil
    }

    /// By which rule a package was taken among several.
    private func choice(_ variable: Int, _ picked: Int) throws(LookupFailure) -> Resolution.Choice? {
        let candidates = choices[variable] ?? []
        guard candidates.count > 1, let package = package(picked) else { return nil }
        let others = candidates.filter { $0 != picked }.compactMap { self.package($0) }
        var target = ""
        if case .capability(let capability) = meanings[variable] { target = capability.target }
        let rule: Resolution.Choice.Rule
        if try lookup.installedPackage(named: package.name) != nil {
            rule = .installed
        } else if engine.place(of: picked) < engine.place(of: variable) {
            rule = .selected
        } else if candidates.first != picked, candidates.first.map(engine.isFalse) == true {
            rule = .ruledOut
        } else if candidates.first != picked {
            rule = .sameSource
        } else {
            rule = lookup.rule(for: package, before: others[0], target: target)
        }
        return Resolution.Choice(others: others.map(\.label), rule: rule)
    }
}
