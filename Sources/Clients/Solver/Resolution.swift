package import PackageModel

/// What an operation changes in a state. Packages that it does not mention are kept as they are.
package struct Resolution: Hashable, Sendable {
    /// Packages that enter the state, by name.
    package var additions: [Addition] = []
    /// Packages that leave it, by name; those that an addition replaces are among them.
    package var removals: [Removal] = []
    /// Packages that stay and become explicit or transitive, by name.
    package var flagChanges: [FlagChange] = []
    /// Requests that an installed package already meets, in the order of their text.
    package var alreadyInstalled: [MetRequest] = []
    /// Dependencies that were broken before and still are; the operation neither made nor needed them.
    package var stillBroken: [BrokenDependency] = []
    /// Installed packages that were to be replaced by what a collection holds and are not, by name.
    package var keptBack: [KeptBack] = []

    package init() {}

    /// Whether the state stays as it is.
    package var isEmpty: Bool { additions.isEmpty && removals.isEmpty && flagChanges.isEmpty }

    /// The selections after the change, ordered by package id; linear in the state, reads no metadata.
    package func applied(to selections: some Sequence<Selection>) -> [Selection] {
        let removed = Set(removals.map(\.package))
        let flags = Dictionary(flagChanges.map { ($0.package, $0.isExplicit) }, uniquingKeysWith: { $1 })
        var result = selections.filter { !removed.contains($0.package) }
        for index in result.indices {
            if let flag = flags[result[index].package] { result[index].isExplicit = flag }
        }
        result.append(contentsOf: additions.map { Selection(package: $0.package.id, isExplicit: $0.isExplicit) })
        return result.sorted { $0.package < $1.package }
    }

    /// A package that enters the state.
    package struct Addition: Hashable, Sendable {
        package var package: PackageSummary
        package var isExplicit: Bool
        package var cause: Cause
        /// The installed package of the same name that it takes the place of.
        package var replaces: PackageSummary?
        /// Why it was this one, where others would have done.
        package var choice: Choice?
    }

    /// How one of several packages came to be chosen.
    package struct Choice: Hashable, Sendable {
        /// The other packages in order of preference, as messages show them.
        package var others: [String]
        package var rule: Rule

        /// The rules in the order in which they count.
        package enum Rule: Hashable, Sendable {
            case selected, installed, sameSource, priority, namesake, release, name
            /// What would be preferred cannot be taken.
            case ruledOut
        }
    }

    /// A package that stays in the version it has, though its collection holds another.
    package struct KeptBack: Hashable, Sendable {
        package var package: PackageSummary
        /// What the collection holds.
        package var offered: PackageSummary
        /// What stands in the way; nil where that is not known, or the same as with others in the list.
        package var problem: Problem?
    }

    /// Why a package enters the state.
    package enum Cause: Hashable, Sendable {
        /// A request names it or something it provides.
        case requested(Capability)
        /// The package with this id and name depends on something it provides.
        case required(by: PackageID, name: String, dependency: Capability)
        /// Its collection holds this version of an explicit package now.
        case followsCollection
        /// The installed version needs `lost`, which goes away with the package named `provider`.
        case repairs(lost: Capability, provider: String)
        /// The installed version of it cannot stay beside the requested packages.
        case avoidsConflict
    }

    /// A package that leaves the state.
    package struct Removal: Hashable, Sendable {
        package var package: PackageID
        package var name: String
        package var version: String
        package var release: UInt64
        package var cause: RemovalCause
    }

    package enum RemovalCause: Hashable, Sendable {
        case requested(Capability)
        /// It needs `dependency`, which nothing provides once the package named `provider` is gone.
        case dependsOn(provider: String, dependency: Capability)
        /// Nothing explicit needs it any more.
        case orphaned
        /// The list that the state was brought to does not name it.
        case notListed
        /// It cannot be beside the package of this name, and nothing explicit needs it.
        case inTheWay(of: String)
        /// A package of the same name takes its place.
        case replaced(by: PackageID)
    }

    package struct FlagChange: Hashable, Sendable {
        package var package: PackageID
        package var name: String
        package var isExplicit: Bool
    }

    package struct MetRequest: Hashable, Sendable {
        package var request: Capability
        package var package: PackageID
        package var name: String
    }

    package struct BrokenDependency: Hashable, Sendable {
        package var package: PackageID
        package var name: String
        package var dependency: Capability
    }
}

extension Resolution.Removal {
    init(_ package: PackageSummary, cause: Resolution.RemovalCause) {
        self.init(
            package: package.id, name: package.name, version: package.version, release: package.release, cause: cause)
    }
}

extension Resolution.Cause: CustomStringConvertible {
    package var description: String {
        switch self {
        case .requested: "asked for"
        case .required(_, let name, let dependency): "\(name.short) needs \(dependency.short)"
        case .followsCollection: "its collection holds this version"
        case .repairs(let lost, let provider):
            "the installed version needs \(lost.short), which goes away with \(provider.short)"
        case .avoidsConflict: "the installed version conflicts with what is being installed"
        }
    }
}

extension Resolution.RemovalCause: CustomStringConvertible {
    package var description: String {
        switch self {
        case .requested: "asked for"
        case .dependsOn(let provider, let dependency):
            "needs \(dependency.short), which goes away with \(provider.short)"
        case .orphaned: "nothing explicit needs it any more"
        case .notListed: "the list does not name it"
        case .inTheWay(let name): "cannot be beside \(name.short), and nothing explicit needs it"
        case .replaced: "replaced by another version"
        }
    }
}

extension Resolution.Choice: CustomStringConvertible {
    package var description: String {
        let shown = others.prefix(3).map(\.short).joined(separator: ", ")
        let more = others.count > 3 ? " and \(others.count - 3) more" : ""
        return "preferred to \(shown)\(more): \(rule)"
    }
}

extension Resolution.Choice.Rule: CustomStringConvertible {
    package var description: String {
        switch self {
        case .selected: "selected for something else already"
        case .installed: "installed"
        case .sameSource: "built with the package that needs it"
        case .priority: "its collection has the higher priority"
        case .namesake: "bears the name"
        case .release: "the later release"
        case .name: "the first by name"
        case .ruledOut: "the others before it cannot be taken"
        }
    }
}
