package import BytePath
package import FileTree
internal import ObjectStore
internal import PackageCatalog
internal import PackageModel
package import States

/// What separates two states: packages, and paths below `/usr`.
package struct StateDifference: Sendable {
    /// In the second state only, by name; a package in another version is also here.
    package let added: [InstalledPackage]
    /// In the first state only, by name; a package in another version is also here.
    package let removed: [InstalledPackage]
    package let entries: Plan.EntryCounts
}

extension Installation {
    /// How `new` differs from `old`; nil stands for nothing at all.
    package func difference(_ old: State?, _ new: State) throws(InstallationError) -> StateDifference {
        let before = Set(old?.selections.map(\.package) ?? [])
        let after = Set(new.selections.map(\.package))
        let added = try packages(of: new, where: { !before.contains($0) })
        let removed = try old.map { (old) throws(InstallationError) in
            try packages(of: old, where: { !after.contains($0) })
        }
        return StateDifference(
            added: added, removed: removed ?? [], entries: try countEntries(from: old, to: new.tree).0)
    }

    private func packages(
        of state: State, where isWanted: (PackageID) -> Bool
    ) throws(InstallationError) -> [InstalledPackage] {
        let wanted = state.selections.filter { isWanted($0.package) }
        return try viewingStore { (transaction) throws(StoreError) in
            var packages: [InstalledPackage] = []
            for selection in wanted {
                packages.append(
                    InstalledPackage(
                        id: selection.package, metadata: try catalog.metadata(of: selection.package, in: transaction),
                        isExplicit: selection.isExplicit))
            }
            return packages.sortedVerbatim(by: \.metadata.name)
        }
    }

    /// Calls `body` for every path that differs, in the trees' order; a directory's contents one by one.
    package func forEachDifferingPath(
        _ old: State?, _ new: State, _ body: (BytePath, TreeChange) -> Void
    ) throws(InstallationError) {
        try InstallationError.stored { () throws(StoreError) in
            try objects.readingTrees { lookup in
                try TreeDifference.walk(from: old?.tree ?? Directory.empty.id, to: new.tree, lookup) { path, change in
                    body(path, change)
                    guard let (entry, below) = change.subtree else { return }
                    try TreeDifference.forEachEntry(of: below, at: path.appending(entry.name), lookup) {
                        if case .added = change { body($0, .added($1)) } else { body($0, .removed($1)) }
                    }
                }
            }
        }
    }
}

extension TreeChange {
    /// The directory that comes or goes as a whole, and its tree.
    fileprivate var subtree: (TreeEntry, TreeID)? {
        switch self {
        case .added(let entry), .removed(let entry): entry.tree.map { (entry, $0) }
        case .changed: nil
        }
    }
}
