internal import BytePath
internal import LinuxSystem

/// Marks: files in `.moss` whose presence says what the next command has to look for.
extension RootDirectory {
    private static let changeMark: BytePath = "changing"
    private static let sweepMark: BytePath = "unswept"
    private static let reserveName: BytePath = "reserve"

    /// Notes that a change begins, so that the next command looks for what a stop may have left. Call it with the lock
    /// held.
    ///
    /// - Parameters:
    ///   - bringsObjects: whether a stop may leave objects; otherwise the mark has a byte in it.
    ///   - durable: wait for the mark to be on disk; for changes of the database that others have to follow, as a
    ///     commit does not take the mark along.
    package func beginChange(bringsObjects: Bool = true, durable: Bool = false) throws(StateError) {
        try system(below: ".moss") { () throws(SystemError) in
            let mark = try moss.makeFile(Self.changeMark, [.write, .truncate])
            if !bringsObjects { try mark.write([UInt8(ascii: "-")]) }
            if durable { try moss.syncDirectory() }
        }
    }

    package func endChange() {
        // A mark that stays costs the next command one look through the directories.
        try? moss.unlink(Self.changeMark)
    }

    /// Ends a change that failed or was stopped: what it brought may be in the store without a record.
    package func abandonChange() {
        // A mark that cannot be looked at stays, and costs the next command one look through the directories.
        guard let mark = try? moss.status(of: Self.changeMark) else { return }
        if mark.size == 0 {
            try? moss.rename(Self.changeMark, to: Self.sweepMark)
        } else {
            endChange()
        }
    }

    /// Whether a change has begun and not ended: one is under way, or was cut short.
    package func isChangePending() throws(StateError) -> Bool {
        try system(below: ".moss") { () throws(SystemError) in try moss.statusIfPresent(of: Self.changeMark) != nil }
    }

    /// Whether objects may be in the store that no record names.
    package func needsFullSweep() throws(StateError) -> Bool {
        try system(below: ".moss") { () throws(SystemError) in try moss.statusIfPresent(of: Self.sweepMark) != nil }
    }

    /// Notes that objects may be in the store that no record names.
    package func requireFullSweep() throws(StateError) {
        _ = try system(below: ".moss") { () throws(SystemError) in try moss.makeFile(Self.sweepMark, .write) }
    }

    package func markSwept() {
        // A mark that stays costs the next collection one look through the store.
        try? moss.unlink(Self.sweepMark)
    }

    // MARK: Reserve

    private static let reserveByteCount: ClosedRange<UInt64> = 256 << 10...4 << 20

    /// Sets space aside where there is plenty, so that a full disk can still be emptied: removing records takes space
    /// before it gives any back.
    ///
    /// - Parameter evenIfTight: take what little there is, after the reserve was given up for something else.
    package func keepReserve(evenIfTight: Bool = false) {
        // A convenience: without it, collecting on a full disk may need a file removed by hand first.
        guard (try? moss.statusIfPresent(of: Self.reserveName)) == .some(nil),
            let space = try? moss.fileSystemStatus(),
            case let share = evenIfTight ? space.availableBytes / 2 : space.availableBytes / 16,
            share >= (evenIfTight ? 64 << 10 : Self.reserveByteCount.lowerBound),
            let file = try? moss.makeFile(Self.reserveName, .write, mode: 0o600)
        else { return }
        do throws(SystemError) {
            try file.allocate(min(share, Self.reserveByteCount.upperBound))
        } catch {
            try? moss.unlink(Self.reserveName)
        }
    }

    /// What giving up the reserve would give back.
    package var reservedBytes: UInt64 { (try? moss.statusIfPresent(of: Self.reserveName)?.size) ?? 0 }

    /// - Returns: whether there was something to give up.
    package func giveUpReserve() -> Bool {
        (try? moss.unlink(Self.reserveName)) != nil
    }
}
