internal import PackageModel

/// One greedy pass: selects packages until every dependency is met, and notes what cannot be met.
///
/// The pass never goes back on a choice; ``ClosureSearch`` runs it again with packages banned. It works through a
/// list, not the call stack, and every package and every dependency is looked at once, so its cost is linear in what
/// it selects.
struct Closure<Installed: InstalledPackages, Available: AvailablePackages> {
    enum Mode {
        /// Adds to the installed packages, which all stay unless one of the same name replaces them.
        case extend
        /// Starts from nothing; installed packages serve where nothing offered does, if `fallsBack`.
        case rebuild(fallsBack: Bool)
    }

    /// A package that is wanted for itself, and the packages that would do, the preferred one first.
    struct Root {
        var request: Capability
        var candidates: [PackageSummary]
        var isExplicit = true
        var cause: Resolution.Cause
    }

    /// A request that an installed package meets already.
    struct MetRequest {
        var request: Capability
        var package: PackageSummary
    }

    struct Node {
        var package: PackageSummary
        var isExplicit: Bool
        var cause: Resolution.Cause
        /// The package whose dependency brought this one in.
        var parent: PackageID?
        var replaces: PackageSummary?
        /// Position in the order of selection.
        var position: Int
    }

    /// Who relies on a selected package, and for what.
    enum User {
        case root(Int)
        case dependant(PackageID, Capability, lostTo: PackageID?)
        /// It replaces this installed package, which was banned.
        case replacement(PackageSummary)
    }

    struct Requirement {
        var dependant: PackageSummary
        var dependency: Capability
        /// The addition that took away the former provider.
        var lostTo: PackageID?
    }

    let lookup: PackageLookup<Installed, Available>
    let mode: Mode
    let roots: [Root]
    let metRequests: [MetRequest]
    let banned: Set<PackageID>

    var nodes: [PackageID: Node] = [:]
    var order: [PackageID] = []
    var slots: [Verbatim<String>: PackageID] = [:]
    var users: [PackageID: [User]] = [:]
    var replacements: [PackageID: PackageID] = [:]
    var problems: [Finding] = []
    /// Conflicts besides those among `problems`.
    var moreConflicts = 0
    var stillBroken: [Resolution.BrokenDependency] = []
    /// A root or a banned installed package has nobody left to stand in for it.
    var isHopeless = false

    private var providersByCapability: [Capability: [PackageID]] = [:]
    private var dependantsByCapability: [Capability: [PackageID]] = [:]
    private var agenda: [Requirement] = []
    /// Dependencies that no candidate with a free name meets, and their preferred candidate.
    private var withoutChoice: [Capability: PackageSummary?] = [:]

    init(
        lookup: PackageLookup<Installed, Available>, mode: Mode, roots: [Root], metRequests: [MetRequest],
        banned: Set<PackageID>
    ) {
        self.lookup = lookup
        self.mode = mode
        self.roots = roots
        self.metRequests = metRequests
        self.banned = banned
    }

    /// Selects the roots, all of them before any dependency, so that their order does not matter; then the rest.
    mutating func run() throws(LookupFailure) {
        for index in roots.indices { try selectRoot(index) }
        try replaceBanned()
        var next = 0
        while next < agenda.count {
            try meet(agenda[next])
            next += 1
        }
        if problems.isEmpty && !isHopeless { try findConflicts() }
    }

    var extends: Bool {
        if case .extend = mode { true } else { false }
    }

    /// Whether an installed package stays where it is.
    func isBase(_ id: PackageID) throws(LookupFailure) -> Bool {
        guard extends, replacements[id] == nil else { return false }
        return try lookup.installedPackage(id) != nil
    }

    func isSelected(_ id: PackageID) throws(LookupFailure) -> Bool {
        if nodes[id] != nil { return true }
        return try isBase(id)
    }

    /// How many packages ``selectedProviders(of:)`` gives at most.
    func selectedProviderCount(of capability: Capability) throws(LookupFailure) -> Int {
        let added = providersByCapability[capability]?.count ?? 0
        return extends ? try added + lookup.installedProviders(of: capability).count : added
    }

    /// Selected packages that provide `capability`: additions by position, then what stays of the state.
    func selectedProviders(of capability: Capability) throws(LookupFailure) -> [PackageSummary] {
        var packages = (providersByCapability[capability] ?? []).compactMap { nodes[$0]?.package }
        guard extends else { return packages }
        for package in try lookup.installedProviders(of: capability) where replacements[package.id] == nil {
            packages.append(package)
        }
        return packages
    }

    /// Everything that could meet `dependency`, in order of preference, banned packages included.
    func candidates(for dependency: Capability) throws(LookupFailure) -> [PackageSummary] {
        guard case .rebuild(fallsBack: true) = mode else { return try lookup.offers(of: dependency) }
        return try lookup.offersAndInstalled(of: dependency)
    }

    /// Offered packages that could take the place of an installed one that needs `dependency`.
    func upgrades(of package: PackageSummary, avoiding dependency: Capability?) throws(LookupFailure)
        -> [PackageSummary]
    {
        try lookup.offers(named: package.name).filter { offer in
            guard offer.id != package.id else { return false }
            guard let dependency else { return true }
            return !offer.dependencies.contains(dependency)
        }
    }

    // MARK: Selecting

    private mutating func selectRoot(_ index: Int) throws(LookupFailure) {
        let root = roots[index]
        let allowed = root.candidates.filter { !banned.contains($0.id) }
        guard let first = allowed.first else {
            isHopeless = true
            return
        }
        if let selected = allowed.first(where: { nodes[$0.id] != nil }) {
            if root.isExplicit { nodes[selected.id]?.isExplicit = true }
            users[selected.id, default: []].append(.root(index))
        } else if let free = allowed.first(where: { slots[Verbatim($0.name)] == nil }) {
            try select(free, isExplicit: root.isExplicit, cause: root.cause, parent: nil, for: .root(index))
        } else if let holder = slots[Verbatim(first.name)] {
            problems.append(.clash(holder: holder, other: first, dependency: root.request, user: .root(index)))
        }
    }

    /// Puts another version in the place of each banned installed package.
    private mutating func replaceBanned() throws(LookupFailure) {
        guard extends else { return }
        for id in banned.sorted() where try isBase(id) {
            guard let package = try lookup.installedPackage(id) else { continue }
            let upgrades = try upgrades(of: package, avoiding: nil)
            guard let upgrade = upgrades.first(where: { !banned.contains($0.id) }) else {
                isHopeless = true
                continue
            }
            try select(
                upgrade, isExplicit: false, cause: .avoidsConflict, parent: nil, for: .replacement(package))
        }
    }

    private mutating func select(
        _ package: PackageSummary, isExplicit: Bool, cause: Resolution.Cause, parent: PackageID?, for user: User
    ) throws(LookupFailure) {
        nodes[package.id] = Node(
            package: package, isExplicit: isExplicit, cause: cause, parent: parent, replaces: nil,
            position: order.count)
        order.append(package.id)
        slots[Verbatim(package.name)] = package.id
        users[package.id, default: []].append(user)
        for capability in package.providers { providersByCapability[capability, default: []].append(package.id) }
        for dependency in package.dependencies {
            if extends { dependantsByCapability[dependency, default: []].append(package.id) }
            agenda.append(Requirement(dependant: package, dependency: dependency, lostTo: nil))
        }
        if extends, let former = try lookup.installedPackage(named: package.name), former.id != package.id {
            try replace(former, by: package)
        }
    }

    /// Takes `former` out and looks again at everything that relied on what only it provided.
    private mutating func replace(_ former: PackageSummary, by package: PackageSummary) throws(LookupFailure) {
        replacements[former.id] = package.id
        nodes[package.id]?.replaces = former
        if try lookup.installed.selection(former.id)?.isExplicit == true { nodes[package.id]?.isExplicit = true }
        for capability in former.providers where !package.provides(capability) {
            for id in dependantsByCapability[capability] ?? [] {
                guard let dependant = nodes[id]?.package else { continue }
                agenda.append(Requirement(dependant: dependant, dependency: capability, lostTo: package.id))
            }
            for id in Set(try lookup.installed.dependants(on: capability)).sorted() {
                guard let dependant = try lookup.installedPackage(id) else { continue }
                agenda.append(Requirement(dependant: dependant, dependency: capability, lostTo: package.id))
            }
        }
    }

    // MARK: Meeting dependencies

    private mutating func meet(_ requirement: Requirement) throws(LookupFailure) {
        let dependant = requirement.dependant
        let dependency = requirement.dependency
        guard try isSelected(dependant.id) else { return }
        let user = User.dependant(dependant.id, dependency, lostTo: requirement.lostTo)
        if let provider = providersByCapability[dependency]?.first {
            if provider != dependant.id { users[provider, default: []].append(user) }
            return
        }
        if extends, try lookup.installedProviders(of: dependency).contains(where: { replacements[$0.id] == nil }) {
            return
        }
        if nodes[dependant.id] == nil, try upgradeDependant(requirement, user: user) { return }
        let (free, allowed) = try choice(for: dependency)
        if let free {
            let cause = Resolution.Cause.required(by: dependant.id, name: dependant.name, dependency: dependency)
            try select(free, isExplicit: false, cause: cause, parent: dependant.id, for: user)
        } else if try wasBroken(requirement) {
            stillBroken.append(.init(package: dependant.id, name: dependant.name, dependency: dependency))
        } else if let allowed, let holder = slots[Verbatim(allowed.name)] {
            problems.append(.clash(holder: holder, other: allowed, dependency: dependency, user: user))
        } else {
            problems.append(.missing(requirement))
        }
    }

    /// The preferred package for `dependency` whose name is free, and the preferred one where none is.
    ///
    /// What has no choice once has none for the rest of the pass, however many ask for it.
    private mutating func choice(
        for dependency: Capability
    ) throws(LookupFailure) -> (free: PackageSummary?, allowed: PackageSummary?) {
        if let known = withoutChoice[dependency] { return (nil, known) }
        var first: PackageSummary?
        for package in try candidates(for: dependency) where !banned.contains(package.id) {
            if slots[Verbatim(package.name)] == nil { return (package, nil) }
            first = first ?? package
        }
        withoutChoice[dependency] = .some(first)
        return (nil, first)
    }

    /// Meets what an installed package has lost by a version of it that does not need it.
    private mutating func upgradeDependant(_ requirement: Requirement, user: User) throws(LookupFailure) -> Bool {
        let dependant = requirement.dependant
        guard slots[Verbatim(dependant.name)] == nil else { return false }
        let upgrades = try upgrades(of: dependant, avoiding: requirement.dependency)
        guard let upgrade = upgrades.first(where: { !banned.contains($0.id) }) else { return false }
        let provider = requirement.lostTo.flatMap { nodes[$0]?.package.name } ?? dependant.name
        try select(
            upgrade, isExplicit: false, cause: .repairs(lost: requirement.dependency, provider: provider),
            parent: requirement.lostTo, for: user)
        return true
    }

    /// Whether the dependant is installed as it is and its dependency had no provider before.
    private func wasBroken(_ requirement: Requirement) throws(LookupFailure) -> Bool {
        guard case .rebuild(fallsBack: true) = mode,
            try lookup.installedPackage(requirement.dependant.id) != nil
        else { return false }
        return try lookup.installedProviders(of: requirement.dependency).isEmpty
    }
}
