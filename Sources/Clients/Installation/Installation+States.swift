package import BytePath
package import FileTree
internal import ObjectStore
internal import PackageCatalog
package import PackageModel
package import States

/// Where a path of the active state comes from.
package struct Blame: Sendable {
    package let path: BytePath
    package let entry: TreeEntry
    /// nil for a file the tools wrote themselves, and for a directory no package names.
    package let package: PackageMetadata?
    /// What made it of the tree, where that is known of it.
    package let origin: GeneratedEntry.Origin?
    /// The first state, going back without a gap, that has the entry just as it is.
    package let since: State
}

/// Asking where things come from.
extension Installation {
    /// Says which package a path of the active state comes from, and since when.
    ///
    /// - Parameter path: below `/usr`, with or without that in front.
    package func blame(_ path: BytePath) throws(InstallationError) -> Blame {
        guard let active = try activeState() else { throw .noActiveState }
        let path = Self.belowUsr(path)
        guard let entry = try entry(at: path, in: active) else { throw .unknownPath(path) }
        var since = active
        while let parent = try stateIfKnown(since.parent), try self.entry(at: path, in: parent) == entry {
            since = parent
        }
        let made = active.generated?.first { $0.path == path && $0.entry == entry }
        return Blame(
            path: path, entry: entry, package: made == nil ? try owner(of: path, entry, in: active) : nil,
            origin: made?.origin, since: since)
    }

    /// nil for a state that was removed, and for none; one that cannot be read is an error, as the answer would be wrong.
    private func stateIfKnown(_ number: UInt64) throws(InstallationError) -> State? {
        do throws(InstallationError) {
            return try state(number)
        } catch {
            if case .state(.unknownState) = error { return nil }
            throw error
        }
    }

    /// The entry at a path of a state, nil where there is none; links are not followed.
    package func entry(at path: BytePath, in state: State) throws(InstallationError) -> TreeEntry? {
        try InstallationError.stored { () throws(StoreError) in
            try objects.readingTrees { lookup in try TreeDifference.entry(at: path, in: state.tree, lookup) }
        }
    }

    private static func belowUsr(_ path: BytePath) -> BytePath {
        var components = path.components
        if path.isAbsolute, components.first?.elementsEqual("usr".utf8) == true { components.removeFirst() }
        return BytePath(bytes: Array(components.joined(separator: [UInt8(ascii: "/")])))
    }

    /// The package whose layout has the path; one whose files were moved through a link is known by name and content.
    private func owner(
        of path: BytePath, _ entry: TreeEntry, in state: State
    ) throws(InstallationError) -> PackageMetadata? {
        let owner = try viewingStore { (transaction) throws(StoreError) -> PackageID? in
            var moved: PackageID?
            for selection in state.selections {
                let bytes = try catalog.layoutBytes(of: selection.package, in: transaction)
                do throws(TreeError) {
                    switch try LayoutSearch.find(entry, at: path, in: bytes) {
                    case .exact: return selection.package
                    case .elsewhere where !state.redirects.isEmpty: moved = selection.package
                    case .elsewhere, .absent: continue
                    }
                } catch {
                    throw .tree(error)
                }
            }
            return moved
        }
        guard let owner else { return nil }
        return try metadata(of: owner)
    }
}

/// Looks for an entry in a package's layout.
private enum LayoutSearch {
    enum Result {
        case exact
        /// The same name with the same content in another directory.
        case elsewhere
        case absent
    }

    static func find(
        _ entry: TreeEntry, at path: BytePath, in layout: UnsafeRawBufferPointer
    ) throws(TreeError) -> Result {
        let parent = path.parent
        var result = Result.absent
        var groups = try LayoutGroups(layout)
        while let group = try groups.next() {
            let isParent = group.path.elementsEqual(parent.bytes)
            var records = group.records
            while let record = try records.next() {
                guard record.name.elementsEqual(entry.name.bytes), record.kind == entry.kind else { continue }
                if isParent && (record.isDirectory || record.entry == entry) { return .exact }
                if !record.isDirectory && record.entry == entry { result = .elsewhere }
            }
        }
        return result
    }
}
