package import Blit
internal import BytePath
package import FileTree
internal import LinuxSystem
internal import ObjectStore
package import PackageCatalog
package import PackageModel
internal import Storage

/// A state that has no number yet: everything a switch needs to make it one.
package struct Candidate: Sendable {
    package let tree: ComposedTree
    package let selections: [Selection]
    package let summary: String
    /// Packages whose bytes are in the store but which are not recorded.
    package let arrivals: [PackageRecord]
    /// What was made of the composed tree and put into it, in this order.
    package let generated: [GeneratedEntry]

    package init(
        tree: ComposedTree, selections: [Selection], summary: String, arrivals: [PackageRecord],
        generated: [GeneratedEntry] = []
    ) {
        self.tree = tree
        self.selections = selections
        self.summary = summary
        self.arrivals = arrivals
        self.generated = generated
    }
}

/// What a switch did.
package struct SwitchReport: Sendable {
    package let state: UInt64
    /// What was found in trees that were to be patched.
    package let kept: [KeptFiles]
}

/// The switch to another state.
///
/// The order is what makes it safe to stop anywhere:
/// 1. record the new directories, that a switch to this state has begun, and that the slot's tree is in flux;
/// 2. write manifests, the state's file and the tree; `syncfs`;
/// 3. record packages and state: all their bytes are on disk;
/// 4. exchange the slot's tree with `/usr`; `fsync` the root directory;
/// 5. record what is live now and end the journal.
///
/// `/usr/.stateID` lies inside the exchanged tree, so after a stop it tells the old state from the new: ``recover()``
/// finishes step 5 or forgets steps 1 to 3.
extension StateStore {
    /// Makes `candidate` a state and switches to it.
    ///
    /// - Parameter waiting: called before this waits for a tree that is being prepared in the background.
    package func commit(
        _ candidate: Candidate, _ blitter: Blitter, waiting: (String) -> Void = { _ in }
    ) throws(StateError) -> SwitchReport {
        let lock = try root.lockTrees(holder: "process \(CurrentProcess.identifier)", waiting: waiting)
        defer { lock.hold() }
        try checkPlace()
        try root.repairLinks()
        let slot = try chooseSlot(for: candidate.tree.root, blitter)
        return try cleaningUp(slot) { () throws(StateError) in
            let state = try begin(candidate, slot)
            try writeFiles(of: state, candidate.arrivals)
            return try switchTo(state, slot, blitter) { (transaction) throws(StateError) in
                try Self.catchingStore { () throws(StoreError) in
                    try catalog.record(candidate.arrivals, in: &transaction)
                }
                try Self.put(state, &transaction)
            }
        }
    }

    /// Switches to a state that exists.
    ///
    /// - Parameter waiting: called before this waits for a tree that is being prepared in the background.
    package func activate(
        _ state: State, _ blitter: Blitter, waiting: (String) -> Void = { _ in }
    ) throws(StateError) -> SwitchReport {
        let lock = try root.lockTrees(holder: "process \(CurrentProcess.identifier)", waiting: waiting)
        defer { lock.hold() }
        try checkPlace()
        try root.repairLinks()
        let slot = try chooseSlot(for: state.tree, blitter)
        return try cleaningUp(slot) { () throws(StateError) in
            try updating { (transaction) throws(StateError) in
                var control = try requiredControl(in: transaction)
                control.journal = SwitchJournal(state: state.number, isNew: false, slot: slot.number)
                try Self.put(control, &transaction)
                let flux = TreeSlot(distrusting: slot.content, becoming: state.tree, isOurs: true)
                try Self.put(flux, at: slot.number, &transaction)
            }
            return try switchTo(state, slot, blitter)
        }
    }

    /// Steps 2 to 5.
    private func switchTo(
        _ state: State, _ slot: ChosenSlot, _ blitter: Blitter,
        recording record: ((inout WriteTransaction) throws(StateError) -> Void)? = nil
    ) throws(StateError) -> SwitchReport {
        let mounts = try mountsToCarry()
        var slot = slot
        let staged = try stage(state, &slot, mounts, blitter)
        if let record { try updating(record) }
        try carrying(mounts, to: staged.slot) { () throws(StateError) in try exchange(staged.slot) }
        try finish(state, staged)
        return SwitchReport(state: state.number, kept: slot.kept)
    }

    /// Runs `body`; when it fails, leaves the root as the next command's recovery would, without the staged tree.
    private func cleaningUp<R>(
        _ chosen: ChosenSlot, _ body: () throws(StateError) -> R
    ) throws(StateError) -> R {
        do throws(StateError) {
            return try body()
        } catch {
            // What fails here as well is left to the next command; the first error is the one to report.
            let staged = try? viewing { (transaction) throws(StateError) in
                try requiredControl(in: transaction).journal?.slot
            }
            if case .forgotten? = try? recover() { _ = try? removeSlot(staged ?? chosen.number) }
            throw error
        }
    }

    /// Step 1.
    private func begin(_ candidate: Candidate, _ slot: ChosenSlot) throws(StateError) -> State {
        try updating { (transaction) throws(StateError) in
            var control = try requiredControl(in: transaction)
            guard State.numbers.contains(control.nextState) else { throw .noStateNumberLeft(root.path) }
            let state = State(
                number: control.nextState, parent: control.active, created: currentTimeSeconds(),
                summary: candidate.summary, tree: candidate.tree.root, totals: candidate.tree.totals,
                redirects: candidate.tree.redirects, selections: candidate.selections, generated: candidate.generated)
            control.journal = SwitchJournal(state: state.number, isNew: true, slot: slot.number)
            try Self.catchingStore { () throws(StoreError) in
                try objects.save(candidate.tree, in: &transaction)
            }
            try Self.put(control, &transaction)
            let flux = TreeSlot(distrusting: slot.content, becoming: state.tree, isOurs: true)
            try Self.put(flux, at: slot.number, &transaction)
            return state
        }
    }

    private static func put(_ state: State, _ transaction: inout WriteTransaction) throws(StateError) {
        do throws(DatabaseError) {
            try transaction.put(state, in: StateBuckets.states, for: state.number)
        } catch {
            throw .database(error)
        }
    }

    private func writeFiles(of state: State, _ arrivals: [PackageRecord]) throws(StateError) {
        try Self.catchingStore { () throws(StoreError) in try catalog.writeManifests(arrivals) }
        try root.writeFile(of: state)
    }

    /// Step 2: writes the tree and everything else that is not on disk yet.
    private func stage(
        _ state: State, _ slot: inout ChosenSlot, _ mounts: MountsBelow?, _ blitter: Blitter
    ) throws(StateError) -> StagedTree {
        let staged: StagedTree
        do throws(StateError) {
            staged = try complete(write(state.tree, to: &slot, blitter), slot.number, state, mounts)
        } catch {
            // The spare itself, or the file with its number, is immutable.
            guard slot.content != nil, case .system(let cause) = error, cause.isWall else { throw error }
            slot = try another(slot, for: state.tree)
            staged = try complete(blitAnew(slot.number, state.tree, blitter), slot.number, state, mounts)
        }
        try Self.catchingStore { () throws(StoreError) in try objects.syncFileSystem() }
        return staged
    }

    private func write(
        _ tree: TreeID, to slot: inout ChosenSlot, _ blitter: Blitter
    ) throws(StateError) -> WrittenTree {
        if let content = slot.content {
            do throws(StateError) {
                return try patch(slot.number, content, to: tree, blitter)
            } catch {
                guard error.givesUpSpare else { throw error }
                slot = try another(slot, for: tree)
            }
        }
        return try blitAnew(slot.number, tree, blitter)
    }

    /// Goes on in a new slot, as something is in the old one that cannot be patched. It may not be removable either, so it
    /// is left to tidying.
    private func another(_ slot: ChosenSlot, for tree: TreeID) throws(StateError) -> ChosenSlot {
        let number = Self.newSlotNumber()
        let left = TreeSlot(distrusting: slot.content, becoming: tree)
        try updating { (transaction) throws(StateError) in
            var control = try requiredControl(in: transaction)
            control.journal = control.journal.map {
                SwitchJournal(state: $0.state, isNew: $0.isNew, slot: number)
            }
            try Self.put(control, &transaction)
            try Self.put(left, at: slot.number, &transaction)
            try Self.put(TreeSlot(untrusted: nil, becoming: tree, isOurs: true), at: number, &transaction)
        }
        var kept = slot.kept
        // Where that is impossible now, whoever removes the tree tries again.
        if let files = try? keepLocalFiles(in: slotName(slot.number), left) { kept.append(files) }
        return ChosenSlot(number: number, content: nil, kept: kept)
    }

    func patch(
        _ slot: UInt64, _ old: TreeOnDisk, to new: TreeID, _ blitter: Blitter
    ) throws(StateError) -> WrittenTree {
        let path = slotPath(slot)
        let place = try StateError.at(path) { () throws(SystemError) in try root.trees.descend(into: slotName(slot)) }
        let change = TreeFingerprint()
        try StateError.blitting(path) { () throws(BlitError) in
            try removeMountPoints(old.mountPoints, in: place, change)
        }
        let fingerprint = try StateError.blitting(path) { () throws(BlitError) in
            try blitter.patch(place, from: old.tree, to: new, fingerprint: old.fingerprint &+ change.value)
        }
        return WrittenTree(place: place, fingerprint: fingerprint)
    }

    /// Writes a tree to a slot that is new.
    func blitAnew(
        _ slot: UInt64, _ tree: TreeID, _ blitter: Blitter
    ) throws(StateError) -> WrittenTree {
        let name = slotName(slot)
        let path = slotPath(slot)
        let place = try StateError.at(path) { () throws(SystemError) in
            try root.trees.makeDirectory(name)
            return try root.trees.descend(into: name)
        }
        let fingerprint = try StateError.blitting(path) { () throws(BlitError) in
            try blitter.blit(tree, into: place)
        }
        return WrittenTree(place: place, fingerprint: fingerprint)
    }

    /// A tree in a slot as the blitter left it.
    struct WrittenTree: ~Copyable {
        let place: Descriptor
        var fingerprint: UInt64
    }

    /// A complete tree in a slot, ready to be exchanged.
    struct StagedTree {
        let slot: UInt64
        let content: TreeOnDisk
    }

    /// Makes the places that the tree lacks for what will be mounted in it, and seals it.
    private func complete(
        _ written: consuming WrittenTree, _ slot: UInt64, _ state: State, _ mounts: MountsBelow?
    ) throws(StateError) -> StagedTree {
        guard let mounts else { return try seal(written, slot, state, []) }
        let change = TreeFingerprint()
        let made = try makeMountPoints(for: mounts, in: written.place, change)
        written.fingerprint &+= change.value
        if !made.isEmpty {
            try updating { (transaction) throws(StateError) in
                var control = try requiredControl(in: transaction)
                control.journal?.mountPoints = made
                try Self.put(control, &transaction)
            }
        }
        return try seal(written, slot, state, made)
    }

    /// Gives a complete tree its number and time, and notes when it was complete.
    private func seal(
        _ written: borrowing WrittenTree, _ slot: UInt64, _ state: State, _ mountPoints: [BytePath]
    ) throws(StateError) -> StagedTree {
        do throws(SystemError) {
            let name = BytePath(RootDirectory.stateFileName)
            if try written.place.statusIfPresent(of: name) != nil { try written.place.unlink(name) }
            let file = try written.place.makeFile(name, mode: 0o444)
            try file.write(Array("\(state.number)".utf8))
            if objects.ownership == .applied { try written.place.setOwner(uid: 0, gid: 0) }
            try written.place.setMode(0o755)
            try written.place.setModificationTime(state.created)
            let stamp = try written.place.status().changed
            let content = TreeOnDisk(
                tree: state.tree, stamp: stamp, fingerprint: written.fingerprint, mountPoints: mountPoints)
            return StagedTree(slot: slot, content: content)
        } catch {
            throw .system(error.below(slotPath(slot)))
        }
    }

    /// Step 4.
    private func exchange(_ slot: UInt64) throws(StateError) {
        do throws(SystemError) {
            try root.root.ensureDirectory("usr")
            try root.trees.exchange(slotName(slot), with: "usr", below: root.root)
            // The exchange reaches the disk as one, so this covers the other directory's name as well.
            try root.root.syncDirectory()
        } catch {
            if error.number == .crossDevice {
                throw .system(SystemError(.crossDevice, call: "renameat2", path: root.path.appending("usr")))
            }
            if error.number == .notPermitted {
                throw .system(SystemError(.notPermitted, call: "renameat2", path: root.path.appending("usr")))
            }
            throw .system(error.below(root.path))
        }
    }

    /// Step 5.
    private func finish(_ state: State, _ staged: StagedTree) throws(StateError) {
        try updating { (transaction) throws(StateError) in
            var control = try requiredControl(in: transaction)
            let demoted = control.live
            control.active = state.number
            control.nextState = max(control.nextState, state.number + 1)
            control.live = staged.content
            control.journal = nil
            try Self.put(control, &transaction)
            try Self.put(TreeSlot(demoted), at: staged.slot, &transaction)
        }
    }

    func slotName(_ slot: UInt64) -> BytePath { BytePath("\(slot)") }
    func slotPath(_ slot: UInt64) -> BytePath { root.path.appending(".moss/trees").appending(slotName(slot)) }
}
