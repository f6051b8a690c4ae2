import PackageAnalysis
import PackageModel

extension PackageSet {
    /// Depends, Pre-Depends and what the ELF files ask for, as far as the set has it; the rest is listed.
    func dependencies(_ position: Int, _ dropped: inout [DroppedItem]) -> [Capability] {
        let package = packages[position]
        var found: Set<Capability> = []
        for field in ["Pre-Depends", "Depends"] {
            for group in PackageRelation.groups(package.control.fields[field]) {
                if let target = group.lazy.compactMap({ resolve($0.name, for: position) }).first {
                    if target != position { found.insert(Capability(.name, names[target])) }
                } else {
                    dropped.append(DroppedItem(.dependency, group.map(\.text).joined(separator: " | ")))
                }
            }
        }
        for capability in package.capabilities.dependencies {
            if provided.contains(capability) {
                found.insert(capability)
            } else if !privateLibraries.contains(capability) {
                dropped.append(DroppedItem(.library, capability.text))
            }
        }
        return found.sorted()
    }

    /// Unversioned Conflicts and Breaks with packages of the set.
    ///
    /// A name that others provide stands for all of them, and never for the package itself: providing and
    /// conflicting with one virtual name is how Debian says "only one of us".
    func conflicts(_ position: Int, _ dropped: inout [DroppedItem]) -> [Capability] {
        let control = packages[position].control
        var found: Set<Capability> = []
        for field in ["Conflicts", "Breaks"] {
            for relation in PackageRelation.list(control.fields[field]) {
                guard relation.version.isEmpty else {
                    dropped.append(DroppedItem(.conflict, "\(field): \(relation.text)"))
                    continue
                }
                for target in bearers(of: relation.name) where names[target] != names[position] {
                    found.insert(Capability(.name, names[target]))
                }
            }
        }
        return found.sorted()
    }

    /// Whether `position` declares that its files may take the place of `other`'s.
    func replaces(_ position: Int, _ other: Int) -> Bool {
        let control = packages[other].control
        let wanted = Set([control.name] + control.virtualNames)
        return PackageRelation.list(packages[position].control.fields["Replaces"]).contains { wanted.contains($0.name) }
    }
}
