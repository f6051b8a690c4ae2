package import PackageModel

/// One reason why there is no solution: facts that cannot all hold, of which each is needed for that.
///
/// If any single fact were otherwise, this reason would be gone.
package struct Problem: Hashable, Sendable {
    package var facts: [Fact]
    /// What it comes down to; nil where that cannot be said in one sentence.
    package var subject: Subject?
    /// What would help, in words.
    package var remedies: [String] = []

    /// A package is named by what is known of it.
    package enum Fact: Hashable, Sendable {
        /// This is asked for, and these packages would do.
        case asked(Request, [PackageSummary])
        /// The installed package may be replaced by the others, but not go.
        case stays(PackageSummary, others: [PackageSummary])
        /// The package is to be brought in.
        case brought(PackageSummary)
        case needs(PackageSummary, Capability)
        /// Only these packages provide the capability.
        case provided(Capability, by: [PackageSummary])
        case conflict(declarer: PackageSummary, provider: PackageSummary, Capability)
        case sameName(PackageSummary, PackageSummary)
    }

    package enum Subject: Hashable, Sendable {
        case missing(MissingDependency)
        case conflict(Conflict)
        case nameClash(NameClash)
    }

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
        /// What `other` would be needed for; nil where it was asked for.
        package var dependency: Capability?
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
        let help = remedies.isEmpty ? "" : "; would help: \(remedies.joined(separator: ", or "))"
        return (subject.map { "\($0)" } ?? Self.list(facts)) + help
    }

    private static func list(_ facts: [Fact]) -> String {
        let shown = facts.prefix(20).map(\.description).joined(separator: "; ")
        return "these cannot all be: \(shown)" + (facts.count > 20 ? "; and \(facts.count - 20) more" : "")
    }
}

extension Problem.Fact: CustomStringConvertible {
    package var description: String {
        switch self {
        case .asked(let request, let packages): "\(request.short) is asked for\(Self.alternatives(packages))"
        case .stays(let package, let others):
            "\(package.label.short) is installed, and stays\(Self.alternatives(others, "or becomes "))"
        case .brought(let package): "\(package.label.short) is to be there"
        case .needs(let package, let capability): "\(package.label.short) needs \(capability.short)"
        case .provided(let capability, let packages):
            packages.isEmpty
                ? "nothing provides \(capability.short)"
                : "only \(Self.labels(packages)) \(packages.count == 1 ? "provides" : "provide") \(capability.short)"
        case .conflict(let declarer, let provider, let capability):
            "\(declarer.label.short) conflicts with \(provider.label.short) (\(capability.short))"
        case .sameName(let one, let other): "\(one.label.short) and \(other.label.short) have one name"
        }
    }

    private static func labels(_ packages: [PackageSummary]) -> String {
        let shown = packages.prefix(4).map(\.label.short).joined(separator: ", ")
        return packages.count > 4 ? "\(shown) and \(packages.count - 4) more" : shown
    }

    private static func alternatives(_ packages: [PackageSummary], _ words: String = "") -> String {
        packages.isEmpty ? "" : " (\(words)\(labels(packages)))"
    }
}

extension Problem.Subject: CustomStringConvertible {
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
            let purpose = clash.dependency.map { "would be needed for \($0.short)" } ?? "is asked for"
            return "\(clash.other.label.short) \(purpose), but"
                + " \(clash.chosen.label.short) is chosen, and a state holds one package of a name"
                + Self.reason(clash.chosenChain) + Self.reason(clash.otherChain)
        }
    }

    /// `; chain: a -> b (name(b)) -> c (soname(c))`.
    private static func reason(_ chain: [Problem.ChainLink]) -> String {
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
