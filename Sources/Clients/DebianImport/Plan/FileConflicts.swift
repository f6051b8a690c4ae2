import BytePath
import PackageAnalysis
import PackageModel

/// Paths that several packages of a set ship, which Debian allows through Replaces, diversions and merged directories.
enum FileConflicts {
    /// One package's claim to a path.
    private struct Claim {
        let package: Int
        let entry: Int
    }

    /// Leaves each contested path to one package where contents agree or Replaces decides; lists all of them.
    ///
    /// Packages that declare a conflict are left alone, as they are never installed together.
    static func settle(in plans: inout [PackagePlan], of set: PackageSet) {
        var removed: [Int: Set<Int>] = [:]
        for (path, claims) in contested(plans) {
            let kinds = claims.map { plans[$0.package].entries[$0.entry].kind == .directory }
            if kinds.allSatisfy(\.self) {
                alignDirectories(path, claims, &plans)
            } else if !areExclusive(claims, plans) {
                settleFile(path, claims, &plans, set, &removed)
            }
        }
        for (package, entries) in removed.sorted(by: { $0.key < $1.key }) {
            for entry in entries { retract(plans[package].entries[entry].path, &plans[package]) }
            plans[package].entries = plans[package].entries.enumerated()
                .filter { !entries.contains($0.offset) }.map(\.element)
        }
    }

    private static func contested(_ plans: [PackagePlan]) -> [(path: BytePath, claims: [Claim])] {
        var first: [BytePath: Claim] = [:]
        first.reserveCapacity(plans.reduce(0) { $0 + $1.entries.count })
        var several: [BytePath: [Claim]] = [:]
        for (package, plan) in plans.enumerated() {
            for (position, entry) in plan.entries.enumerated() {
                let claim = Claim(package: package, entry: position)
                if let other = first[entry.path] {
                    several[entry.path, default: [other]].append(claim)
                } else {
                    first[entry.path] = claim
                }
            }
        }
        return several.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private static func areExclusive(_ claims: [Claim], _ plans: [PackagePlan]) -> Bool {
        claims.allSatisfy { one in
            claims.allSatisfy { other in
                one.package == other.package
                    || plans[one.package].metadata.conflicts.contains(
                        Capability(.name, plans[other.package].metadata.name))
                    || plans[other.package].metadata.conflicts.contains(
                        Capability(.name, plans[one.package].metadata.name))
            }
        }
    }

    /// dpkg keeps the attributes of the first package that makes a directory; here the first that has special ones.
    private static func alignDirectories(_ path: BytePath, _ claims: [Claim], _ plans: inout [PackagePlan]) {
        let isPlain = { (entry: LayoutEntry) in entry.mode == 0o040755 && entry.uid == 0 && entry.gid == 0 }
        guard let chosen = claims.first(where: { !isPlain(plans[$0.package].entries[$0.entry]) }) else { return }
        let entry = plans[chosen.package].entries[chosen.entry]
        for claim in claims where plans[claim.package].entries[claim.entry] != entry {
            plans[claim.package].entries[claim.entry] = entry
            plans[claim.package].dropped.append(
                DroppedItem(
                    .changed,
                    "the directory /usr/\(path.display) has mode and owner as in "
                        + plans[chosen.package].metadata.name))
        }
    }

    private static func settleFile(
        _ path: BytePath, _ claims: [Claim], _ plans: inout [PackagePlan], _ set: PackageSet,
        _ removed: inout [Int: Set<Int>]
    ) {
        let owners = claims.map { plans[$0.package].metadata.name }.joined(separator: ", ")
        guard let winner = winner(claims, plans, set) else {
            for claim in claims {
                plans[claim.package].dropped.append(
                    DroppedItem(.fileConflict, "/usr/\(path.display) is in \(owners) and differs; kept in all"))
            }
            return
        }
        for claim in claims where claim.package != winner {
            removed[claim.package, default: []].insert(claim.entry)
            plans[claim.package].dropped.append(
                DroppedItem(.fileConflict, "/usr/\(path.display) is left to \(plans[winner].metadata.name)"))
        }
    }

    /// The package whose Replaces covers all others, else the first if all agree.
    private static func winner(_ claims: [Claim], _ plans: [PackagePlan], _ set: PackageSet) -> Int? {
        let entry = { (claim: Claim) in plans[claim.package].entries[claim.entry] }
        if claims.contains(where: { entry($0).kind == .directory }) { return nil }
        for claim in claims {
            let others = claims.filter { $0.package != claim.package }
            let replaced = others.filter { set.replaces(claim.package, $0.package) }
            let isCovered = others.allSatisfy { other in
                entry(other) == entry(claim) || replaced.contains { $0.package == other.package }
            }
            if !replaced.isEmpty && isCovered { return claim.package }
        }
        guard let first = claims.first, claims.allSatisfy({ entry($0) == entry(first) }) else { return nil }
        return first.package
    }

    /// What a package provides by a path it no longer has.
    private static func retract(_ path: BytePath, _ plan: inout PackagePlan) {
        let gone = FileAnalyzer().providers(at: path)
        plan.metadata.providers.removeAll { gone.contains($0) }
    }
}
