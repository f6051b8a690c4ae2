package import PackageModel

/// One reason why a set of packages cannot be selected together.
package enum Problem: Hashable, Sendable {
    case missing(MissingDependency)
    case conflict(Conflict)
    case nameClash(NameClash)

    /// A dependency that nothing can meet.
    package struct MissingDependency: Hashable, Sendable {
        package var dependency: Capability
        package var dependant: PackageSummary
        /// From the requested package to the dependant.
        package var chain: [ChainLink]
        /// Texts of capabilities that exist and look alike.
        package var similar: [String] = []
        /// The package that replaces the former provider, where an installed dependant loses its dependency.
        package var lostTo: PackageSummary?
    }

    /// Two packages of which one declares a conflict with something the other provides.
    package struct Conflict: Hashable, Sendable {
        package var declarer: PackageSummary
        package var provider: PackageSummary
        package var capability: Capability
        package var declarerChain: [ChainLink]
        package var providerChain: [ChainLink]
    }

    /// Two packages of one name, both needed.
    package struct NameClash: Hashable, Sendable {
        package var chosen: PackageSummary
        package var other: PackageSummary
        /// What `other` would be needed for.
        package var dependency: Capability
        package var chosenChain: [ChainLink]
        package var otherChain: [ChainLink]
    }

    /// A step of the way from a request to a package: the package, and what the step before needs it for.
    package struct ChainLink: Hashable, Sendable {
        package var label: String
        /// nil for the first step.
        package var dependency: Capability?

        package init(label: String, dependency: Capability?) {
            self.label = label
            self.dependency = dependency
        }
    }
}

extension Problem: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let missing):
            var text = "nothing provides \(missing.dependency), which \(missing.dependant.label) needs"
            if let lostTo = missing.lostTo { text += "; its provider would be replaced by \(lostTo.label)" }
            text += Self.reason(missing.chain)
            if !missing.similar.isEmpty { text += "; similar: \(missing.similar.joined(separator: ", "))" }
            return text
        case .conflict(let conflict):
            return "\(conflict.declarer.label) conflicts with \(conflict.provider.label) (\(conflict.capability))"
                + Self.reason(conflict.declarerChain) + Self.reason(conflict.providerChain)
        case .nameClash(let clash):
            return "\(clash.other.label) would be needed for \(clash.dependency), but \(clash.chosen.label) is chosen,"
                + " and a state holds one package of a name"
                + Self.reason(clash.chosenChain) + Self.reason(clash.otherChain)
        }
    }

    /// `; asked for: a -> b (name(b)) -> c (soname(c))`; the middle of long chains is left out.
    private static func reason(_ chain: [ChainLink]) -> String {
        guard chain.count > 1 else { return "" }
        var steps = chain.map { link in link.dependency.map { "\(link.label) (\($0))" } ?? link.label }
        if steps.count > 12 {
            let omitted = steps.count - 10
            steps = steps.prefix(5) + ["... \(omitted) more ..."] + steps.suffix(5)
        }
        return "; chain: \(steps.joined(separator: " -> "))"
    }
}
