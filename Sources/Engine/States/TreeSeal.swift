package import BytePath
internal import LinuxSystem
internal import Storage

/// That a tree in `.moss/trees` was found unchanged while nobody had it, and that nobody has looked for it since.
///
/// Only the owner of the root can get there, and the tree has a random name that is new since then. Who lists the trees
/// to find it gives their directory another access time. That is set to a time of the past that nobody else sets, and
/// holds as long as the kernel runs: after a power cut it might not tell all. A copy of a root may have the time and is
/// another directory. Where a mount of the device does not note who lists, there are no seals.
///
/// Not noticed is an owner who takes the name from elsewhere and edits below it: from `/proc` of a program that was
/// started from that tree, from a tool that asked the kernel not to note its listing, or through a mount that is gone
/// again or in another namespace.
package struct TreeSeal: Hashable, Sendable {
    /// Of `.moss/trees`.
    let accessTime: Int64
    /// The same; whoever sets the access time back, or changes or renames what is there, changes this one.
    var changeTime: Int64 = 0
    let boot: UInt64
    /// Which directory `.moss/trees` was.
    let device: UInt64
    let inode: UInt64

    init(accessTime: Int64, boot: UInt64, device: UInt64, inode: UInt64) {
        self.accessTime = accessTime
        self.boot = boot
        self.device = device
        self.inode = inode
    }

    func encode(into writer: inout RecordWriter) {
        writer.put(accessTime)
        writer.put(changeTime)
        for number in [boot, device, inode] { writer.put(number) }
    }

    init(from reader: inout RecordReader) throws(DecodingFailure) {
        accessTime = try reader.integer()
        changeTime = try reader.integer()
        boot = try reader.integer()
        device = try reader.integer()
        inode = try reader.integer()
    }
}

extension RootDirectory {
    private static let treesName: BytePath = "trees"

    /// Begins a seal: everybody who lists the trees from now on breaks it. Nil where that would not be noticed.
    ///
    /// Whatever is to be sealed gets its name after this, is looked at after that, and counts if ``closed(_:)`` then.
    func beginSeal() -> TreeSeal? {
        guard let boot = bootNumber(), notesAccess, setRandomAccessTime() != nil else { return nil }
        // What the mount says is not all: some file systems note nothing.
        guard let before = try? trees.accessTime(), (try? moss.openDirectory(Self.treesName).entries()) != nil,
            let after = try? trees.accessTime(), after != before, let time = setRandomAccessTime(),
            let status = try? trees.status()
        else { return nil }
        return TreeSeal(accessTime: time, boot: boot, device: status.device, inode: status.inode)
    }

    /// The seal, to be recorded; nil where somebody has listed the trees since it was begun.
    func closed(_ seal: TreeSeal?) -> TreeSeal? {
        guard var seal, (try? trees.accessTime()) == seal.accessTime, let status = try? trees.status() else {
            return nil
        }
        seal.changeTime = status.changed
        return seal
    }

    private var notesAccess: Bool {
        guard moss.notesAccess, let device = try? trees.status().device else { return false }
        return (try? MountTable.notesAccess(on: device)) ?? false
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
        guard possession.isOwn, (try? trees.accessTime()) == seal.accessTime, let status = try? trees.status(),
            status.changed == seal.changeTime, status.device == seal.device, status.inode == seal.inode
        else { return false }
        return bootNumber() == seal.boot && notesAccess
    }

    /// The names in `.moss/trees`. Breaks no seal.
    package func treeNames() throws(StateError) -> [BytePath] {
        try system(below: ".moss") { () throws(SystemError) in
            try moss.entriesUnnoted(of: Self.treesName).map(\.name)
        }
    }
}
