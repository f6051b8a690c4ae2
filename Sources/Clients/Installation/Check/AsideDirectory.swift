internal import BytePath
internal import LinuxSystem
internal import States

/// Where one repair puts what is in its way: a directory in `.moss/lost+found`, made when the first thing goes there.
final class AsideDirectory {
    private let root: RootDirectory
    private let name = BytePath("check-\(currentTimeSeconds())-\(CurrentProcess.identifier)")
    private var isMade = false

    init(_ root: RootDirectory) {
        self.root = root
    }

    /// Below the root; nil while nothing is there.
    var path: BytePath? { isMade ? LostAndFound.path.appending(name) : nil }

    /// Opens the directory `path` in it, making it with its parents.
    func open(_ path: BytePath) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try make(path)
        } catch {
            let place = root.path.appending(LostAndFound.path).appending(name).appending(path)
            throw error.path.isAbsolute ? error : SystemError(error.number, call: error.call, path: place)
        }
    }

    private func make(_ path: BytePath) throws(SystemError) -> Descriptor {
        let keeper = try LostAndFound.open(root)
        try keeper.ensureDirectory(name, mode: 0o700)
        isMade = true
        var place = try keeper.openDirectory(name)
        for component in path.components {
            let name = BytePath(bytes: Array(component))
            try place.ensureDirectory(name, mode: 0o700)
            place = try place.openDirectory(name)
        }
        return place
    }

    /// Removes it where nothing is in it any more.
    func removeIfEmpty(_ subdirectory: BytePath) {
        guard isMade, let keeper = try? LostAndFound.open(root), let place = try? keeper.openDirectory(name) else {
            return
        }
        // A directory with something in it stays.
        try? place.removeDirectory(subdirectory)
        if (try? keeper.removeDirectory(name)) != nil { isMade = false }
    }

    /// Gives everything at `path` below `source` a second name here: files as hard links, directories made anew. The tree
    /// it comes from is not touched.
    func keep(_ path: BytePath, below source: borrowing Descriptor, in place: BytePath) throws(SystemError) {
        let parent = try open(place.appending(path.parent))
        try copy(path.lastComponent, from: source.openDirectory(path.parent.isEmpty ? "." : path.parent), to: parent)
    }

    /// Gives a file below `.moss` a second name here, under its path; a missing one has none.
    func keepFile(_ path: BytePath) throws(SystemError) {
        guard let status = try root.moss.statusIfPresent(of: path) else { return }
        let place = try open(path.parent)
        if status.kind == .directory { return try root.moss.rename(path, to: path.lastComponent, below: place) }
        do throws(SystemError) {
            try place.link(path, below: root.moss, to: path.lastComponent)
        } catch {
            // By an earlier step of this repair.
            guard error.number == .alreadyExists else { throw error }
        }
    }

    private func copy(
        _ name: BytePath, from source: borrowing Descriptor, to target: borrowing Descriptor
    ) throws(SystemError) {
        let status = try source.status(of: name)
        guard status.kind == .directory else {
            do throws(SystemError) {
                try target.link(name, below: source, to: name)
            } catch {
                guard error.number == .alreadyExists else { throw error }
            }
            return
        }
        try target.ensureDirectory(name, mode: 0o700)
        // What is mounted there is not the tree's, and stays where it is.
        let from = try source.descend(into: name)
        let to = try target.openDirectory(name)
        for entry in try from.entries() {
            do throws(SystemError) {
                try copy(entry.name, from: from, to: to)
            } catch {
                guard error.isWall else { throw error }
            }
        }
    }
}
