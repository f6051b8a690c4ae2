internal import Blit
package import BytePath
internal import FileTree
internal import LinuxSystem
internal import ObjectStore
internal import PackageModel

/// What was in a tree and is no package's, and where it is now.
package struct KeptFiles: Hashable, Sendable {
    /// Whose tree it was; nil where that is not known.
    package let state: UInt64?
    /// The directory, below the root, in which it has the paths it had below `/usr`.
    package let place: BytePath
    /// A directory stands for everything below it.
    package let paths: [BytePath]
}

/// Files that somebody put below `/usr`. They stay in the tree that was live then, and when that goes, they are moved to
/// where they can be found.
extension StateStore {
    /// Moves out of a tree, which nobody uses, what is not moss's.
    ///
    /// - Parameter slot: says what the tree may hold; nil where any state's tree may be in it.
    func keepLocalFiles(in name: BytePath, _ slot: TreeSlot?) throws(StateError) -> KeptFiles? {
        let path = root.path.appending(".moss/trees").appending(name)
        guard let tree = try openTree(name, path) else { return nil }
        var found: [BytePath] = []
        let made = slot?.content?.mountPoints ?? []
        if let slot, !slot.trees.isEmpty { found = try localEntries(in: tree, path, slot.trees, made) }
        // What is not of the tree may still be of another state's, that the record does not know of.
        if slot?.trees.isEmpty != false || !found.isEmpty {
            found = try localEntries(in: tree, path, allTrees() + (slot?.trees ?? []), made)
        }
        if found.isEmpty { return nil }
        let state = (try? tree.readFile(BytePath(RootDirectory.stateFileName), limit: 32)).flatMap {
            UInt64(String(decoding: $0, as: UTF8.self))
        }
        let paths = found
        return try StateError.at(path) { () throws(SystemError) in
            let name = try LostAndFound.makeDirectory(root, state.map { "state-\($0)" } ?? "tree")
            let place = try LostAndFound.open(root).openDirectory(name)
            for path in paths { try Self.move(path, from: tree, to: place) }
            return KeptFiles(state: state, place: LostAndFound.path.appending(name), paths: paths)
        }
    }

    /// nil where there is no directory: a file in the place of a tree is nobody's.
    private func openTree(_ name: BytePath, _ path: BytePath) throws(StateError) -> Descriptor? {
        do throws(SystemError) {
            return try root.trees.descend(into: name)
        } catch {
            // Of what cannot be opened now nothing is known.
            guard [.noSuchFile, .notDirectory, .loop].contains(error.number) else { throw .system(error.below(path)) }
            return nil
        }
    }

    private func localEntries(
        in tree: borrowing Descriptor, _ path: BytePath, _ trees: [TreeID], _ mountPoints: [BytePath]
    ) throws(StateError) -> [BytePath] {
        try StateError.blitting(path) { () throws(BlitError) in
            try Blitter(objects).localEntries(
                in: tree, besides: trees, extraNames: [RootDirectory.stateFileName], mountPoints: mountPoints)
        }
    }

    private func allTrees() throws(StateError) -> [TreeID] {
        try viewing { (transaction) throws(StateError) in
            let live = try requiredControl(in: transaction).live.tree
            return Set(try states(in: transaction).map(\.tree) + [live]).sorted()
        }
    }

    /// One rename, with the directories above made anew: whatever it is, and however large, it is not copied.
    private static func move(
        _ path: BytePath, from tree: borrowing Descriptor, to place: borrowing Descriptor
    ) throws(SystemError) {
        var from = try tree.duplicate()
        var target = try place.duplicate()
        for component in path.parent.components {
            let name = BytePath(bytes: Array(component))
            from = try from.descend(into: name)
            try target.ensureDirectory(name, mode: 0o700)
            target = try target.openDirectory(name)
        }
        do throws(SystemError) {
            try from.rename(path.lastComponent, to: path.lastComponent, below: target)
        } catch {
            throw SystemError(error.number, call: error.call, path: path)
        }
    }

    /// What is below the live `/usr` and is no package's, as far as a few looks tell: in the top directory, and in those of
    /// its subdirectories that were changed since the tree was made live. The rest is found when the tree goes.
    package func visibleLocalEntries() throws(StateError) -> [BytePath] {
        let live = try viewing { (transaction) throws(StateError) in try requiredControl(in: transaction).live }
        guard live.stamp != 0, let usr = try? root.root.descend(into: "usr") else { return [] }
        // What is mounted comes along, and so do the places for it.
        let mounted = try mountsBelowUsr()?.uppermost.map(\.path) ?? []
        do throws(StoreError) {
            return try objects.readingTrees { lookup in
                let top = try Directory(lookup(live.tree), id: live.tree).entries()
                var found: [BytePath] = []
                let names = (try? usr.entries().map(\.name)) ?? []
                let known = Set(top.map(\.name) + [BytePath(RootDirectory.stateFileName)])
                found += names.filter { !known.contains($0) }
                for entry in top {
                    guard let tree = entry.tree, let status = try? usr.status(of: entry.name),
                        status.kind == .directory, status.changed > live.stamp,
                        let directory = try? usr.descend(into: entry.name), let names = try? directory.entries()
                    else { continue }
                    let known = Set(try Directory(lookup(tree), id: tree).entries().map(\.name))
                    found += names.map(\.name).filter { !known.contains($0) }.map { entry.name.appending($0) }
                }
                return found.filter { path in
                    !live.mountPoints.contains(path) && !mounted.contains { $0.isAtOrBelow(path) }
                }.sorted()
            }
        } catch {
            throw .store(error)
        }
    }
}
