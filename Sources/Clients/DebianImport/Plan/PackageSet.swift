import PackageAnalysis
import PackageModel

/// All packages of one conversion, with the tables that relations are resolved in. Pure.
struct PackageSet {
    /// Sorted by name and architecture; each pair once.
    let packages: [ScannedPackage]
    /// The names of the stones, by position.
    let names: [String]
    /// What packages for every architecture are written for.
    let targetArchitecture: String
    let release: UInt64
    /// Positions of the real packages of a name.
    let real: [String: [Int]]
    /// Positions of the packages that provide a virtual name.
    let virtual: [String: [Int]]
    /// Everything that some package provides by a file.
    let provided: Set<Capability>
    /// Libraries in directories the loader does not search.
    let privateLibraries: Set<Capability>

    /// - Parameter packages: in any order, each name and architecture once.
    init(_ packages: [ScannedPackage], release: UInt64) {
        let packages = packages.sorted {
            ($0.control.name, $0.control.architecture) < ($1.control.name, $1.control.architecture)
        }
        self.packages = packages
        self.release = release
        targetArchitecture = Self.commonArchitecture(packages)
        var real: [String: [Int]] = [:]
        var virtual: [String: [Int]] = [:]
        var provided: Set<Capability> = []
        var privateLibraries: Set<Capability> = []
        for (position, package) in packages.enumerated() {
            real[package.control.name, default: []].append(position)
            for name in Set(package.control.virtualNames) { virtual[name, default: []].append(position) }
            provided.formUnion(package.capabilities.provides)
            privateLibraries.formUnion(package.capabilities.privateLibraries)
        }
        names = packages.map { [targetArchitecture] package in
            let isAlone = real[package.control.name]?.count == 1
            let architecture = package.control.stoneArchitecture ?? targetArchitecture
            return isAlone || architecture == targetArchitecture
                ? package.control.name : "\(package.control.name)-\(architecture)"
        }
        self.real = real
        self.virtual = virtual
        self.provided = provided
        self.privateLibraries = privateLibraries
    }

    /// The architecture most packages have; x86_64 if none has any.
    private static func commonArchitecture(_ packages: [ScannedPackage]) -> String {
        var counts: [String: Int] = [:]
        for package in packages {
            if let architecture = package.control.stoneArchitecture { counts[architecture, default: 0] += 1 }
        }
        return counts.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key ?? "x86_64"
    }

    func architecture(_ position: Int) -> String {
        packages[position].control.stoneArchitecture ?? targetArchitecture
    }

    /// The package that a name stands for, asked by `asker`: a real one before a provider of the virtual name, one of
    /// the asker's architecture before others, the asker itself before strangers, then the first by name.
    func resolve(_ name: String, for asker: Int) -> Int? {
        for candidates in [real[name], virtual[name]] {
            guard let candidates, let first = candidates.first else { continue }
            if candidates.contains(asker) { return asker }
            return candidates.first { architecture($0) == architecture(asker) } ?? first
        }
        return nil
    }

    /// Everything that has the name, really or virtually.
    func bearers(of name: String) -> Set<Int> {
        Set(real[name] ?? []).union(virtual[name] ?? [])
    }

    /// What is to be written, in order of name.
    func plans() -> [PackagePlan] {
        var plans = packages.indices.map(plan)
        FileConflicts.settle(in: &plans, of: self)
        return plans
    }

    private func plan(_ position: Int) -> PackagePlan {
        let package = packages[position]
        let control = package.control
        var metadata = PackageMetadata(
            name: names[position], version: control.version, release: release,
            architecture: architecture(position), summary: control.summary, description: control.description,
            homepage: control.fields["Homepage"] ?? "", sourceID: control.sourceName)
        metadata.licenses = package.licenses.isEmpty ? ["unknown"] : package.licenses.sorted(by: utf8Order)
        metadata.providers = package.capabilities.provides.sorted()
        var dropped = package.dropped
        if names[position] != control.name {
            dropped.append(DroppedItem(.changed, "the name \(control.name) became \(names[position])"))
        }
        metadata.dependencies = dependencies(position, &dropped)
        metadata.conflicts = conflicts(position, &dropped)
        for name in control.virtualNames { dropped.append(DroppedItem(.virtualName, name)) }
        return PackagePlan(
            file: package.file, control: control, metadata: metadata, entries: package.entries, sizes: package.sizes,
            dropped: dropped)
    }
}

func utf8Order(_ left: String, _ right: String) -> Bool {
    left.utf8.lexicographicallyPrecedes(right.utf8)
}
