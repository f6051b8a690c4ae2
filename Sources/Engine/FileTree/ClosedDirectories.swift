package import BytePath
package import PackageModel

/// The directories of a package that others may not enter: what lies below them is theirs nowhere else either.
package struct ClosedDirectories {
    private let paths: Set<BytePath>

    package init(_ entries: [LayoutEntry]) {
        paths = Set(entries.lazy.filter { $0.kind == .directory && $0.mode & 0o001 == 0 }.map(\.path))
    }

    package func hold(_ path: BytePath) -> Bool {
        if paths.isEmpty { return false }
        var above = path.parent
        while !above.isEmpty {
            if paths.contains(above) { return true }
            above = above.parent
        }
        return false
    }

    /// Mode and owner that a file of the package is stored with.
    package func metadata(ofFile entry: LayoutEntry) -> EntryMetadata {
        .ofFile(entry.mode, uid: entry.uid, gid: entry.gid, isClosed: hold(entry.path))
    }
}
