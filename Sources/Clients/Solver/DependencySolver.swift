internal import PackageModel

/// Decides which packages a state holds: pure resolution over look-ups, without any I/O of its own.
///
/// Results depend on the packages alone, never on the order of requests, of answers or of hash tables. Among several
/// providers the order of preference is: already selected, installed, priority of the collection, name equal to the
/// target, release, build release, name, id. Where that choice leads into a dead end the next ones are tried.
package struct DependencySolver<Installed: InstalledPackages, Available: AvailablePackages> {
    let installed: Installed
    let available: Available

    package init(installed: Installed, available: Available) {
        self.installed = installed
        self.available = available
    }

    typealias Pass = Closure<Installed, Available>
    typealias Lookup = PackageLookup<Installed, Available>

    /// The offered packages that meet a request; for a name those that bear it, if there are any.
    func candidates(for request: Capability, in lookup: Lookup) throws(LookupFailure) -> [PackageSummary] {
        let offers = try lookup.offers(of: request)
        guard request.kind == .name else { return offers }
        let named = offers.filter { $0.name.isVerbatim(request.target) }
        return named.isEmpty ? offers : named
    }

    /// `requests` without duplicates, in the order of their text.
    static func ordered(_ requests: [Capability]) -> [Capability] { Set(requests).sorted() }

    /// Runs `body` with look-up failures as solver errors.
    func answering<R>(_ body: () throws(LookupFailure) -> R) throws(SolverError) -> R {
        do throws(LookupFailure) {
            return try body()
        } catch {
            throw .lookup(error)
        }
    }
}
