internal import LinuxSystem

extension FileStatus {
    /// The time of modification; 0 where it is less than two seconds old.
    ///
    /// The kernel's clock for files is coarse: a file written twice in a moment has one time for two contents.
    var settledModified: Int64 {
        currentTimeSeconds() - modifiedSeconds < 2 ? 0 : modified
    }
}
