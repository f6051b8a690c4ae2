package import PackageModel

/// The packages of one state, answered by look-up.
///
/// `install` calls the look-ups only, as often as the change is large; `selections` is read by `remove` and `sync`.
/// The order of the answers does not matter.
package protocol InstalledPackages {
    /// Metadata of a package of this state; nil for every other id.
    func package(_ id: PackageID) throws(LookupFailure) -> PackageSummary?
    /// The package's selection in this state, if it has one.
    func selection(_ id: PackageID) throws(LookupFailure) -> Selection?
    /// All of the state.
    func selections() throws(LookupFailure) -> [Selection]
    /// Packages of the state that provide `capability`; a package provides its own name.
    func providers(of capability: Capability) throws(LookupFailure) -> [PackageID]
    /// Packages of the state with `capability` among their dependencies.
    func dependants(on capability: Capability) throws(LookupFailure) -> [PackageID]
    /// Packages of the state with `capability` among their declared conflicts.
    func opponents(of capability: Capability) throws(LookupFailure) -> [PackageID]
}
