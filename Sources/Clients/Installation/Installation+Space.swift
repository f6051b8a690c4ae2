internal import BytePath
internal import Digests
internal import FileTree
package import GarbageCollection
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
package import States
internal import StoneFormat

/// Where the bytes of the store are.
package struct SpaceUse: Sendable {
    package struct OfState: Sendable {
        package let state: State
        package let isActive: Bool
        package let pin: StatePin?
        package let share: SpaceSurvey.Share

        /// Whether it could be removed just now.
        package var isRemovable: Bool { !isActive && pin == nil }
    }

    package struct OfPackage: Sendable {
        package let name: String
        package let versionText: String
        package let share: SpaceSurvey.PackageShare
    }

    /// Oldest first.
    package let states: [OfState]
    /// Those of the states that can be removed, all together: what two of them share is nobody else's then.
    package let removable: SpaceSurvey.Share
    /// Those with most bytes of their own first; only where they were asked for.
    package let packages: [OfPackage]
    /// Bytes of all objects that are recorded.
    package let bytes: UInt64
    /// Bytes that collecting garbage would free at once.
    package let unneededBytes: UInt64
}

/// Asking where the space went.
extension Installation {
    /// Measures what states hold, of all that there are.
    ///
    /// - Parameters:
    ///   - chosen: the states to tell about; empty for all.
    ///   - withPackages: tell about their packages too.
    package func spaceUse(
        of chosen: [State] = [], withPackages: Bool = false
    ) throws(InstallationError) -> SpaceUse {
        try InstallationError.retryingWhenGone { () throws(InstallationError) in
            try measureSpace(of: chosen, withPackages)
        }
    }

    private func measureSpace(of chosen: [State], _ withPackages: Bool) throws(InstallationError) -> SpaceUse {
        let all = try states()
        let active = try activeState()
        let pins = try self.pins()
        let survey = try survey(all, active)
        let numbers = Set((chosen.isEmpty ? all : chosen).map(\.number))
        let told = all.indices.filter { numbers.contains(all[$0].number) }
        let states = told.map { index in
            SpaceUse.OfState(
                state: all[index], isActive: all[index].number == active?.number, pin: pins[all[index].number],
                share: survey.share(of: [index]))
        }
        let going = zip(told, states).filter { $0.1.isRemovable }.map(\.0)
        return SpaceUse(
            states: states, removable: survey.share(of: going),
            packages: withPackages ? try packages(of: states.map(\.state), survey) : [], bytes: survey.bytes,
            unneededBytes: survey.unneededBytes)
    }

    private func survey(_ states: [State], _ active: State?) throws(InstallationError) -> SpaceSurvey {
        var holders: [SpaceSurvey.Holder] = []
        for state in states {
            let generated = Dictionary(
                try TreeGenerator(self).objects(of: state).map { ($0.id, $0.size) },
                uniquingKeysWith: { first, _ in first })
            holders.append(SpaceSurvey.Holder(packages: state.selections.map(\.package), objects: generated))
        }
        let trees = try InstallationError.states { () throws(StateError) in try stateStore.treesOnDisk() }
        return try InstallationError.stored { () throws(StoreError) in
            try collector.surveySpace(of: holders, live: active?.tree ?? ComposedTree.empty.root, trees: trees)
        }
    }

    private func packages(
        of states: [State], _ survey: SpaceSurvey
    ) throws(InstallationError) -> [SpaceUse.OfPackage] {
        let ids = states.reduce(into: Set<PackageID>()) { $0.formUnion($1.selections.map(\.package)) }
        return try viewingStore { (transaction) throws(StoreError) in
            var packages: [SpaceUse.OfPackage] = []
            for id in ids {
                let brief = try catalog.brief(of: id, in: transaction)
                packages.append(
                    SpaceUse.OfPackage(name: brief.name, versionText: brief.versionText, share: survey.share(of: id)))
            }
            return packages.sorted {
                ($1.share.exclusiveBytes, Verbatim($0.name), Verbatim($0.versionText))
                    < ($0.share.exclusiveBytes, Verbatim($1.name), Verbatim($1.versionText))
            }
        }
    }
}
