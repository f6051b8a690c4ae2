package import BytePath

/// One collection as configured.
package struct CollectionConfiguration: Hashable, Sendable {
    package var id: CollectionID
    package var description: String
    /// `file:///DIR/stone.index`, `file:///DIR/`, or a plain absolute path of either.
    package var uri: String
    /// Higher is preferred.
    package var priority: UInt64
    package var isActive: Bool
    /// The file that defines it; nil where it was not read from one.
    package var origin: BytePath?

    package init(
        id: CollectionID, description: String = "", uri: String, priority: UInt64 = 0, isActive: Bool = true,
        origin: BytePath? = nil
    ) {
        self.id = id
        self.description = description
        self.uri = uri
        self.priority = priority
        self.isActive = isActive
        self.origin = origin
    }

    /// By falling priority, then by id: the order in which collections are asked.
    package static func precedes(_ left: CollectionConfiguration, _ right: CollectionConfiguration) -> Bool {
        left.priority != right.priority ? left.priority > right.priority : left.id < right.id
    }
}
