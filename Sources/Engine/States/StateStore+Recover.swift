internal import BytePath
package import GarbageCollection
internal import LinuxSystem
internal import ObjectStore
internal import Storage

/// What recovery found and did.
package enum Recovery: Hashable, Sendable {
    /// Nothing was cut short.
    case notNeeded
    /// The switch to this state had happened; its records were completed.
    case finished(UInt64)
    /// The switch to this state had not happened; it was forgotten.
    case forgotten(UInt64)
    /// Somebody else exchanged `/usr`; the records follow.
    case followed(UInt64)
}

extension StateStore {
    /// Brings records and `/usr` together after a stop at any point. Call it with the root's lock held.
    package func recover() throws(StateError) -> Recovery {
        let live = try root.liveStateNumber() ?? 0
        let (control, isKnown) = try viewing { (transaction) throws(StateError) in
            let control = try requiredControl(in: transaction)
            let isKnown = try StateError.database { () throws(DatabaseError) in
                try transaction.contains(live, in: StateBuckets.states)
            }
            return (control, isKnown)
        }
        if let journal = control.journal {
            return live == journal.state && isKnown ? try finishSwitch(journal) : try forgetSwitch(journal)
        }
        if live == control.active || !isKnown { return .notNeeded }
        // Whoever exchanged it left another tree where a slot's record says what it holds.
        let moved = try slots()
        try updating { (transaction) throws(StateError) in
            for (number, slot) in moved {
                // It may be the one that was live.
                let was = TreeSlot(
                    untrusted: slot.content?.tree, becoming: control.live.tree,
                    mountPoints: Self.union(slot.content?.mountPoints ?? [], control.live.mountPoints))
                try Self.put(was, at: number, &transaction)
            }
            // It may be one of those.
            try setLive(live, control, Self.union(moved.flatMap { $0.slot.content?.mountPoints ?? [] }), &transaction)
        }
        return .followed(live)
    }

    private func finishSwitch(_ journal: SwitchJournal) throws(StateError) -> Recovery {
        // The exchange may not be on disk yet, and what is recorded next says that it is.
        try root.system { () throws(SystemError) in try root.root.syncFileSystem() }
        detachMountsOfFormer(journal.slot, bringingOthers: false)
        try updating { (transaction) throws(StateError) in
            var control = try requiredControl(in: transaction)
            // Where the state was active before, its number does not tell whether the trees were exchanged.
            let isSame = control.active == journal.state
            let both = Self.union(control.live.mountPoints, journal.mountPoints)
            let demoted =
                isSame ? TreeSlot(untrusted: control.live.tree, mountPoints: both) : TreeSlot(control.live)
            try Self.put(demoted, at: journal.slot, &transaction)
            control.journal = nil
            try setLive(journal.state, control, isSame ? both : journal.mountPoints, &transaction)
        }
        return .finished(journal.state)
    }

    /// Parents first, as they are recorded.
    private static func union(_ first: [BytePath], _ second: [BytePath] = []) -> [BytePath] {
        Set(first + second).sorted()
    }

    /// Records `number` as active. When its tree was complete is not known any more, so it will not be patched.
    private func setLive(
        _ number: UInt64, _ control: Control, _ mountPoints: [BytePath], _ transaction: inout WriteTransaction
    ) throws(StateError) {
        guard let state = try state(number, in: transaction) else { throw .unknownState(number) }
        var control = control
        control.active = number
        control.nextState = max(control.nextState, number + 1)
        control.live = TreeOnDisk(untrusted: state.tree, mountPoints: mountPoints)
        try Self.put(control, &transaction)
    }

    private func forgetSwitch(_ journal: SwitchJournal) throws(StateError) -> Recovery {
        detachMounts(in: journal.slot)
        // What was in it, and what it was to become, it keeps.
        let slot = try slots().first { $0.number == journal.slot }?.slot.untrusted
        if journal.isNew {
            try root.system(below: ".moss/states") { () throws(SystemError) in
                do throws(SystemError) {
                    try root.states.unlink(BytePath("\(journal.state)"))
                } catch {
                    guard error.number == .noSuchFile else { throw error }
                }
            }
        }
        try updating { (transaction) throws(StateError) in
            var control = try requiredControl(in: transaction)
            control.journal = nil
            try Self.put(control, &transaction)
            if journal.isNew { try removeRecord(of: journal.state, &transaction) }
            if let slot { try Self.put(slot, at: journal.slot, &transaction) }
        }
        return .forgotten(journal.state)
    }

    /// Removes files in `.moss/states` that no record knows, of states being written or removed when a command was
    /// stopped, half-written files in `.moss`, and a half-made database. Call it with the root's lock held, after ``recover()``.
    package func removeLeftovers() throws(StateError) {
        let known = try viewing { (transaction) throws(StateError) in
            Set(try states(in: transaction).map { BytePath("\($0.number)") })
        }
        try root.system(below: ".moss/states") { () throws(SystemError) in
            for entry in try root.states.entries() where !known.contains(entry.name) {
                try root.states.unlink(entry.name)
            }
        }
        try root.system(below: ".moss") { () throws(SystemError) in
            try root.moss.removeTemporaryFiles()
            try root.moss.removeTree(RootLayout.newDatabase)
        }
    }

    func removeRecord(of state: UInt64, _ transaction: inout WriteTransaction) throws(StateError) {
        do throws(DatabaseError) {
            try transaction.remove(state, in: StateBuckets.states)
        } catch {
            throw .database(error)
        }
    }

    /// Deletes states, of which none is the active one, and in the same transaction the records of what only they
    /// needed.
    ///
    /// Their files may come back after a power cut; the root's mark of a change, which must be on disk before, says so.
    package func remove(_ numbers: [UInt64], _ garbage: Garbage) throws(StateError) {
        if numbers.isEmpty && !garbage.hasRecords { return }
        if !numbers.isEmpty { try keepNextNumber() }
        try updating { (transaction) throws(StateError) in
            let active = try requiredControl(in: transaction).active
            for number in numbers {
                precondition(number != active, "the active state stays")
                try removeRecord(of: number, &transaction)
            }
            try Self.catchingStore { () throws(StoreError) in
                try GarbageCollector.removeRecords(of: garbage, in: &transaction)
            }
        }
        for number in numbers { try? root.states.unlink(BytePath("\(number)")) }
    }
}
