package import BytePath
package import LinuxSystem

/// What was written over a lower tree, read from the upper layer that received it.
package struct OverlayChanges: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        /// There is nothing at the path in the lower tree.
        case added
        /// The lower tree has something there, which was written to, replaced or given other permissions. Equal bytes
        /// count too: opening a file for writing is enough to copy it up.
        case changed
        /// A directory that hides all that the lower tree has below it; what it holds is told by further changes.
        case replaced
        /// The lower tree has something there that is not seen any more, with all below it.
        case removed
    }

    package struct Change: Hashable, Sendable {
        /// Relative to the layer, without a leading slash.
        package let path: BytePath
        package let kind: Kind
        /// What is there now; nil for what was removed.
        package let file: FileKind?

        package init(_ path: BytePath, _ kind: Kind, _ file: FileKind? = nil) {
            self.path = path
            self.kind = kind
            self.file = file
        }
    }

    /// What the lower tree has at a path.
    package struct Original: Hashable, Sendable {
        package let kind: FileKind
        /// Permission, setuid, setgid and sticky bits; nil when they do not matter.
        package let permissions: UInt32?

        package init(_ kind: FileKind, permissions: UInt32? = nil) {
            self.kind = kind
            self.permissions = permissions
        }
    }

    /// Sorted by path, a directory before what it holds.
    package let changes: [Change]

    package var isEmpty: Bool { changes.isEmpty }

    /// Reads the upper layer in `upper`, which must not be mounted any more or have nobody writing to it.
    ///
    /// A directory of the upper layer that also is a directory below is a change only where its permissions differ.
    ///
    /// - Parameter original: what the lower tree has at a path, or nil.
    package static func read(
        upper: BytePath, original: (BytePath) throws(SandboxError) -> Original?
    ) throws(SandboxError) -> OverlayChanges {
        var changes: [Change] = []
        // Paths still to be listed, with whether the lower tree is hidden there.
        var pending: [(path: BytePath, isHidden: Bool)] = [("", false)]
        while let (path, isHidden) = pending.popLast() {
            let layer = try UpperDirectory(upper.appending(path))
            for name in layer.names {
                let inner = path.appending(name)
                let item = try layer.item(name)
                let lower = isHidden ? nil : try original(inner)
                if let change = change(inner, item, lower) { changes.append(change) }
                if item.kind == .directory {
                    pending.append((inner, isHidden || item.isOpaque || lower?.kind != .directory))
                }
            }
        }
        return OverlayChanges(changes: changes.sorted { precedes($0.path, $1.path) })
    }

    private static func change(_ path: BytePath, _ item: UpperDirectory.Item, _ lower: Original?) -> Change? {
        if item.isWhiteout { return lower == nil ? nil : Change(path, .removed) }
        guard let lower else { return Change(path, .added, item.kind) }
        guard item.kind == .directory else { return Change(path, .changed, item.kind) }
        if item.isOpaque || lower.kind != .directory { return Change(path, .replaced, item.kind) }
        let isSame = lower.permissions.map { $0 == item.permissions } ?? true
        return isSame ? nil : Change(path, .changed, item.kind)
    }

    /// Component by component, so that a directory's contents follow it at once.
    private static func precedes(_ left: BytePath, _ right: BytePath) -> Bool {
        left.components.lexicographicallyPrecedes(right.components) { $0.lexicographicallyPrecedes($1) }
    }
}
