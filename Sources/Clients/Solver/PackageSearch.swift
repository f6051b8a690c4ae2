internal import Clauses
internal import PackageModel

/// Looks for the packages of a state: turns packages into variables and dependencies into facts as the search comes to
/// them, and decides in the order of preference.
///
/// What was asked for is decided first, then every dependency of what is selected, in the order in which it came up.
/// A package is looked up when it may be chosen, and its dependencies when it is: the cost follows what is selected.
struct PackageSearch<Installed: InstalledPackages, Available: AvailablePackages> {
    enum Mode {
        /// Adds to the installed packages. They stay where nothing forces them not to, and their dependencies are
        /// looked at only where a provider goes.
        case extend
        /// Starts from nothing; installed packages serve where nothing offered does, if `fallsBack`.
        case rebuild(fallsBack: Bool)
    }

    /// Something that has to be met by one of several packages, the preferred one first.
    struct Root {
        enum Kind {
            case request(Request)
            /// A package that is installed, and to be what its collection holds.
            case follows(PackageSummary)
            /// A package that is installed and may be replaced, but not go.
            case stays(PackageSummary)
        }

        var kind: Kind
        var candidates: [PackageSummary]
    }

    enum Meaning {
        case package(PackageSummary)
        case capability(Capability)
        case root(Root)
    }

    /// One step of the order in which roots are decided.
    struct Goal {
        var root: Int
        /// Whether the package is chosen, or only that there is to be one.
        var choosesPackage: Bool
    }

    /// The root of an installed package that was looked at.
    struct Staying {
        var root: Int
        var package: Int
        /// Whether it must not go.
        var isHard: Bool
    }

    /// Nothing hostile may make a search endless; a real one learns a few hundred clauses.
    static var learnedLiteralsMax: Int { 8_000_000 }

    let lookup: PackageLookup<Installed, Available>
    let mode: Mode
    var engine = ClauseSolver()
    var meanings: [Meaning] = []
    var variables: [PackageID: Int] = [:]
    var capabilities: [Capability: Int] = [:]
    /// The packages that meet a capability or a root, in order of preference.
    var choices: [Int: [Int]] = [:]
    /// The capability or root that a clause is about.
    var owners: [Int: Int] = [:]
    /// Dependencies of installed packages that nothing met before: they are met if that is possible.
    var wishes: [Int: [Int]] = [:]
    /// What was asked for.
    var wanted: [Int] = []
    /// Whether that may make installed packages go that nobody asked for.
    var wantedGoesFirst = false
    var staying: [Staying] = []
    var goals: [Goal] = []
    /// Packages that have to be, decided before anything else.
    var assumptions: [Int] = []
    /// Dependencies that count as met.
    var ignoredCapabilities: Set<Capability> = []
    /// Packages that may be together all the same.
    var ignoredPairs: [(PackageID, PackageID)] = []
    /// Installed packages that have a root; capabilities of which all who need them are looked at.
    var rooted: Set<PackageID> = []
    var watched: Set<Capability> = []

    private var isExpanded: [Bool] = []
    private var nameGroups: [Verbatim<String>: Int] = [:]
    private var conflictGroups: [Capability: Int] = [:]
    /// A fact that is violated before anything is decided.
    private var violated: ClauseSolver.Fact?
    /// How many assumptions are true for sure.
    private var assumed = 0
    private var position = 0
    private var positions: [Int] = []

    init(_ lookup: PackageLookup<Installed, Available>, _ mode: Mode) {
        self.lookup = lookup
        self.mode = mode
    }

    var extends: Bool {
        if case .extend = mode { true } else { false }
    }

    func package(_ variable: Int) -> PackageSummary? {
        if case .package(let package) = meanings[variable] { package } else { nil }
    }

    /// Whether the package is installed, and may stay as it is whatever is wrong with it.
    func isBase(_ package: PackageSummary) throws(LookupFailure) -> Bool {
        if case .rebuild(fallsBack: false) = mode { return false }
        return try lookup.installedPackage(package.id) != nil
    }

    // MARK: Variables

    private mutating func add(_ meaning: Meaning, isBound: Bool = false) -> Int {
        meanings.append(meaning)
        isExpanded.append(false)
        return engine.addVariable(isBound: isBound)
    }

    mutating func variable(for package: PackageSummary) throws(LookupFailure) -> Int {
        if let known = variables[package.id] { return known }
        let variable = add(.package(package), isBound: try isBase(package))
        variables[package.id] = variable
        for case let (one, other) in ignoredPairs where one == package.id || other == package.id {
            if let one = variables[one], let other = variables[other] { engine.ignored.insert(.init(one, other)) }
        }
        let name = Verbatim(package.name)
        let group = nameGroups[name] ?? engine.addGroup()
        nameGroups[name] = group
        engine.join(variable, group, left: true, right: true)
        for capability in package.conflicts {
            engine.join(variable, try conflictGroup(of: capability), left: true, right: false)
        }
        if !conflictGroups.isEmpty {
            for capability in package.providers {
                guard let group = conflictGroups[capability] else { continue }
                engine.join(variable, group, left: false, right: true)
            }
        }
        return variable
    }

    /// The group of those that conflict with `capability` and those that provide it.
    private mutating func conflictGroup(of capability: Capability) throws(LookupFailure) -> Int {
        if let known = conflictGroups[capability] { return known }
        let group = engine.addGroup()
        conflictGroups[capability] = group
        for package in try lookup.offersAndInstalled(of: capability) {
            // The one that is just being added joins by itself.
            guard let variable = variables[package.id], variable != engine.variableCount - 1 else { continue }
            engine.join(variable, group, left: false, right: true)
        }
        return group
    }

    private mutating func variable(for capability: Capability) -> Int {
        if let known = capabilities[capability] { return known }
        let variable = add(.capability(capability))
        capabilities[capability] = variable
        return variable
    }

    /// Adds a root; only before anything is decided.
    ///
    /// - Parameter isHard: whether it has to be met.
    @discardableResult
    mutating func add(_ root: Root, isHard: Bool) throws(LookupFailure) -> Int {
        let variable = add(.root(root))
        switch root.kind {
        case .stays(let package), .follows(let package): rooted.insert(package.id)
        case .request: break
        }
        if isHard { note(engine.give(variable)) }
        note(try choose(variable, among: root.candidates))
        return variable
    }

    private mutating func note(_ fact: ClauseSolver.Fact?) { violated = violated ?? fact }

    /// Adds that an installed package needs something; only before anything is decided.
    mutating func watch(_ package: PackageSummary, _ capability: Capability) throws(LookupFailure) {
        note(link(package, try variable(for: package), capability))
    }

    /// Adds that `variable` takes one of `packages`.
    private mutating func choose(
        _ variable: Int, among packages: [PackageSummary]
    ) throws(LookupFailure) -> ClauseSolver.Fact? {
        var candidates: [Int] = []
        for package in packages { candidates.append(try self.variable(for: package)) }
        choices[variable] = candidates
        owners[engine.clauses.count] = variable
        return engine.add([Literal(variable, isTrue: false)] + candidates.map { Literal($0, isTrue: true) })
    }

    // MARK: Expanding

    /// Adds the facts about a package or capability the first time that it is true.
    private mutating func expand(_ variable: Int) throws(LookupFailure) -> ClauseSolver.Fact? {
        guard !isExpanded[variable] else { return nil }
        isExpanded[variable] = true
        switch meanings[variable] {
        case .root: return nil
        case .capability(let capability): return try choose(variable, among: candidates(for: capability))
        case .package(let package):
            let isBase = try isBase(package)
            if extends {
                if isBase { return nil }
                try meetInstalled(package)
            }
            var conflict: ClauseSolver.Fact?
            for capability in package.dependencies {
                if isBase, try lookup.installedProviders(of: capability).isEmpty {
                    wishes[variable, default: []].append(self.variable(for: capability))
                } else {
                    let violated = link(package, variable, capability)
                    conflict = conflict ?? violated
                }
            }
            return conflict
        }
    }

    /// Everything that could meet `capability`, in order of preference.
    private func candidates(for capability: Capability) throws(LookupFailure) -> [PackageSummary] {
        switch mode {
        case .extend: try lookup.installedAndOffers(of: capability)
        case .rebuild(fallsBack: true): try lookup.offersAndInstalled(of: capability)
        case .rebuild(fallsBack: false): try lookup.offers(of: capability)
        }
    }

    /// Makes the installed packages known that cannot be beside a new one.
    private mutating func meetInstalled(_ package: PackageSummary) throws(LookupFailure) {
        if let former = try lookup.installedPackage(named: package.name) { _ = try variable(for: former) }
        for capability in package.providers {
            for id in Set(try lookup.installed.opponents(of: capability)).sorted() {
                if let opponent = try lookup.installedPackage(id) { _ = try variable(for: opponent) }
            }
        }
        for capability in package.conflicts {
            for provider in try lookup.installedProviders(of: capability) { _ = try variable(for: provider) }
        }
    }

    /// Adds that a package needs something.
    private mutating func link(
        _ package: PackageSummary, _ variable: Int, _ capability: Capability
    ) -> ClauseSolver.Fact? {
        guard !package.provides(capability), !ignoredCapabilities.contains(capability) else { return nil }
        return engine.addNeed(variable, self.variable(for: capability))
    }

    // MARK: Searching

    enum Outcome {
        case solved
        case refuted(ClauseSolver.Core)
        /// Too much was learned.
        case cutOff
    }

    /// Finds packages for which everything known holds.
    mutating func search() throws(LookupFailure) -> Outcome {
        if let violated { return .refuted(engine.core(of: violated)) }
        while true {
            if let conflict = try propagate() {
                guard engine.learn(from: conflict) else { return .refuted(engine.core(of: conflict)) }
                if engine.learnedLiteralCount > Self.learnedLiteralsMax { return .cutOff }
                takeUp()
                continue
            }
            while assumed < assumptions.count, engine.isTrue(assumptions[assumed]) { assumed += 1 }
            if assumed < assumptions.count {
                let next = assumptions[assumed]
                if engine.isFalse(next) { return .refuted(engine.core(against: next)) }
                decide(next)
            } else if try !decideNext() {
                return .solved
            }
        }
    }

    /// Takes back all decisions; what was learned stays.
    mutating func restart() {
        engine.backtrack(to: 0)
        takeUp()
    }

    private mutating func takeUp() {
        assumed = 0
        if engine.level < positions.count {
            position = positions[engine.level]
            positions.removeSubrange(engine.level...)
        }
        if engine.level == 0 { position = 0 }
    }

    private mutating func propagate() throws(LookupFailure) -> ClauseSolver.Fact? {
        while let literal = engine.next() {
            if literal.isTrue, let conflict = try expand(literal.variable) { return conflict }
            if let conflict = engine.propagate(literal) { return conflict }
        }
        return nil
    }

    private mutating func decide(_ variable: Int) {
        positions.append(position)
        engine.decide(Literal(variable, isTrue: true))
    }

    /// Decides what comes next: goals, then what is selected, in the order in which it was.
    ///
    /// - Returns: whether there was anything.
    private mutating func decideNext() throws(LookupFailure) -> Bool {
        while position < goals.count + engine.trail.count {
            if let variable = try undecided(at: position) {
                decide(variable)
                return true
            }
            position += 1
        }
        return false
    }

    private func undecided(at position: Int) throws(LookupFailure) -> Int? {
        if position < goals.count {
            let goal = goals[position]
            if engine.isFalse(goal.root) { return nil }
            if !engine.isTrue(goal.root) { return goal.root }
            return goal.choosesPackage ? try undecidedChoice(goal.root) : nil
        }
        let literal = engine.trail[position - goals.count]
        guard literal.isTrue else { return nil }
        if let wish = wishes[literal.variable]?.first(where: { !engine.isTrue($0) && !engine.isFalse($0) }) {
            return wish
        }
        return try undecidedChoice(literal.variable)
    }

    /// The package to take for a capability or root that has none yet.
    private func undecidedChoice(_ variable: Int) throws(LookupFailure) -> Int? {
        guard let candidates = choices[variable], !candidates.contains(where: engine.isTrue),
            let first = candidates.firstIndex(where: { !engine.isFalse($0) })
        else { return nil }
        return try sameSource(as: variable, candidates[first...]) ?? candidates[first]
    }

    /// Of what is not installed under any version: the first of the recipe from which the one who asks comes.
    private func sameSource(
        as variable: Int, _ candidates: ArraySlice<Int>
    ) throws(LookupFailure) -> Int? {
        guard candidates.count > 1, let first = candidates.first.flatMap(package),
            case .need(let dependant, _)? = engine.reasons[variable], let dependant = package(dependant),
            try lookup.installedPackage(named: first.name) == nil
        else { return nil }
        for candidate in candidates where !engine.isFalse(candidate) {
            guard let package = package(candidate), package.source.isVerbatim(dependant.source) else { continue }
            if extends { return candidate }
            if try lookup.isTip(package) { return candidate }
        }
        return nil
    }
}
