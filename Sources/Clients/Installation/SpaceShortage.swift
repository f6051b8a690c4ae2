package import BytePath

/// Room that a change needs and its file system does not have.
package struct SpaceShortage: Hashable, Sendable, CustomStringConvertible {
    package enum Resource: String, Sendable { case bytes, inodes }

    package let root: BytePath
    /// Where the file system is mounted.
    package let fileSystem: BytePath
    package let resource: Resource
    /// What the change takes, and what it must leave to others.
    package let needed: UInt64
    package let available: UInt64
    /// Whether that was noticed only when there was none left. What the change had written is gone again.
    package var isAfterwards = false

    package init(
        root: BytePath, fileSystem: BytePath, resource: Resource, needed: UInt64, available: UInt64
    ) {
        self.root = root
        self.fileSystem = fileSystem
        self.resource = resource
        self.needed = needed
        self.available = available
    }

    package var missing: UInt64 { needed > available ? needed - available : 0 }

    package var description: String {
        let place = "\(root): the file system at \(fileSystem) "
        let numbers = "\(available) \(resource.rawValue) free, this change needs \(needed)"
        if missing == 0 { return "\(place)was full for a while; it has \(numbers): run the command again" }
        let advice = "remove states (`moss state prune`), collect garbage (`moss gc`) or free space otherwise"
        return place + (isAfterwards ? "filled up meanwhile; it has " : "has ") + numbers
            + ", \(missing) more; \(advice) and run the command again"
    }
}
