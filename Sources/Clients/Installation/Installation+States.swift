package import BytePath
internal import ContentStore
internal import Digests
package import FileTree
internal import LMDB
package import PackageModel
package import States

/// What removing states gave back.
package struct FreedSpace: Hashable, Sendable {
    package var packages = 0
    package var objects = 0
    package var bytes: UInt64 = 0
}

/// Where a path of the active state comes from.
package struct Blame: Sendable {
    package let path: BytePath
    package let entry: TreeEntry
    /// nil for a file the tools wrote themselves, and for a directory no package names.
    package let package: PackageMetadata?
    /// The first state, going back without a gap, that has the entry just as it is.
    package let since: State
}

/// Removing states, and asking where things come from.
extension Installation {
    /// The states that keeping `keep` of them would remove: the oldest before the active one, or, with
    /// `includesNewer`, of all but the active one. The active one counts as kept.
    package func prunable(keep: Int, includesNewer: Bool) throws(InstallationError) -> [State] {
        let active = try activeState()
        let candidates = try states().filter {
            $0.number != active?.number && (includesNewer || $0.number < active?.number ?? 0)
        }
        return candidates.dropLast(max(0, keep - 1))
    }

    /// Removes states and everything that only they needed.
    package func removeStates(
        _ numbers: [UInt64], progress: @escaping ProgressHandler = { _ in }
    ) throws(InstallationError) -> FreedSpace {
        let active = try activeState()?.number
        for number in numbers {
            if number == active { throw .activeStateStays(number) }
            _ = try state(number)
        }
        try InstallationError.states { () throws(StateError) in try root.beginChange() }
        defer { root.endChange() }
        try InstallationError.states { () throws(StateError) in try stateStore.remove(numbers) }
        return try collect(progress)
    }

    /// Removes packages that no state has, and the objects and trees that nothing refers to.
    private func collect(_ progress: @escaping ProgressHandler) throws(InstallationError) -> FreedSpace {
        let states = try states()
        let roots = try InstallationError.states { () throws(StateError) in try stateStore.treesOnDisk() }
        let packages = states.reduce(into: Set<PackageID>()) { $0.formUnion($1.selections.map(\.package)) }
        var generated: Set<Digest128> = []
        for state in states {
            if case .regular(let digest, _)? = try entry(at: "lib/os-release", in: state)?.content {
                generated.insert(digest)
            }
        }
        let protected = generated
        let collected = try InstallationError.stored { () throws(StoreError) in
            try store.collect(keeping: packages, objects: protected, trees: states.map(\.tree) + roots) {
                progress(.advanced(.collecting, by: UInt64($0)))
            }
        }
        return FreedSpace(packages: collected.packages, objects: collected.objects, bytes: collected.bytes)
    }

    /// Says which package a path of the active state comes from, and since when.
    ///
    /// - Parameter path: below `/usr`, with or without that in front.
    package func blame(_ path: BytePath) throws(InstallationError) -> Blame {
        guard let active = try activeState() else { throw .noActiveState }
        let path = Self.belowUsr(path)
        guard let entry = try entry(at: path, in: active) else { throw .unknownPath(path) }
        var since = active
        while let parent = try? state(since.parent), try self.entry(at: path, in: parent) == entry { since = parent }
        return Blame(path: path, entry: entry, package: try owner(of: path, entry, in: active), since: since)
    }

    /// The entry at a path of a state, nil where there is none; links are not followed.
    package func entry(at path: BytePath, in state: State) throws(InstallationError) -> TreeEntry? {
        try InstallationError.stored { () throws(StoreError) in
            try store.readingTrees { lookup in try TreeDifference.entry(at: path, in: state.tree, lookup) }
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
                let bytes = try store.layoutBytes(of: selection.package, in: transaction)
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
