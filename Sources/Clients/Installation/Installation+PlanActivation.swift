internal import FileTree
internal import PackageModel
internal import States

/// Going to a state that exists.
extension Installation {
    func planActivation(_ change: Change, _ base: State?, _ state: State) throws(InstallationError) -> Plan {
        let difference = try difference(base, state)
        let removed = Dictionary(
            difference.removed.map { (Verbatim($0.metadata.name), $0.metadata) },
            uniquingKeysWith: { first, _ in first })
        let added = Set(difference.added.map { Verbatim($0.metadata.name) })
        return Plan(
            change: change, base: base,
            additions: difference.added.map { package in
                Plan.Addition(
                    id: package.id, metadata: package.metadata, isExplicit: package.isExplicit,
                    reason: "in state \(state.number)",
                    replaces: removed[Verbatim(package.metadata.name)],
                    isStored: true, collection: nil)
            },
            removals: difference.removed.map { package in
                Plan.Removal(
                    id: package.id, name: package.metadata.name, versionText: package.metadata.versionText,
                    reason: "not in state \(state.number)",
                    isReplaced: added.contains(Verbatim(package.metadata.name)))
            }, flagChanges: [], alreadyInstalled: [], stillBroken: [], keptBack: [], bytesToFetch: 0,
            bytesOnDisk: 0, entries: difference.entries, directories: [], target: .existing(state))
    }

    /// The state the active one was made from, or the newest one before it if that is gone.
    func stateBefore(_ base: State?) throws(InstallationError) -> State {
        guard let base else { throw .noActiveState }
        let states = try states()
        guard
            let before = states.first(where: { $0.number == base.parent })
                ?? states.last(where: { $0.number < base.number })
        else { throw .nothingToUndo }
        return before
    }

    /// The newest state whose undoing leads to the active one.
    func stateAfter(_ base: State?) throws(InstallationError) -> State {
        guard let base else { throw .noActiveState }
        for state in try states().reversed() where state.number > base.number {
            if try stateBefore(state).number == base.number { return state }
        }
        throw .nothingToRedo
    }
}
