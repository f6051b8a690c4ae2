package import BytePath
internal import LinuxSystem

/// Whose a root is, by the owners of its directories: what stands in a file could be anybody's word.
package enum Possession: Hashable, Sendable {
    /// This user's.
    case own
    /// The administrator's, whom everybody trusts: read as it is, without locks, never changed.
    case trusted(uid: UInt32)
    /// Wholly or in part another user's: nothing in it is believed before it was checked, no link in it is followed,
    /// and nothing in it is made, locked or changed.
    case foreign(part: BytePath, uid: UInt32)

    /// Whether what is read there may be believed.
    package var isTrusted: Bool { if case .foreign = self { false } else { true } }
    package var isOwn: Bool { self == .own }

    /// Directories whose owner could put anything below them into the place of what moss has there.
    private static let parts: [BytePath] = [
        "collections", "db", "downloads", "objects", "packages", "states", "trees",
    ]

    init(of root: borrowing Descriptor, _ moss: borrowing Descriptor) throws(SystemError) {
        let user = CurrentProcess.effectiveUser
        let isKnown = { (uid: UInt32) in uid == user || uid == 0 }
        let owner = try moss.status().uid
        guard isKnown(owner) else {
            self = .foreign(part: ".moss", uid: owner)
            return
        }
        let top = try root.status().uid
        guard isKnown(top) else {
            self = .foreign(part: "", uid: top)
            return
        }
        for part in Self.parts {
            // Nobody unknown can change the names here.
            guard let status = try moss.statusIfPresent(of: part), !isKnown(status.uid) else { continue }
            self = .foreign(part: BytePath(".moss").appending(part), uid: status.uid)
            return
        }
        self = owner == user ? .own : .trusted(uid: owner)
    }
}
