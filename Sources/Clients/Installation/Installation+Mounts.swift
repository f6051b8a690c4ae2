internal import BytePath
internal import FileTree
internal import LinuxSystem
internal import ObjectStore
internal import PackageModel
internal import States

/// What is mounted below `/usr`, before a change.
extension Installation {
    /// Where something is mounted below `/usr`, and comes along to the next state's tree.
    func mountPoints() throws(InstallationError) -> [BytePath] {
        try InstallationError.states { () throws(StateError) in
            try stateStore.mountsBelowUsr().map { mounts in mounts.uppermost.map { mounts.directory.appending($0.path) }
            }
                ?? []
        }
    }

    /// Refuses, before anything is brought in, where what is mounted below `/usr` cannot come along.
    func checkMounts(_ plan: Plan) throws(InstallationError) {
        let mounts = try InstallationError.states { () throws(StateError) in
            try stateStore.checkPlace()
            return try stateStore.mountsToCarry()
        }
        guard let mounts else { return }
        for mount in mounts.uppermost {
            guard let obstacle = try obstacle(to: mount.path, in: plan) else { continue }
            throw .state(
                .mountsStay(
                    [mounts.directory.appending(mount.path)],
                    "/usr/\(obstacle.display) is no directory in the new state"))
        }
    }

    /// What stands in the way of a place in the tree of a plan: a file or link above it, or a link at it.
    private func obstacle(to path: BytePath, in plan: Plan) throws(InstallationError) -> BytePath? {
        let find = { (root: TreeID, lookup: TreeLookup) throws -> BytePath? in
            var place = BytePath("")
            for component in path.components {
                place = place.appending(BytePath(bytes: Array(component)))
                guard let entry = try TreeDifference.entry(at: place, in: root, lookup) else { return nil }
                if entry.kind == .symlink || (entry.kind == .regular && place != path) { return place }
            }
            return nil
        }
        return try InstallationError.stored { () throws(StoreError) in
            switch plan.target {
            case .newState(let candidate): try lookUp(candidate.tree) { try find(candidate.tree.root, $0) }
            case .existing(let state): try objects.readingTrees { try find(state.tree, $0) }
            }
        }
    }
}
