import BytePath
import DebianImport
import PackageModel
import Solver
import TestSupport
import Testing

/// Debian's whole index of main, as deb2stone reads relations: names without versions. Nothing is downloaded.
@Suite(.enabled(if: DebianIndex.isPresent, "skipped: apt has no lists of packages; apt-get update fetches them"))
struct SolverDebianTests {
    @Test func someInstallsAndASync() throws {
        try check(installs: 8, syncs: 1)
    }

    @Test(.long) func manyInstallsAndSyncs() throws {
        try check(installs: 100, syncs: 20)
    }

    private func check(installs: Int, syncs: Int) throws {
        var random = SeededGenerator.forTest()
        let index = try DebianIndex()
        print("\(index.stable.count) packages in stable, \(index.updates.count) in security and updates")
        var state: [Selection] = []
        var refused = 0
        for number in 0..<max(installs, syncs) {
            let names = (0..<Int.random(in: 1...4, using: &random)).compactMap { _ in
                index.stable.randomElement(using: &random)?.name
            }
            if number < installs {
                // Every tenth on an empty system, the others on what came before.
                if number.isMultiple(of: 10) { state = [] }
                state = try install(names, into: state, index) ?? state
                if !state.contains(where: \.isExplicit) { refused += 1 }
            }
            if number >= installs - syncs { try sync(state, index) }
        }
        #expect(refused < installs / 2)
    }

    private func install(_ names: [String], into state: [Selection], _ index: DebianIndex) throws -> [Selection]? {
        let requests = names.map { Capability(.name, $0) }
        let solver = DependencySolver(installed: index.table(state), available: index.former)
        do throws(SolverError) {
            let resolution = try solver.install(requests)
            let result = resolution.applied(to: state)
            #expect(index.faults(result) == [], "install \(names)")
            let provided = Set(index.packages(result).flatMap(\.providers))
            #expect(provided.isSuperset(of: requests), "install \(names)")
            let explicit = Set(index.packages(state.filter(\.isExplicit)).map(\.name))
            #expect(explicit.isSubset(of: Set(index.packages(result).map(\.name))), "install \(names)")
            return result
        } catch {
            guard case .unsatisfiable(let failure) = error else { throw error }
            #expect(!failure.isIncomplete, "install \(names)")
            for problem in failure.problems {
                #expect(!problem.facts.isEmpty && problem.facts.allSatisfy(index.isTrue), "\(problem)")
            }
            return nil
        }
    }

    /// To stable with security, and back.
    private func sync(_ state: [Selection], _ index: DebianIndex) throws {
        let forward = try DependencySolver(installed: index.table(state), available: index.latter).sync()
        let after = forward.applied(to: state)
        check(forward, after, index, index.tips)
        let back = try DependencySolver(installed: index.table(after), available: index.former).sync()
        check(back, back.applied(to: after), index, index.formerTips)
        let again = try DependencySolver(installed: index.table(after), available: index.latter).sync()
        // The first one may have brought what another choice made needless; nothing else changes.
        #expect(
            again.additions.isEmpty && again.flagChanges.isEmpty && again.removals.allSatisfy { $0.cause == .orphaned },
            "a second sync changes something: \(again.summary)")
    }

    private func check(
        _ resolution: Resolution, _ state: [Selection], _ index: DebianIndex, _ tips: [String: PackageID]
    ) {
        #expect(index.faults(state) == [])
        let kept = Set(resolution.keptBack.map(\.package.id))
        for package in index.packages(state.filter(\.isExplicit)) {
            let tip = tips[package.name]
            #expect(tip == nil || tip == package.id || kept.contains(package.id), "\(package.label)")
        }
    }
}

/// Packages and relations of apt's lists.
private struct DebianIndex {
    private(set) var stable: [PackageSummary] = []
    private(set) var updates: [PackageSummary] = []
    private(set) var former = OfferTable()
    private(set) var latter = OfferTable()
    private(set) var formerTips: [String: PackageID] = [:]
    private(set) var tips: [String: PackageID] = [:]
    private var known: [PackageID: PackageSummary] = [:]
    private var providers: [Capability: Set<PackageID>] = [:]

    static var isPresent: Bool { (try? !lists().isEmpty) ?? false }

    /// Files of apt's lists, the main archive's first.
    private static func lists() throws -> [(file: String, isMain: Bool)] {
        let command = Command(
            "sh",
            ["-c", "apt-get indextargets --format '$(FILENAME) $(SUITE)' 'Created-By: Packages' 2>/dev/null || true"])
        let lines = try command.runSuccessfully().outputText.split(separator: "\n")
        return lines.compactMap { line in
            let words = line.split(separator: " ")
            guard words.count == 2 else { return nil }
            return (String(words[0]), !words[1].contains("security") && !words[1].contains("updates"))
        }.sorted { $0.isMain && !$1.isMain }
    }

    init() throws {
        let lists = try Self.lists().map { (try Self.paragraphs(of: $0.file), $0.isMain) }
        // A choice such as "a | b" becomes a capability of its own, which a and b provide, and who provides these.
        var choices: [String: Set<Capability>] = [:]
        for group in lists.flatMap(\.0).flatMap(\.dependencies) where group.count > 1 {
            for relation in group { choices[relation.name, default: []].insert(Self.capability(group)) }
        }
        for (paragraphs, isMain) in lists {
            for package in paragraphs.map({ $0.package(choices) }) where known[package.id] == nil {
                known[package.id] = package
                for capability in package.providers { providers[capability, default: []].insert(package.id) }
                if isMain { stable.append(package) } else { updates.append(package) }
            }
        }
        for (package, priority) in stable.map({ ($0, UInt64(0)) }) + updates.map({ ($0, 1) }) {
            if priority == 0 {
                former.insert(package, priority: 0)
                formerTips[package.name] = package.id
            }
            latter.insert(package, priority: priority)
        }
        // Where security and updates both have a package the solver's order says which counts.
        for package in stable { tips[package.name] = package.id }
        for (name, packages) in Dictionary(grouping: updates, by: \.name) {
            tips[name] = packages.min { ($0.name, $0.id) < ($1.name, $1.id) }?.id
        }
    }

    private static let fields = "Package|Version|Source|Pre-Depends|Depends|Provides|Conflicts|Breaks"

    private static func paragraphs(of file: String) throws -> [Paragraph] {
        let script = "/usr/lib/apt/apt-helper cat-file \"$1\" | grep -E '^((\(fields)):|$)'"
        let text = try Command("sh", ["-c", BytePath(script), "sh", BytePath(file)]).runSuccessfully().output
        return text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .split { $0.isEmpty }.compactMap(Paragraph.init)
    }

    static func capability(_ group: [PackageRelation]) -> Capability {
        Capability(.name, Set(group.map(\.name)).sorted().joined(separator: " | "))
    }

    private struct Paragraph {
        let name: String
        let version: String
        let source: String?
        let dependencies: [[PackageRelation]]
        let names: [String]
        let conflicts: [String]

        init?(_ lines: ArraySlice<ArraySlice<UInt8>>) {
            var values: [String: String] = [:]
            for line in lines {
                guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { continue }
                let value = line[(colon + 1)...].drop { $0 == UInt8(ascii: " ") }
                values[String(decoding: line[..<colon], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
            }
            guard let name = values["Package"], let version = values["Version"] else { return nil }
            (self.name, self.version) = (name, version)
            source = values["Source"].map { String($0.prefix { $0 != " " }) }
            dependencies = ["Pre-Depends", "Depends"].flatMap { PackageRelation.groups(values[$0]) }
            names = PackageRelation.list(values["Provides"]).map(\.name)
            conflicts = ["Conflicts", "Breaks"].flatMap { PackageRelation.list(values[$0]) }
                .filter(\.version.isEmpty).map(\.name)
        }

        func package(_ choices: [String: Set<Capability>]) -> PackageSummary {
            let provided = names.map { Capability(.name, $0) } + ([name] + names).flatMap { choices[$0] ?? [] }
            let id = Array("\(name) \(version)".utf8).withUnsafeBytes { PackageID(hashing: $0) }
            return PackageSummary(
                id: id,
                metadata: PackageMetadata(
                    name: name, version: version, release: 1, sourceID: source,
                    dependencies: dependencies.map(DebianIndex.capability), providers: provided,
                    conflicts: conflicts.map { Capability(.name, $0) }))
        }
    }

    func packages(_ state: [Selection]) -> [PackageSummary] { state.compactMap { known[$0.package] } }

    func table(_ state: [Selection]) -> InstalledTable {
        InstalledTable(state.compactMap { selection in known[selection.package].map { ($0, selection.isExplicit) } })
    }

    /// What is wrong with a state, found without the solver.
    func faults(_ state: [Selection]) -> [String] {
        let packages = packages(state)
        let provided = Set(packages.flatMap(\.providers))
        var bearers: [Capability: [PackageID]] = [:]
        for package in packages { for item in package.providers { bearers[item, default: []].append(package.id) } }
        var faults: [String] = []
        for package in packages {
            for item in package.dependencies where !provided.contains(item) {
                faults.append("\(package.label) lacks \(item)")
            }
            for item in package.conflicts where bearers[item]?.contains(where: { $0 != package.id }) == true {
                faults.append("\(package.label) conflicts over \(item)")
            }
        }
        if Set(packages.map(\.name)).count != packages.count { faults.append("a name occurs twice") }
        return faults
    }

    func isTrue(_ fact: Problem.Fact) -> Bool {
        switch fact {
        case .asked, .stays, .brought: true
        case .needs(let package, let capability): package.dependencies.contains(capability)
        case .provided(let capability, let packages):
            Set(packages.map(\.id)).isSubset(of: providers[capability] ?? [])
                && Set(packages.map(\.name)).isSuperset(
                    of: stable.filter { $0.provides(capability) }.map(\.name))
        case .conflict(let one, let other, let capability):
            one.conflicts.contains(capability) && other.providers.contains(capability)
        case .sameName(let one, let other): one.name == other.name
        }
    }
}

extension Resolution {
    fileprivate var summary: String {
        [
            "coming", "\(additions.map(\.package.label))", "going", "\(removals.map(\.name))",
            "flags", "\(flagChanges.map(\.name))",
        ].joined(separator: " ")
    }
}
