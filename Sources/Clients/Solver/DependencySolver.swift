internal import PackageModel

/// Decides which packages a state holds: pure resolution over look-ups, without any I/O of its own.
///
/// If there is a solution, one is found; if there is none, the reasons name packages and are as short as they can be.
/// Results depend on the packages alone, never on the order of requests, of answers or of hash tables. Among several
/// providers the order of preference is: already selected (what was asked for is selected first), installed, built from
/// the recipe of the package that needs it, priority of the collection, name equal to the target, release, build
/// release, name, id. Where that choice leads into a dead end the next ones are tried.
package struct DependencySolver<Installed: InstalledPackages, Available: AvailablePackages> {
    let installed: Installed
    let available: Available

    package init(installed: Installed, available: Available) {
        self.installed = installed
        self.available = available
    }

    typealias Search = PackageSearch<Installed, Available>
    typealias Lookup = PackageLookup<Installed, Available>

    private static var problemsMax: Int { 20 }

    /// The offered packages that meet a request; for a name those that bear it, if there are any.
    func candidates(for request: Request, in lookup: Lookup) throws(LookupFailure) -> [PackageSummary] {
        if let pin = request.pin { return try lookup.offers(named: request.capability.target, pinned: pin) }
        let offers = try lookup.offers(of: request.capability)
        guard request.capability.kind == .name else { return offers }
        let named = offers.filter { $0.name.isVerbatim(request.capability.target) }
        return named.isEmpty ? offers : named
    }

    /// A request that nothing meets, and what looks like it.
    func unknown(_ request: Request, _ lookup: Lookup) throws(LookupFailure) -> SolverError.UnknownRequest {
        if request.pin != nil {
            let offers = try lookup.offers(named: request.capability.target)
            if !offers.isEmpty { return .init(request, similar: offers.prefix(8).map(\.label.short)) }
        }
        return .init(request, similar: try lookup.similar(to: request.capability))
    }

    /// Runs a search whose roots `prepare` adds; if it fails, again for every further reason.
    func solve(
        _ search: Search, _ prepare: (inout Search) throws(LookupFailure) -> Void
    ) throws(SolverError) -> Search {
        var failure = SolverError.Unsatisfiable(problems: [])
        var start = search
        while true {
            var search = start
            let outcome = try answering { () throws(LookupFailure) in
                try prepare(&search)
                return try search.solve()
            }
            switch outcome {
            case .solved where failure.problems.isEmpty: return search
            case .solved: throw .unsatisfiable(failure)
            case .cutOff:
                failure.isIncomplete = failure.problems.isEmpty
                throw .unsatisfiable(failure)
            case .refuted(let core):
                failure.hasMore = failure.problems.count == Self.problemsMax
                if failure.hasMore { throw .unsatisfiable(failure) }
                let problem = try answering { () throws(LookupFailure) in try search.problem(core) }
                failure.problems.append(problem)
                start.ignore(problem)
            }
        }
    }

    /// `requests` without duplicates, in the order of their text.
    static func ordered<R: Hashable & Comparable>(_ requests: [R]) -> [R] { Set(requests).sorted() }

    /// Runs `body` with look-up failures as solver errors.
    func answering<R>(_ body: () throws(LookupFailure) -> R) throws(SolverError) -> R {
        do throws(LookupFailure) {
            return try body()
        } catch {
            throw .lookup(error)
        }
    }
}
