import Digests
import PackageModel
import Solver

/// Writes capabilities as text: "name" or "kind(target)".
func capability(_ text: String) -> Capability {
    guard let capability = Capability(parsing: text) else { preconditionFailure("not a capability: \(text)") }
    return capability
}

/// A package of a made-up distribution; its id follows from name and release.
func solverPackage(
    _ name: String, _ release: UInt64 = 1, build: UInt64 = 1, needs: [String] = [], provides: [String] = [],
    conflicts: [String] = []
) -> PackageSummary {
    let id = Array("\(name)-\(release)-\(build)".utf8).withUnsafeBytes { PackageID(hashing: $0) }
    return PackageSummary(
        id: id,
        metadata: PackageMetadata(
            name: name, version: "1.\(release)", release: release, buildRelease: build,
            dependencies: needs.map(capability), providers: provides.map(capability),
            conflicts: conflicts.map(capability)))
}

/// A state and collections, and the operations on them as lists of "name-release" texts, explicit ones with "*".
struct SolverWorld {
    var known: [PackageID: PackageSummary] = [:]
    var selections: [Selection] = []
    var offers = OfferTable()

    /// `installed` names packages with a leading "*" where they are explicit.
    init(installed: [(PackageSummary, Bool)] = [], available: [PackageSummary] = []) {
        for (package, isExplicit) in installed {
            known[package.id] = package
            selections.append(Selection(package: package.id, isExplicit: isExplicit))
        }
        add(available, priority: 0)
    }

    mutating func add(_ packages: [PackageSummary], priority: UInt64) {
        for package in packages {
            known[package.id] = package
            offers.insert(package, priority: priority)
        }
    }

    var state: InstalledTable {
        InstalledTable(
            selections.compactMap { selection in known[selection.package].map { ($0, selection.isExplicit) } })
    }

    var solver: DependencySolver<InstalledTable, OfferTable> {
        DependencySolver(installed: state, available: offers)
    }

    mutating func apply(_ resolution: Resolution) { selections = resolution.applied(to: selections) }

    /// Installs and returns the new state.
    func installing(_ requests: String...) throws -> [String] {
        labels(try solver.install(requests.map(capability)).applied(to: selections))
    }

    func removing(_ requests: String..., keepsOrphans: Bool = false) throws -> [String] {
        let resolution = try solver.remove(requests.map(capability), keepsOrphans: keepsOrphans)
        return labels(resolution.applied(to: selections))
    }

    func syncing() throws -> [String] { labels(try solver.sync().applied(to: selections)) }

    func labels(_ selections: [Selection]) -> [String] {
        selections.compactMap { selection in
            known[selection.package].map { "\($0.name)-\($0.release)\(selection.isExplicit ? "*" : "")" }
        }.sorted()
    }

    var labels: [String] { labels(selections) }

    /// What is wrong with a set of selections: broken dependencies, conflicts, two packages of one name.
    func faults(_ selections: [Selection]) -> [String] {
        let packages = selections.compactMap { known[$0.package] }
        var providers: [Capability: Set<PackageID>] = [:]
        for package in packages { for item in package.providers { providers[item, default: []].insert(package.id) } }
        var faults: [String] = []
        for package in packages {
            for item in package.dependencies where providers[item] == nil {
                faults.append("\(package.label) lacks \(item)")
            }
            for item in package.conflicts where !(providers[item] ?? []).subtracting([package.id]).isEmpty {
                faults.append("\(package.label) conflicts over \(item)")
            }
        }
        if Set(packages.map(\.name)).count != packages.count { faults.append("a name occurs twice") }
        return faults
    }
}
