internal import BytePath
internal import Digests
internal import FileTree
package import GarbageCollection
package import LinuxSystem
internal import ObjectStore
internal import PackageModel
package import States

/// What collecting would remove, worked out but not done: printing it and doing it start from this one value.
package struct GarbagePlan: Sendable {
    /// States that go first.
    package let states: [State]
    package let garbage: Garbage
    /// How many trees in `.moss/trees` nobody needs or uses.
    package let unusedTrees: Int
    /// Fetched files that nobody waits for.
    let downloads: FetchedFiles
    /// What live views keep of all that.
    package let kept: GarbageCollector.Kept
    /// Whether the whole store was looked through for files that no record names.
    package let looksEverywhere: Bool
    let options: GarbageOptions
    /// What it was held against.
    let needed: Needed

    /// What doing it gives back.
    package var expected: FreedSpace {
        let copies = garbage.allCopies
        var freed = FreedSpace(planned: garbage)
        freed.objects = copies.count - kept.objects
        freed.bytes = copies.values.saturatedSum { $0.copiedBytes }.subtractingSaturated(kept.bytes)
        freed.add(downloads)
        freed.manifests =
            garbage.packages.count + garbage.pendingManifests.count + garbage.strayManifests.count - kept.manifests
        freed.trees = unusedTrees
        freed.kept = kept
        return freed
    }

    package var isEmpty: Bool { states.isEmpty && garbage.isEmpty && unusedTrees == 0 && downloads.count == 0 }
}

/// How to collect.
package struct GarbageOptions: Hashable, Sendable {
    /// Look through the whole store for files that no record names, whether something may have been left or not.
    package var looksEverywhere = false
    /// Trees on disk that nobody uses go too, and what was fetched and not needed.
    package var includesTrees = false
    /// Remove objects although somebody who may not write here holds a lease that cannot be read.
    package var ignoresAnonymousLeases = false

    package init() {}
}

/// What collecting gave back.
package struct FreedSpace: Hashable, Sendable {
    package var packages = 0
    package var objects = 0
    package var bytes: UInt64 = 0
    package var manifests = 0
    package var treeRecords = 0
    package var trees = 0
    package var temporaries = 0
    package var kept = GarbageCollector.Kept()
    /// Packages that only live views keep.
    package var pinnedPackages = 0
    /// Files that cannot be removed now, and why.
    package var stuck: [SystemError] = []
    /// What was found in trees that went.
    package var localFiles: [KeptFiles] = []

    init(planned garbage: Garbage) {
        packages = garbage.packages.count
        treeRecords = garbage.trees.count
        temporaries = garbage.temporaries.count
        pinnedPackages = garbage.pinnedPackages.count
    }
}

extension FreedSpace {
    fileprivate mutating func add(_ downloads: FetchedFiles) {
        temporaries += downloads.count
        bytes.addSaturated(downloads.bytes)
    }

    fileprivate mutating func add(_ tidied: StateStore.Tidied) {
        trees += tidied.removed
        stuck += tidied.stuck
        localFiles += tidied.kept
    }
}

/// Collecting garbage.
extension Installation {
    /// Works out what goes when the states `removing` go, of which none is the active one.
    package func planCollecting(
        removing: [UInt64] = [], _ options: GarbageOptions = GarbageOptions()
    ) throws(InstallationError) -> GarbagePlan {
        try InstallationError.retryingWhenGone { () throws(InstallationError) in try findGarbage(removing, options) }
    }

    private func findGarbage(
        _ removing: [UInt64], _ options: GarbageOptions
    ) throws(InstallationError) -> GarbagePlan {
        let all = try states()
        let active = try activeState()?.number
        let pins = try self.pins()
        for number in removing {
            if number == active { throw .activeStateStays(number) }
            _ = try state(number)
            if pins[number] != nil { throw .pinnedStateStays(number) }
        }
        let going = Set(removing)
        let leaving = all.filter { going.contains($0.number) }
        let needed = try needed(by: all.filter { !going.contains($0.number) }, not: leaving)
        let needsFullSweep = try InstallationError.states { () throws(StateError) in try root.needsFullSweep() }
        let looksEverywhere = options.looksEverywhere || needsFullSweep
        let unusedTrees = try options.includesTrees ? countUnusedTrees() : 0
        let downloads =
            options.includesTrees ? FetchedFiles.find(in: root, olderThan: 0, removing: false) : FetchedFiles()
        let temporaryPins = try InstallationError.states { () throws(StateError) in try stateStore.temporaryPins() }
        return try InstallationError.stored { () throws(StoreError) in
            var garbage = try collector.findGarbage(needed)
            if looksEverywhere { try collector.findLeftovers(&garbage, generated: needed.objects) }
            for path in temporaryPins { garbage.add(temporary: path) }
            return GarbagePlan(
                states: leaving, garbage: garbage, unusedTrees: unusedTrees, downloads: downloads,
                kept: try collector.kept(of: garbage, anyway: options.ignoresAnonymousLeases),
                looksEverywhere: looksEverywhere, options: options, needed: needed)
        }
    }

    private func countUnusedTrees() throws(InstallationError) -> Int {
        do throws(StateError) {
            return try stateStore.unusedTrees().count
        } catch {
            // Only the root's owner may look there, and only to that user this matters.
            if case .system(let error) = error, error.number == .accessDenied, objects.isReadOnly {
                return 0
            }
            throw .state(error)
        }
    }

    /// What `states` need, and what the states `leaving` had of their own.
    private func needed(by states: [State], not leaving: [State]) throws(InstallationError) -> Needed {
        let onDisk = try InstallationError.states { () throws(StateError) in try stateStore.treesOnDisk() }
        var needed = Needed(packages: [], objects: [], trees: states.map(\.tree) + onDisk)
        for state in states {
            needed.packages.formUnion(state.selections.map(\.package))
            for object in try TreeGenerator(self).objects(of: state) { needed.objects.insert(object.id) }
        }
        for state in leaving {
            for object in try TreeGenerator(self).objects(of: state) { needed.doubtful[object.id] = object.size }
        }
        return needed
    }

    /// Removes what was planned by this installation, which must have been opened for changing.
    package func collect(
        _ plan: GarbagePlan, progress: @escaping ProgressHandler = { _ in }
    ) throws(InstallationError) -> FreedSpace {
        progress(.phase(.collecting, total: plan.expected.bytes))
        // Without the mark a stop leaves files of removed states lying about; a disk without inodes must not matter.
        try? root.beginChange(bringsObjects: false, durable: !plan.states.isEmpty)
        defer { root.endChange() }
        var freed = FreedSpace(planned: plan.garbage)
        do throws(InstallationError) {
            try InstallationError.states { () throws(StateError) in
                try stateStore.remove(plan.states.map(\.number), plan.garbage)
            }
        } catch {
            guard error.kind == .noSpace else { throw error }
            try collectWithoutSpace(plan, &freed, progress)
        }
        try sweep(plan.options, &freed, progress)
        try InstallationError.stored { () throws(StoreError) in try collector.removeTemporaries(of: plan.garbage) }
        if plan.options.includesTrees {
            let tidied = try InstallationError.states { () throws(StateError) in try stateStore.removeUnusedTrees() }
            freed.add(tidied)
            freed.add(FetchedFiles.find(in: root, olderThan: 0, removing: true))
        }
        if plan.looksEverywhere { root.markSwept() }
        root.keepReserve()
        return freed
    }

    private func sweep(
        _ options: GarbageOptions, _ freed: inout FreedSpace, _ progress: @escaping ProgressHandler
    ) throws(InstallationError) {
        let swept = try InstallationError.stored { () throws(StoreError) in
            try collector.sweep(anyway: options.ignoresAnonymousLeases) { progress(.advanced(.collecting, by: $0)) }
        }
        freed.objects += swept.objects
        freed.bytes.addSaturated(swept.bytes)
        freed.manifests += swept.manifests
        freed.kept = swept.kept
        freed.stuck += swept.stuck
    }

    /// The same where the database has no room to say at once what goes: first gives up what needs no record, then
    /// goes on in small steps that each give some space back. The smallest need none: they fit into pages that the
    /// database has to spare.
    private func collectWithoutSpace(
        _ plan: GarbagePlan, _ freed: inout FreedSpace, _ progress: @escaping ProgressHandler
    ) throws(InstallationError) {
        let hadReserve = root.giveUpReserve()
        if let tidied = try? stateStore.removeUnusedTrees(spareToo: !hadReserve) { freed.add(tidied) }
        try InstallationError.states { () throws(StateError) in
            try stateStore.remove(plan.states.map(\.number), Garbage())
        }
        try sweep(plan.options, &freed, progress)
        for package in plan.garbage.packages {
            try removeRecords { () throws(StoreError) in
                try collector.findGarbage(Needed(packages: [], objects: [], trees: []), among: [package.id])
            }
            try sweep(plan.options, &freed, progress)
        }
        // What is left is little: trees, and what no package had.
        let needed = try needed(by: states(), not: plan.states)
        try removeRecords { () throws(StoreError) in
            var garbage = try collector.findGarbage(needed)
            if plan.looksEverywhere { try collector.findLeftovers(&garbage, generated: needed.objects) }
            return garbage
        }
    }

    private func removeRecords(_ find: () throws(StoreError) -> Garbage) throws(InstallationError) {
        let garbage = try InstallationError.stored(find)
        try InstallationError.states { () throws(StateError) in try stateStore.remove([], garbage) }
    }

    /// Marks everything that is needed and compares; what a collection just now should have removed is removed.
    ///
    /// - Parameter plan: what was collected. Trees come and go beside this, as views do; what was needed then may be
    ///   there now.
    package func verifyCollected(after plan: GarbagePlan) throws(InstallationError) -> [MarkDifference] {
        var needed = try needed(by: states(), not: [])
        needed.trees += plan.needed.trees
        let (differences, garbage) = try InstallationError.stored { () throws(StoreError) in
            try collector.compareWithMark(needed, after: plan.garbage)
        }
        guard !differences.isEmpty else { return [] }
        try removeRecords { () throws(StoreError) in garbage }
        var freed = FreedSpace(planned: garbage)
        try sweep(GarbageOptions(), &freed) { _ in }
        try InstallationError.stored { () throws(StoreError) in try collector.removeTemporaries(of: garbage) }
        return differences.sorted { ($0.kind.rawValue, $0.subject) < ($1.kind.rawValue, $1.subject) }
    }

    /// Removes states and everything that only they needed.
    package func removeStates(
        _ numbers: [UInt64], progress: @escaping ProgressHandler = { _ in }
    ) throws(InstallationError) -> FreedSpace {
        try collect(planCollecting(removing: numbers), progress: progress)
    }
}
