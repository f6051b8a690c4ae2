package import BytePath

/// Looking for damage, and repairing it.
extension Installation {
    /// Checks the root at `path`: its database, objects, packages, states and trees.
    ///
    /// Holds the root's lock meanwhile, unless this user cannot; without `repairs` nothing is written but the place where
    /// a check with a budget goes on.
    ///
    /// - Parameters:
    ///   - waiting: called before this waits for another command; without it, that is an error.
    ///   - notice: told when a root of the format before is taken over, for a repair.
    package static func check(
        _ path: BytePath, _ options: CheckOptions, waiting: (@Sendable (String) -> Void)? = nil,
        notice: @escaping (String) -> Void = { _ in }, progress: @escaping ProgressHandler = { _ in }
    ) throws(InstallationError) -> CheckReport {
        try RootCheck.run(path, options, waiting: waiting, notice: notice, progress: progress)
    }
}
