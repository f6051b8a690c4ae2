package import States

/// What a command is doing, for whoever shows it. Comes from several threads.
package enum ProgressEvent: Hashable, Sendable {
    case phase(Phase, total: UInt64)
    /// So much more of the phase is done.
    case advanced(Phase, by: UInt64)
    /// Files that are no package's were in the way and are elsewhere now.
    case found(KeptFiles)

    package enum Phase: String, Hashable, Sendable {
        /// Files on their way here, in bytes.
        case fetching
        /// Contents going into the store, in bytes.
        case unpacking
        /// A spare that the last command left to be prepared, or trees being removed; no amount is known.
        case waiting
        /// The tree being written, in entries.
        case staging
        /// Objects being removed, in bytes.
        case collecting
        /// Names, kinds, sizes and owners of files being looked at, in files.
        case checking
        /// Contents being read and held against their names, in bytes.
        case verifying
        /// Things that are wrong being put right.
        case repairing
        /// The database being made anew, in packages and states.
        case rebuilding
    }
}

package typealias ProgressHandler = @Sendable (ProgressEvent) -> Void
