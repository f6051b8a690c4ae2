internal import BytePath
internal import FileTree
package import Installation
internal import LinuxSystem
internal import ObjectStore
package import States

extension TreeListing {
    /// What the tree of `state` says must lie below `usr`: every path, kind, mode, owner, target, size and digest.
    package init(recorded state: State, in installation: Installation) throws {
        var entries: [Entry] = []
        let owners = installation.objects.ownership == .applied
        try installation.objects.readingTrees { lookup in
            try TreeDifference.forEachEntry(of: state.tree, lookup) { path, entry in
                var line = Entry(
                    path: path.appending(entry.name), kind: .directory, mode: entry.metadata.mode,
                    uid: owners ? entry.metadata.uid : 0, gid: owners ? entry.metadata.gid : 0, size: 0)
                switch entry.content {
                case .directory: break
                case .symlink(let target): (line.kind, line.linkTarget) = (.symlink, target)
                case .regular(let digest, let size):
                    (line.kind, line.digest, line.size) = (.regular, digest, size)
                    line.mode = entry.metadata.fileMode
                }
                entries.append(line)
            }
        }
        self.init(entries: entries)
    }
}

extension Installation {
    /// How the live `usr` differs from the tree of `state`, entry by entry; empty when it does not.
    package func differencesOfLiveTree(from state: State) throws -> [String] {
        let usr = try Descriptor.openDirectory(root.path)
        var lines: [String] = []
        let number = try usr.readFile("usr/.stateID")
        if number != Array("\(state.number)".utf8) {
            lines.append(".stateID is \(String(decoding: number, as: UTF8.self))")
        }
        var found = try TreeListing(of: root.path.appending("usr"))
        found.entries.removeAll { $0.path.isEmpty || $0.path == ".stateID" }
        return try lines + found.differences(from: TreeListing(recorded: state, in: self))
    }
}
