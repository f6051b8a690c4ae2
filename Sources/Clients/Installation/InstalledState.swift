internal import ContentStore
internal import LMDB
internal import PackageModel
internal import Solver
internal import States

/// A state as the solver asks for it: look-ups in the store, narrowed to the state's packages.
struct InstalledState: InstalledPackages {
    let state: State?
    let store: ContentStore

    func package(_ id: PackageID) throws(LookupFailure) -> PackageSummary? {
        guard state?.contains(id) == true else { return nil }
        return try answering("package \(id)") {
            try store.environment.view { transaction throws in
                PackageSummary(id: id, metadata: try store.metadata(of: id, in: transaction))
            }
        }
    }

    func selection(_ id: PackageID) throws(LookupFailure) -> Selection? { state?.selection(of: id) }

    func selections() throws(LookupFailure) -> [Selection] { state?.selections ?? [] }

    func providers(of capability: Capability) throws(LookupFailure) -> [PackageID] {
        try packages(.provides, capability)
    }

    func dependants(on capability: Capability) throws(LookupFailure) -> [PackageID] {
        try packages(.dependsOn, capability)
    }

    func opponents(of capability: Capability) throws(LookupFailure) -> [PackageID] {
        try packages(.conflictsWith, capability)
    }

    private func packages(
        _ role: ContentStore.CapabilityRole, _ capability: Capability
    ) throws(LookupFailure) -> [PackageID] {
        guard let state else { return [] }
        return try answering("packages for \(capability)") {
            try store.environment.view { transaction throws in
                try store.packages(role, capability, in: transaction).filter(state.contains)
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
