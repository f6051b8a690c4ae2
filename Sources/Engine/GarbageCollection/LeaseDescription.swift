package import BytePath

/// Who holds a lease, and for what; information for people and for those who clean up.
package struct LeaseDescription: Hashable, Sendable {
    /// The process as it numbers itself.
    package var process: Int32
    /// Absolute; where what is pinned is mounted.
    package var mountpoint: BytePath
    /// What is shown there: `state 12`.
    package var shows: String

    package init(process: Int32, mountpoint: BytePath, shows: String) {
        self.process = process
        self.mountpoint = mountpoint
        self.shows = shows
    }
}
