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
        /// How many steps this one stands for that were left out; 0 for a step of its own.
        package var omitted = 0

        package init(omitting count: Int) {
            label = ""
            omitted = count
        }

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
            var text = "nothing provides \(missing.dependency.short), which \(missing.dependant.label.short) needs"
            if let lostTo = missing.lostTo { text += "; its provider would be replaced by \(lostTo.label.short)" }
            text += Self.reason(missing.chain)
            if !missing.similar.isEmpty { text += "; similar: \(missing.similar.joined(separator: ", "))" }
            return text
        case .conflict(let conflict):
            return "\(conflict.declarer.label.short) conflicts with \(conflict.provider.label.short)"
                + " (\(conflict.capability.short))"
                + Self.reason(conflict.declarerChain) + Self.reason(conflict.providerChain)
        case .nameClash(let clash):
            return "\(clash.other.label.short) would be needed for \(clash.dependency.short), but"
                + " \(clash.chosen.label.short) is chosen, and a state holds one package of a name"
                + Self.reason(clash.chosenChain) + Self.reason(clash.otherChain)
        }
    }

    /// `; chain: a -> b (name(b)) -> c (soname(c))`.
    private static func reason(_ chain: [ChainLink]) -> String {
        guard chain.count > 1 else { return "" }
        let steps = chain.map { link in
            if link.omitted > 0 { return "... \(link.omitted) more ..." }
            return link.dependency.map { "\(link.label.short) (\($0.short))" } ?? link.label.short
        }
        return "; chain: \(steps.joined(separator: " -> "))"
    }
}

/// Names may be as long as a stone's texts, and a message repeats them.
extension String {
    var short: String {
        guard utf8.count > 200 else { return self }
        return String(decoding: utf8.prefix(200), as: UTF8.self) + "…"
    }
}

extension Capability {
    var short: String { text.short }
}
