package import Blit
package import BytePath
internal import Failures
internal import FileTree
package import LinuxSystem
internal import ObjectStore
package import PackageModel
internal import Storage

/// A slot that a tree will be written to.
struct ChosenSlot {
    let number: UInt64
    /// What is there to be patched; nil when the tree must be written from scratch.
    let content: TreeOnDisk?
    /// What was found in trees that will not be patched, as somebody changed them.
    var kept: [KeptFiles] = []
}

/// A tree that stays although nobody needs it.
package struct KeptTree: Hashable, Sendable {
    package enum Reason: Hashable, Sendable {
        case inUse(DirectoryUsers.User)
        /// Something in it may not be removed: a mount, another device or volume, a file that is immutable.
        case walled(SystemError)
    }

    package let number: UInt64
    package let reason: Reason
}

/// Spares and retired trees.
extension StateStore {
    /// The slots there are, by number.
    func slots() throws(StateError) -> [(number: UInt64, slot: TreeSlot)] {
        try viewing { (transaction) throws(StateError) in
            try StateError.database { () throws(DatabaseError) in
                var slots: [(number: UInt64, slot: TreeSlot)] = []
                var cursor = try transaction.cursor(in: StateBuckets.slots)
                while let (number, slot) = try cursor.next() { slots.append((number, slot)) }
                return slots
            }
        }
    }

    /// Who still holds the trees of slots; one that nobody holds is left out.
    ///
    /// - Parameter demotion: when trees ceased to be live, where their directories do not tell any more.
    func users(
        of slots: [(number: UInt64, slot: TreeSlot)], demotion: [UInt64: Int64] = [:]
    ) -> [UInt64: DirectoryUsers.User] {
        let users = DirectoryUsers.find(
            holding: slots.map { BytePath("/.moss/trees/\($0.number)") }, formerlyAt: "usr", below: root.root
        ) { index in
            let (number, slot) = slots[index]
            // Nobody had it who began before it was sealed.
            if let seal = slot.seal, root.holds(seal) { return 0...0 }
            let name = slotName(number)
            let demoted = demotion[number] ?? (try? root.trees.status(of: name).changed) ?? .max / 2
            // Of a tree of which nothing is known any more, its directory is as old as it can be.
            let stamp = slot.content.map(\.stamp).flatMap { $0 == 0 ? nil : $0 }
            return min(stamp ?? root.trees.birthTime(of: name) ?? 0, demoted)...demoted
        }
        return Dictionary(
            zip(slots, users).compactMap { slot, user in user.map { (slot.number, $0) } }, uniquingKeysWith: { $1 })
    }

    /// Picks what to stage `tree` in: a spare that nobody uses and nobody changed, else a new slot.
    ///
    /// A tree somebody still uses is never touched.
    func chooseSlot(for tree: TreeID, _ blitter: Blitter) throws(StateError) -> ChosenSlot {
        let all = try slots()
        let ready = all.compactMap { number, slot in
            slot.content.map { (number: number, content: $0, seal: slot.seal) }
        }
        let inUse = users(of: all.filter { $0.slot.content != nil })
        // The newest was live last, or prepared last, so it differs least; one that is what is wanted differs not at all.
        let free = ready.filter { inUse[$0.number] == nil && $0.content.stamp != 0 }
            .sorted {
                ($0.content.tree == tree ? 1 : 0, $0.content.stamp) > (
                    $1.content.tree == tree ? 1 : 0, $1.content.stamp
                )
            }
        var kept: [KeptFiles] = []
        for spare in free {
            let isSealed = try isSealed(spare.number, spare.seal)
            if try isSealed ? true : isUnchanged(spare.number, spare.content, blitter) {
                return ChosenSlot(
                    number: spare.number, content: spare.content, kept: kept)
            }
            let slot = TreeSlot(distrusting: spare.content)
            try put(slot, at: spare.number)
            // Where that is impossible now, whoever removes the tree tries again.
            if let files = try? keepLocalFiles(in: slotName(spare.number), slot) { kept.append(files) }
        }
        return ChosenSlot(number: Self.newSlotNumber(), content: nil, kept: kept)
    }

    /// Random, so that a tree's path says which tree of which root it is, wherever that is mounted.
    static func newSlotNumber() -> UInt64 { UInt64.random(in: 1 ... .max) }

    private func isSealed(_ slot: UInt64, _ seal: TreeSeal?) throws(StateError) -> Bool {
        guard let seal, root.holds(seal) else { return false }
        return try openIfPresent(slot) != nil
    }

    private func isUnchanged(
        _ slot: UInt64, _ content: TreeOnDisk, _ blitter: Blitter
    ) throws(StateError) -> Bool {
        // A spare that is gone is a changed one.
        guard let place = try openIfPresent(slot) else { return false }
        return try StateError.blitting(slotPath(slot)) { () throws(BlitError) in
            try blitter.isUnchanged(
                place, content.tree, content.fingerprint, since: content.stamp,
                extraNames: [RootDirectory.stateFileName],
                mountPoints: content.mountPoints)
        }
    }

    private func openIfPresent(_ slot: UInt64) throws(StateError) -> Descriptor? {
        do throws(SystemError) {
            return try root.trees.descend(into: slotName(slot))
        } catch {
            if error.saysNothing && !error.isWall { throw .system(error.below(slotPath(slot))) }
            return nil
        }
    }

    /// The tree of the spare that a switch would patch, unless somebody changed it; nil where it would write all anew.
    package func freeSpare() throws(StateError) -> TreeID? {
        var ready = try slots().filter { ($0.slot.content?.stamp ?? 0) != 0 }
        // Nobody had one that is sealed; whether somebody has it by now is asked when it is patched.
        let sealed = ready.filter { $0.slot.seal.map(root.holds) ?? false }
        if !sealed.isEmpty { ready = sealed }
        let inUse = sealed.isEmpty ? users(of: ready) : [:]
        let free = ready.filter { inUse[$0.number] == nil }.compactMap(\.slot.content)
        return free.max { $0.stamp < $1.stamp }?.tree
    }

    /// The trees that stand on disk, live or not; their directories are needed to patch them.
    package func treesOnDisk() throws(StateError) -> [TreeID] {
        let live = try viewing { (transaction) throws(StateError) in try requiredControl(in: transaction).live.tree }
        return try slots().flatMap(\.slot.trees) + [live]
    }

    /// What tidying did, and what it left.
    package struct Tidied: Sendable {
        /// Trees that are kept although nobody needs them, by number.
        package var staying: [KeptTree] = []
        package var removed = 0
        /// What was found in trees that went.
        package var kept: [KeptFiles] = []

        /// Numbers of trees that are kept only because somebody still uses them.
        package var inUse: [UInt64] { staying.compactMap { if case .inUse = $0.reason { $0.number } else { nil } } }
        /// Why trees cannot be removed now.
        package var stuck: [SystemError] {
            staying.compactMap { if case .walled(let error) = $0.reason { error } else { nil } }
        }
    }

    /// Removes trees that nobody needs or uses any more and brings one spare up to the live tree, so that the next
    /// switch costs what it changes. Safe to stop and to run beside everything else.
    package func tidy(_ blitter: Blitter) throws(StateError) -> Tidied {
        let lock = try lockForTidying()
        defer { lock.hold() }
        let survey = try surveyTrees()
        var tidied = Tidied(staying: survey.inUse)
        try remove(survey.unused, &tidied)
        if survey.control.journal == nil { try prepareSpare(survey.spare, survey.control, blitter, &tidied) }
        return tidied
    }

    /// Names in `.moss/trees` that nobody needs or uses: neither the spare nor a tree some process still has.
    package func unusedTrees() throws(StateError) -> [BytePath] {
        try surveyTrees().unused
    }

    /// Removes those trees, and with `spareToo` the spare, which is a convenience.
    package func removeUnusedTrees(spareToo: Bool = false) throws(StateError) -> Tidied {
        let lock = try lockForTidying()
        defer { lock.hold() }
        let survey = try surveyTrees()
        let spare = spareToo ? survey.spare.map { [slotName($0.number)] } ?? [] : []
        var tidied = Tidied()
        try remove(survey.unused + spare, &tidied)
        return tidied
    }

    private func lockForTidying() throws(StateError) -> FileLock {
        try root.lockTrees(holder: "process \(CurrentProcess.identifier) (tidying)", waiting: { _ in })
    }

    private struct TreeSurvey {
        let control: Control
        /// The one to be kept and brought up to the live tree.
        let spare: (number: UInt64, slot: TreeSlot)?
        let inUse: [KeptTree]
        let unused: [BytePath]
    }

    private func surveyTrees() throws(StateError) -> TreeSurvey {
        let (control, all) = try viewing { (transaction) throws(StateError) in
            (try requiredControl(in: transaction), try slots())
        }
        let pending = control.journal?.slot
        // Directories that no record knows: left by a database that was rebuilt.
        let known = Set(all.map(\.number))
        let names = try root.treeNames()
        let foreign = names.compactMap { name -> UInt64? in
            UInt64(name.display).flatMap { slotName($0) == name && !known.contains($0) ? $0 : nil }
        }
        let others = names.filter { name in UInt64(name.display).map { slotName($0) != name } ?? true }
        let users = users(of: all + foreign.map { ($0, TreeSlot(nil)) })
        let free = all.filter { users[$0.number] == nil && $0.number != pending }
        let spare = free.filter { ($0.slot.content?.stamp ?? 0) != 0 && names.contains(slotName($0.number)) }
            .max { ($0.slot.content?.stamp ?? 0) < ($1.slot.content?.stamp ?? 0) }
        let unused = free.map(\.number).filter { $0 != spare?.number } + foreign.filter { users[$0] == nil }
        return TreeSurvey(
            control: control, spare: spare,
            inUse: users.sorted { $0.key < $1.key }.map { KeptTree(number: $0.key, reason: .inUse($0.value)) },
            unused: unused.map(slotName) + others)
    }

    private func remove(_ trees: [BytePath], _ tidied: inout Tidied) throws(StateError) {
        for name in trees {
            let number = UInt64(name.display)
            do throws(StateError) {
                if let files = try removeTree(name) { tidied.kept.append(files) }
                tidied.removed += 1
            } catch {
                guard case .system(let cause) = error, cause.isWall else { throw error }
                tidied.staying.append(KeptTree(number: number ?? 0, reason: .walled(cause)))
            }
        }
    }

    /// Removes a tree that nobody uses, and its record, once what is not moss's is out of it.
    private func removeTree(_ name: BytePath) throws(StateError) -> KeptFiles? {
        guard let number = UInt64(name.display), slotName(number) == name else {
            let kept = try keepLocalFiles(in: name, nil)
            try removeFiles(of: name)
            return kept
        }
        return try removeSlot(number)
    }

    @discardableResult
    func removeSlot(_ number: UInt64) throws(StateError) -> KeptFiles? {
        let slot = try slots().first { $0.number == number }?.slot ?? TreeSlot(nil)
        // Before a tree is touched the record must stop saying what it is.
        try put(slot.untrusted, at: number)
        let kept = slot.isOurs ? nil : try keepLocalFiles(in: slotName(number), slot)
        try removeFiles(of: slotName(number))
        try updating { (transaction) throws(StateError) in
            do throws(DatabaseError) {
                try transaction.remove(number, in: StateBuckets.slots)
            } catch {
                throw .database(error)
            }
        }
        return kept
    }

    private func removeFiles(of name: BytePath) throws(StateError) {
        try StateError.at(root.path.appending(".moss/trees")) { () throws(SystemError) in
            try root.trees.removeTree(name)
        }
    }

    func put(_ slot: TreeSlot, at number: UInt64) throws(StateError) {
        try updating { (transaction) throws(StateError) in try Self.put(slot, at: number, &transaction) }
    }

    private func prepareSpare(
        _ spare: (number: UInt64, slot: TreeSlot)?, _ control: Control, _ blitter: Blitter, _ tidied: inout Tidied
    ) throws(StateError) {
        let tree = control.live.tree
        if let slot = spare?.slot, slot.content?.tree == tree, let seal = slot.seal, root.holds(seal) { return }
        let seal = root.beginSeal()
        var isWhole = false
        var spare = spare
        if let found = spare, let content = found.slot.content {
            let demoted = try? root.trees.status(of: slotName(found.number)).changed
            let number = seal == nil ? found.number : try renamed(found)
            spare?.number = number
            // Who had it before it had this name.
            let demotion = demoted.map { [number: $0] } ?? [:]
            if seal != nil, let user = users(of: [(number, found.slot)], demotion: demotion)[number] {
                tidied.staying.append(KeptTree(number: number, reason: .inUse(user)))
                return
            }
            isWhole = try isUnchanged(number, content, blitter)
            if isWhole, content.tree == tree { return try record(content, number, seal) }
        }
        guard try hasRoomForSpare(tree, blitter) else {
            if isWhole, let spare, let content = spare.slot.content { try record(content, spare.number, seal) }
            return
        }
        if let spare, let content = spare.slot.content {
            if isWhole, try bringUp(spare.number, content, to: tree, seal, blitter) { return }
            try remove([slotName(spare.number)], &tidied)
        }
        let number = Self.newSlotNumber()
        try put(TreeSlot(untrusted: nil, becoming: tree, isOurs: true), at: number)
        try record(blitAnew(number, tree, blitter), number, tree, seal)
    }

    /// Gives a tree a name that nobody knows. Until it is recorded again, nothing is said of what is in it: after a stop
    /// it goes, under either name.
    private func renamed(_ spare: (number: UInt64, slot: TreeSlot)) throws(StateError) -> UInt64 {
        let number = Self.newSlotNumber()
        try updating { (transaction) throws(StateError) in
            try StateError.database { () throws(DatabaseError) in
                _ = try transaction.remove(spare.number, in: StateBuckets.slots)
            }
            try Self.put(TreeSlot(distrusting: spare.slot.content), at: number, &transaction)
        }
        try StateError.at(root.path.appending(".moss/trees")) { () throws(SystemError) in
            try root.trees.rename(slotName(spare.number), to: slotName(number))
        }
        return number
    }

    /// Patches a spare that nobody changed.
    /// - Returns: false where it is another one than recorded all the same.
    private func bringUp(
        _ number: UInt64, _ content: TreeOnDisk, to tree: TreeID, _ seal: TreeSeal?, _ blitter: Blitter
    ) throws(StateError) -> Bool {
        try put(TreeSlot(distrusting: content, becoming: tree, isOurs: true), at: number)
        do throws(StateError) {
            try record(patch(number, content, to: tree, blitter), number, tree, seal)
            return true
        } catch {
            guard error.givesUpSpare else { throw error }
            try put(TreeSlot(distrusting: content, becoming: tree), at: number)
            return false
        }
    }

    private func record(
        _ written: borrowing WrittenTree, _ number: UInt64, _ tree: TreeID, _ seal: TreeSeal?
    ) throws(StateError) {
        let stamp = try touch(written.place, number)
        try record(TreeOnDisk(tree: tree, stamp: stamp, fingerprint: written.fingerprint), number, seal)
    }

    /// Notes what the slot holds, once all of it is on disk.
    private func record(_ content: TreeOnDisk, _ number: UInt64, _ seal: TreeSeal?) throws(StateError) {
        try Self.catchingStore { () throws(StoreError) in try objects.syncFileSystem() }
        try put(TreeSlot(content, seal: root.closed(seal)), at: number)
    }

    /// - Returns: a change time after which nothing in the tree was touched.
    private func touch(_ place: borrowing Descriptor, _ slot: UInt64) throws(StateError) -> Int64 {
        do throws(SystemError) {
            try place.setMode(0o755)
            return try place.status().changed
        } catch {
            throw .system(error.below(slotPath(slot)))
        }
    }

    /// A spare is a convenience: it may take a tenth of what is free, not more.
    private func hasRoomForSpare(_ tree: TreeID, _ blitter: Blitter) throws(StateError) -> Bool {
        let free = try root.system(below: ".moss") { () throws(SystemError) in try root.moss.fileSystemStatus() }
        let totals = try viewing { (transaction) throws(StateError) -> TreeTotals? in
            (try? ObjectStore.directory(tree, in: transaction)).flatMap { try? Directory($0, id: tree).totals }
        }
        guard let totals else { return false }
        let inodes = totals.directories + totals.symlinks
        let bytes = totals.directories &* free.blockSize
        return bytes <= free.availableBytes / 10 && (free.totalInodes == 0 || inodes <= free.freeInodes / 10)
    }
}
