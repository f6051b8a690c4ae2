internal import PackageModel

/// Remembers the answers of a state and of the collections for the length of one operation, and puts them in order.
final class PackageLookup<Installed: InstalledPackages, Available: AvailablePackages> {
    let installed: Installed
    let available: Available
    /// Whether offers follow the collections and then the state, as a sync wants them; see `rank`.
    private let followsCollections: Bool
    private var installedSummaries: [PackageID: PackageSummary?] = [:]
    private var offeredSummaries: [PackageID: PackageSummary?] = [:]
    private var installedByProvider: [Capability: [PackageSummary]] = [:]
    private var offersByProvider: [Capability: [PackageSummary]] = [:]
    private var candidatesByProvider: [Capability: [PackageSummary]] = [:]
    private var targetsByKind: [CapabilityKind: [String]] = [:]
    private var priorities: [PackageID: UInt64] = [:]
    private var tips: [Verbatim<String>: PackageID?] = [:]
    private var installedFirst: [Capability: [PackageSummary]] = [:]

    init(_ installed: Installed, _ available: Available, followsCollections: Bool) {
        self.installed = installed
        self.available = available
        self.followsCollections = followsCollections
    }

    func installedPackage(_ id: PackageID) throws(LookupFailure) -> PackageSummary? {
        if let known = installedSummaries[id] { return known }
        let package = try installed.package(id)
        installedSummaries[id] = .some(package)
        return package
    }

    private func offeredPackage(_ id: PackageID) throws(LookupFailure) -> PackageSummary? {
        if let known = offeredSummaries[id] { return known }
        let package = try available.package(id)
        offeredSummaries[id] = .some(package)
        return package
    }

    /// Installed providers by ``OfferPreference``: the package of that name first.
    func installedProviders(of capability: Capability) throws(LookupFailure) -> [PackageSummary] {
        if let known = installedByProvider[capability] { return known }
        var packages: [PackageSummary] = []
        for id in Set(try installed.providers(of: capability)) {
            if let package = try installedPackage(id) { packages.append(package) }
        }
        packages.sort { $0.preference(for: capability.target) < $1.preference(for: capability.target) }
        installedByProvider[capability] = packages
        return packages
    }

    /// The installed package of that very name.
    func installedPackage(named name: String) throws(LookupFailure) -> PackageSummary? {
        try installedProviders(of: Capability(.name, name)).first { $0.name.isVerbatim(name) }
    }

    /// Offered providers in order of preference.
    ///
    /// By ``OfferPreference``. A sync first asks for the rank of the offer.
    func offers(of capability: Capability) throws(LookupFailure) -> [PackageSummary] {
        if let known = offersByProvider[capability] { return known }
        let packages = try plainOffers(of: capability)
        guard followsCollections, packages.count > 1 else {
            offersByProvider[capability] = packages
            return packages
        }
        var ranked: [(rank: Int, position: Int, package: PackageSummary)] = []
        for (position, package) in packages.enumerated() { ranked.append((try rank(of: package), position, package)) }
        ranked.sort { ($0.rank, $0.position) < ($1.rank, $1.position) }
        let sorted = ranked.map(\.package)
        offersByProvider[capability] = sorted
        return sorted
    }

    /// What is offered, and then what is installed and not offered any more.
    func offersAndInstalled(of capability: Capability) throws(LookupFailure) -> [PackageSummary] {
        if let known = candidatesByProvider[capability] { return known }
        var packages = try offers(of: capability)
        let offered = Set(packages.map(\.id))
        packages += try installedProviders(of: capability).filter { !offered.contains($0.id) }
        candidatesByProvider[capability] = packages
        return packages
    }

    /// What is installed, and then what is offered.
    func installedAndOffers(of capability: Capability) throws(LookupFailure) -> [PackageSummary] {
        if let known = installedFirst[capability] { return known }
        let installed = try installedProviders(of: capability)
        let known = Set(installed.map(\.id))
        let packages = installed + (try offers(of: capability).filter { !known.contains($0.id) })
        installedFirst[capability] = packages
        return packages
    }

    private func targets(of kind: CapabilityKind) throws(LookupFailure) -> [String] {
        if let known = targetsByKind[kind] { return known }
        let targets = try available.targets(of: kind)
        targetsByKind[kind] = targets
        return targets
    }

    private func plainOffers(of capability: Capability) throws(LookupFailure) -> [PackageSummary] {
        var priorities: [PackageID: UInt64] = [:]
        for offer in try available.offers(of: capability) {
            priorities[offer.package] = max(priorities[offer.package] ?? 0, offer.priority)
        }
        var offers: [(package: PackageSummary, preference: OfferPreference)] = []
        for (id, priority) in priorities {
            guard let package = try offeredPackage(id) else { continue }
            self.priorities[id] = max(self.priorities[id] ?? 0, priority)
            offers.append((package, package.preference(priority: priority, for: capability.target)))
        }
        offers.sort { $0.preference < $1.preference }
        return offers.map(\.package)
    }

    /// Why `package` is preferred to `other`, both of which meet `target`.
    func rule(for package: PackageSummary, before other: PackageSummary, target: String) -> Resolution.Choice.Rule {
        if priorities[package.id] ?? 0 > priorities[other.id] ?? 0 { return .priority }
        if package.name.isVerbatim(target) && !other.name.isVerbatim(target) { return .namesake }
        if (package.release, package.buildRelease) > (other.release, other.buildRelease) { return .release }
        return .name
    }

    /// How well an offer fits a sync; 0 is best.
    ///
    /// What is the tip of its name comes before what another collection overrides. Then what is installed already,
    /// so that a second sync changes nothing, then names that are installed, so that providers do not change about.
    private func rank(of package: PackageSummary) throws(LookupFailure) -> Int {
        let isTip = try isTip(package)
        if isTip, try installedPackage(package.id) != nil { return 0 }
        let isKnown = try installedPackage(named: package.name) != nil
        return (isTip ? 1 : 3) + (isKnown ? 0 : 1)
    }

    /// Whether it is what the collections hold of its name.
    func isTip(_ package: PackageSummary) throws(LookupFailure) -> Bool { try tip(of: package.name) == package.id }

    private func tip(of name: String) throws(LookupFailure) -> PackageID? {
        if let known = tips[Verbatim(name)] { return known }
        let tip = try plainOffers(of: Capability(.name, name)).first { $0.name.isVerbatim(name) }?.id
        tips[Verbatim(name)] = .some(tip)
        return tip
    }

    /// Offered packages of that very name in order of preference.
    func offers(named name: String) throws(LookupFailure) -> [PackageSummary] {
        try offers(of: Capability(.name, name)).filter { $0.name.isVerbatim(name) }
    }

    /// Offered packages of that very name that are of one version, or that one collection has; in order of preference.
    ///
    /// - Parameter pin: the id of a collection that has the name; else `VERSION` or `VERSION-RELEASE`.
    func offers(named name: String, pinned pin: String) throws(LookupFailure) -> [PackageSummary] {
        let offers = try offers(named: name)
        let holders = Set(
            try available.offers(of: Capability(.name, name)).filter { $0.collection.isVerbatim(pin) }.map(\.package))
        let held = offers.filter { holders.contains($0.id) }
        return held.isEmpty ? offers.filter { $0.isVersion(pin) } : held
    }

    /// Texts of offered capabilities that look like `capability`: of its kind, and the same target under other kinds.
    func similar(to capability: Capability) throws(LookupFailure) -> [String] {
        var texts: [String] = []
        for kind in CapabilityKind.allCases where kind != capability.kind {
            let other = Capability(kind, capability.target)
            if try !offers(of: other).isEmpty { texts.append(other.text) }
        }
        let near = NameSimilarity(to: capability.target).best(of: try targets(of: capability.kind))
        return texts + near.filter { !$0.isVerbatim(capability.target) }.map { Capability(capability.kind, $0).text }
    }
}
