internal import LinuxSystem
internal import States
internal import Storage

/// Roots of the format before become ones of today's.
package enum TakeOver {
    package static let notice =
        "the records of this root were brought to a new format, and earlier versions of moss refuse it from now on"

    /// Translates the records of a root of the format before.
    ///
    /// They change in one update of the database: stopped before that, or without space for it, the root is what it was
    /// to this version, and the next command tries again.
    static func run(
        _ root: RootDirectory, _ database: Database, _ notice: (String) -> Void
    ) throws(InstallationError) {
        try InstallationError.states { () throws(StateError) in
            let isNeeded = try StateError.database { () throws(DatabaseError) in try database.isOfFormerFormat }
            guard isNeeded || root.format != .current else { return }
            // Tidying writes records without the root's lock, an earlier version's perhaps in its own format.
            let lock = try root.lockTrees(holder: "process \(CurrentProcess.identifier) (taking over)") {
                notice("waiting for \($0)")
            }
            defer { lock.hold() }
            let isDone = try root.takingOver { () throws(StateError) in
                try StateError.database { () throws(DatabaseError) in try database.takeOver() }
            }
            if isDone { notice(self.notice) }
        }
    }
}
