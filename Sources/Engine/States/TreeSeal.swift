package import BytePath
internal import LinuxSystem
internal import Storage

/// That a tree in `.moss/trees` was found unchanged while nobody had it, and that nobody but moss got into it since.
///
/// The tree has a random name that is new since then, so only who lists the trees can find it; a directory that is listed
/// gets another access time. That is set to a time of the past that nobody else sets, and holds as long as the kernel
/// runs: after a power cut it might not tell all. A copy of a root may have the time and is another directory. Where
/// listing leaves no trace there are no seals.
package struct TreeSeal: Hashable, Sendable {
    /// Of `.moss/trees`.
    let accessTime: Int64
    let boot: UInt64
    /// Which directory `.moss/trees` was.
    let device: UInt64
    let inode: UInt64
}

extension RootDirectory {
    private static let treesName: BytePath = "trees"

    /// Begins a seal: everybody who lists the trees from now on breaks it. Nil where that would not be noticed.
    ///
    /// Whatever is to be sealed gets its name after this, is looked at after that, and counts if ``holds(_:)`` then.
    func makeSeal() -> TreeSeal? {
        guard let boot = bootNumber(), moss.notesAccess, setRandomAccessTime() != nil else { return nil }
        // What the mount says is not all: some file systems note nothing.
        guard let before = try? trees.accessTime(), (try? moss.openDirectory(Self.treesName).entries()) != nil,
            let after = try? trees.accessTime(), after != before, let time = setRandomAccessTime(),
            let status = try? trees.status()
        else { return nil }
        return TreeSeal(accessTime: time, boot: boot, device: status.device, inode: status.inode)
    }

    /// - Returns: what the file system made of it, in nanoseconds.
    private func setRandomAccessTime() -> Int64? {
        // Between 1970 and 1980, so that every listing is later.
        let seconds = Int64.random(in: 1...300_000_000)
        guard (try? moss.setAccessTime(seconds, of: Self.treesName)) != nil,
            let time = try? trees.accessTime(), time == seconds * 1_000_000_000
        else { return nil }
        return time
    }

    /// Whether nobody has listed the trees since.
    func holds(_ seal: TreeSeal) -> Bool {
        guard possession.isOwn, moss.notesAccess, (try? trees.accessTime()) == seal.accessTime,
            let status = try? trees.status()
        else { return false }
        return status.device == seal.device && status.inode == seal.inode && bootNumber() == seal.boot
    }

    /// The names in `.moss/trees`. Breaks no seal.
    package func treeNames() throws(StateError) -> [BytePath] {
        try system(below: ".moss") { () throws(SystemError) in
            try moss.entriesUnnoted(of: Self.treesName).map(\.name)
        }
    }
}
