internal import Clauses
internal import PackageModel

extension PackageSearch {
    /// Why there is no solution, in facts of which each is needed for that.
    func problem(_ core: ClauseSolver.Core) throws(LookupFailure) -> Problem {
        var clauses: [[Literal]] = []
        var facts: [Problem.Fact] = []
        // Taken out first are decisions, and what is left then is true without them; requests come last.
        let decided = core.decisions.reversed().compactMap { variable in
            package(variable).map { (Literal(variable, isTrue: true), Problem.Fact.brought($0)) }
        }
        for (literal, fact) in decided {
            clauses.append([literal])
            facts.append(fact)
        }
        var last: [(literals: [Literal], fact: Problem.Fact)] = []
        for fact in core.facts {
            guard let (literals, fact) = translated(fact) else { continue }
            if case .asked = fact {
                last.append((literals, fact))
            } else {
                clauses.append(literals)
                facts.append(fact)
            }
        }
        clauses += last.map(\.literals)
        facts += last.map(\.fact)
        var minimal = ConflictCore(clauses)
        let left = minimal.minimised().map { facts[$0] }.sorted {
            ($0.rank, $0.description) < ($1.rank, $1.description)
        }
        let explanation = Explanation(left)
        var problem = Problem(facts: left, subject: explanation.subject, remedies: explanation.remedies)
        if case .missing(var missing)? = problem.subject, missing.lostTo == nil {
            missing.similar = try lookup.similar(to: missing.dependency)
            problem.subject = .missing(missing)
        }
        return problem
    }

    /// A fact in the words of the packages, and the literals of which one is true.
    private func translated(_ fact: ClauseSolver.Fact) -> ([Literal], Problem.Fact)? {
        let literals = engine.literals(of: fact)
        switch fact {
        case .given: return nil
        case .need(let one, let other):
            guard let package = package(one), case .capability(let capability) = meanings[other] else { return nil }
            return (literals, .needs(package, capability))
        case .exclusion(let one, let other, _):
            guard let one = package(one), let other = package(other) else { return nil }
            return (literals, Self.exclusion(one, other))
        case .clause(let index):
            guard let owner = owners[index] else { return nil }
            let candidates = (choices[owner] ?? []).compactMap { package($0) }
            switch meanings[owner] {
            case .capability(let capability): return (literals, .provided(capability, by: candidates))
            case .root(let root):
                // A root stands for itself: that it is one is no fact of its own.
                return (literals.filter { $0.variable != owner }, root.fact)
            case .package: return nil
            }
        }
    }

    private static func exclusion(_ one: PackageSummary, _ other: PackageSummary) -> Problem.Fact {
        if one.name.isVerbatim(other.name) { return .sameName(min(one, other), max(one, other)) }
        for (declarer, provider) in [(one, other), (other, one)] {
            if let capability = declarer.conflicts.first(where: provider.provides) {
                return .conflict(declarer: declarer, provider: provider, capability)
            }
        }
        return .sameName(one, other)
    }

    /// Leaves out of account what a problem comes down to, so that the next one can be found.
    mutating func ignore(_ problem: Problem) {
        for fact in problem.facts {
            switch fact {
            case .provided(let capability, []):
                ignoredCapabilities.insert(capability)
                return
            case .conflict(let one, let other, _), .sameName(let one, let other):
                ignoredPairs.append((one.id, other.id))
                return
            case .asked, .stays, .brought, .needs, .provided: continue
            }
        }
    }
}

extension PackageSearch.Root {
    fileprivate var fact: Problem.Fact {
        switch kind {
        case .request(let request): .asked(request, candidates)
        case .follows(let package), .stays(let package):
            .stays(package, others: candidates.filter { $0.id != package.id })
        }
    }
}

extension Problem.Fact {
    /// The order in which facts are told.
    fileprivate var rank: Int {
        switch self {
        case .asked: 0
        case .brought: 1
        case .stays: 2
        case .needs: 3
        case .provided: 4
        case .conflict: 5
        case .sameName: 6
        }
    }
}

extension PackageSummary: Comparable {
    /// By release and id.
    package static func < (left: PackageSummary, right: PackageSummary) -> Bool {
        (left.release, left.buildRelease, left.id) < (right.release, right.buildRelease, right.id)
    }
}
