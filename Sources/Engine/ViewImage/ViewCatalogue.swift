package import BytePath
package import LinuxSystem

/// Directories of trees that come and go while a view shows them: whoever serves a view of them asks this.
///
/// Paths are relative to the top and have no links in them; the top itself is the empty path. Questions may come from
/// several threads, and every answer holds for its moment only.
package protocol ViewCatalogue: Sendable {
    /// What is at `path` now; nil for nothing. Throws where that cannot be found out.
    func entry(at path: BytePath) throws -> ViewCatalogueEntry?

    /// What is in the directory `path` now.
    func children(of path: BytePath) throws -> [(name: BytePath, entry: ViewCatalogueEntry)]

    /// A ``ViewImage`` of the tree at `path`, in a memory file; what it shows stays readable until ``end()``.
    func image(at path: BytePath) throws -> Descriptor

    /// The view has ended.
    func end()
}

/// What a path of a ``ViewCatalogue`` can be.
package enum ViewCatalogueEntry: Hashable, Sendable {
    case directory
    case link(BytePath)
    /// A tree that never changes; another one at the same path has another identity.
    case tree(identity: BytePath)
}
