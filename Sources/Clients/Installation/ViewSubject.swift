package import FileTree
package import PackageModel

/// What is to be shown.
package enum ViewSubject: Hashable, Sendable {
    case active
    case state(UInt64)
    /// What these changes, one after the other, would make of the active state.
    case candidate([Change])
    /// One package alone.
    case package(PackageID)
    /// What is in one of two states only, or in both but not the same.
    case difference(from: UInt64, to: UInt64, DifferenceTrees.Part)
}
