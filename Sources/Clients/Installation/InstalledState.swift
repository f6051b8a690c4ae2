internal import PackageCatalog
internal import PackageModel
internal import Solver
internal import States
internal import Storage

/// A state as the solver asks for it: look-ups in the store, narrowed to the state's packages.
struct InstalledState: InstalledPackages {
    let state: State?
    let catalog: PackageCatalog
    let database: Database
    /// Packages of the state that the store does not have yet.
    var arriving: [PackageID: PackageRecord] = [:]

    func package(_ id: PackageID) throws(LookupFailure) -> PackageSummary? {
        guard state?.contains(id) == true else { return nil }
        if let record = arriving[id] { return PackageSummary(id: id, metadata: record.metadata) }
        return try answering("package \(id)") {
            try database.view { transaction throws in
                PackageSummary(id: id, metadata: try catalog.metadata(of: id, in: transaction))
            }
        }
    }

    func selection(_ id: PackageID) throws(LookupFailure) -> Selection? { state?.selection(of: id) }

    func selections() throws(LookupFailure) -> [Selection] { state?.selections ?? [] }

    func providers(of capability: Capability) throws(LookupFailure) -> [PackageID] {
        try packages(.provides, capability) + arriving(where: { $0.allProviders.contains(capability) })
    }

    func dependants(on capability: Capability) throws(LookupFailure) -> [PackageID] {
        try packages(.dependsOn, capability) + arriving(where: { $0.dependencies.contains(capability) })
    }

    func opponents(of capability: Capability) throws(LookupFailure) -> [PackageID] {
        try packages(.conflictsWith, capability) + arriving(where: { $0.conflicts.contains(capability) })
    }

    private func arriving(where matches: (PackageMetadata) -> Bool) -> [PackageID] {
        arriving.filter { state?.contains($0.key) == true && matches($0.value.metadata) }.map(\.key)
    }

    private func packages(
        _ role: PackageCatalog.CapabilityRole, _ capability: Capability
    ) throws(LookupFailure) -> [PackageID] {
        guard let state else { return [] }
        return try answering("packages for \(capability)") {
            try database.view { transaction throws in
                try catalog.packages(role, capability, in: transaction).filter(state.contains)
            }
        }
    }

    private func answering<R>(_ subject: String, _ body: () throws -> R) throws(LookupFailure) -> R {
        do {
            return try body()
        } catch {
            throw LookupFailure(subject: subject, cause: error)
        }
    }
}
