package import BytePath
internal import Digests
package import PackageModel

/// A lease as somebody else finds it.
package struct LeaseInformation: Hashable, Sendable {
    /// The file's name in `.moss/leases`.
    package let name: BytePath
    /// Whether some process still has it.
    package let isHeld: Bool
    /// Whether its text was understood; what an unreadable one pins is not known.
    package let isReadable: Bool
    package let description: LeaseDescription
    package let packages: [PackageID]
    /// Pinned besides the packages' own.
    package let objects: [ObjectID]
}
