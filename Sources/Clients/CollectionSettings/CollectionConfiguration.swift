package import BytePath
package import WebAddress

/// One collection as configured.
package struct CollectionConfiguration: Hashable, Sendable {
    package var id: CollectionID
    package var description: String
    package var source: CollectionSource
    /// Further directories, of the same layout: each stands for the source's base, or for what the index lies in.
    package var mirrors: [WebAddress]
    /// What is said of who vouches for it; nil where nothing is, see ``trust``.
    package var declaredTrust: CollectionTrust?
    /// Higher is preferred.
    package var priority: UInt64
    package var isActive: Bool
    /// The file that defines it; nil where it was not read from one.
    package var origin: BytePath?

    package init(
        id: CollectionID, description: String = "", source: CollectionSource, mirrors: [WebAddress] = [],
        declaredTrust: CollectionTrust? = nil, priority: UInt64 = 0, isActive: Bool = true, origin: BytePath? = nil
    ) {
        self.id = id
        self.description = description
        self.source = source
        self.mirrors = mirrors
        self.declaredTrust = declaredTrust
        self.priority = priority
        self.isActive = isActive
        self.origin = origin
    }

    /// A direct source: `file:///DIR/stone.index`, `file:///DIR/`, a plain absolute path of either, or an index's URL.
    package init(
        id: CollectionID, description: String = "", uri: String, priority: UInt64 = 0, isActive: Bool = true,
        origin: BytePath? = nil
    ) {
        self.init(
            id: id, description: description, source: .direct(uri), priority: priority, isActive: isActive,
            origin: origin)
    }

    /// What identifies the source: the uri of a direct one. Setting it makes it direct.
    package var uri: String {
        get { source.text }
        set { source = .direct(newValue) }
    }

    /// Where it can be had: the source itself, then each mirror.
    package var places: [CollectionSource] { [source] + mirrors.map(source.at) }

    /// By falling priority, then by id: the order in which collections are asked.
    package static func precedes(_ left: CollectionConfiguration, _ right: CollectionConfiguration) -> Bool {
        left.priority != right.priority ? left.priority > right.priority : left.id < right.id
    }
}
