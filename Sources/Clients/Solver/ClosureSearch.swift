internal import PackageModel

/// Runs greedy passes until one finds nothing wrong: each try bans the packages that the last one stumbled over.
///
/// A package with a dependency that nothing meets is banned for good, with everything that cannot do without it. Of
/// two packages that cannot be together first the later choice is banned, then the earlier one. The number of passes
/// is bounded; each is linear.
struct ClosureSearch<Installed: InstalledPackages, Available: AvailablePackages> {
    static var passesMax: Int { 64 }
    static var problemsMax: Int { 20 }
    static var alternativesMax: Int { 16 }

    let lookup: PackageLookup<Installed, Available>
    let mode: Closure<Installed, Available>.Mode
    let roots: [Closure<Installed, Available>.Root]
    var metRequests: [Closure<Installed, Available>.MetRequest] = []

    func solve() throws(SolverError) -> Closure<Installed, Available> {
        do throws(SearchFailure) {
            return try search()
        } catch {
            switch error {
            case .lookup(let failure): throw .lookup(failure)
            case .unsatisfiable(let failure): throw .unsatisfiable(failure)
            }
        }
    }

    private enum SearchFailure: Error {
        case lookup(LookupFailure)
        case unsatisfiable(SolverError.Unsatisfiable)
    }

    private func search() throws(SearchFailure) -> Closure<Installed, Available> {
        var pending: [Set<PackageID>] = [[]]
        var seen: Set<Set<PackageID>> = [[]]
        var failure = SolverError.Unsatisfiable(problems: [], alternatives: [], isIncomplete: false)
        var passes = 0
        while let banned = pending.popLast() {
            if passes == Self.passesMax {
                failure.isIncomplete = true
                break
            }
            passes += 1
            do throws(LookupFailure) {
                let closure = try pass(banned)
                if closure.problems.isEmpty && !closure.isHopeless { return closure }
                try note(closure, in: &failure, isFirst: passes == 1)
                for bans in try closure.waysOut() where seen.insert(bans).inserted { pending.append(bans) }
            } catch {
                throw .lookup(error)
            }
        }
        throw .unsatisfiable(failure)
    }

    private func pass(_ banned: Set<PackageID>) throws(LookupFailure) -> Closure<Installed, Available> {
        var closure = Closure(lookup: lookup, mode: mode, roots: roots, metRequests: metRequests, banned: banned)
        try closure.run()
        return closure
    }

    /// Keeps the first pass's problems apart: they concern what was preferred.
    ///
    /// Explaining costs a look at the way to each package and at all names, so only as many are explained as are read.
    private func note(
        _ closure: Closure<Installed, Available>, in failure: inout SolverError.Unsatisfiable, isFirst: Bool
    ) throws(LookupFailure) {
        var explained = 0
        for finding in closure.problems {
            let count = isFirst ? failure.problems.count : failure.alternatives.count
            if count >= (isFirst ? Self.problemsMax : Self.alternativesMax) || explained >= 4 * Self.problemsMax {
                break
            }
            explained += 1
            let problem = try closure.problem(finding)
            if failure.problems.contains(problem) || failure.alternatives.contains(problem) { continue }
            if isFirst { failure.problems.append(problem) } else { failure.alternatives.append(problem) }
        }
        if isFirst { failure.omitted = closure.problems.count - explained + closure.moreConflicts }
    }
}
