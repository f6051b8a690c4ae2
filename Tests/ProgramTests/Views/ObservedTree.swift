import BytePath
import LinuxSystem
import TestSupport

/// A directory as programs see it: its listing, which names are one file, and the files' times.
struct ObservedTree {
    private(set) var listing: TreeListing
    /// The paths of files with several, each set one inode.
    private(set) var shared: Set<Set<BytePath>>
    /// What is not as it must be in any file system.
    let problems: [String]
    private let times: [BytePath: Int64]

    /// - Parameter unwanted: paths to leave out; the top itself is left out always.
    init(_ directory: BytePath, except unwanted: Set<BytePath> = []) throws {
        let found = try TreeListing(of: directory)
        listing = TreeListing(entries: found.entries.filter { !$0.path.isEmpty && !unwanted.contains($0.path) })
        let top = try Descriptor.openDirectory(directory)
        var inodes: [UInt64: Set<BytePath>] = [:]
        var times: [BytePath: Int64] = [:]
        for entry in listing.entries where entry.kind == .regular {
            let status = try top.status(of: entry.path)
            inodes[status.inode, default: []].insert(entry.path)
            times[entry.path] = status.modifiedSeconds
        }
        self.times = times
        shared = Set(inodes.values.filter { $0.count > 1 })
        problems = try Self.problems(of: top, listing)
    }

    /// Numbers of inodes in directories and in `stat`, sizes of links, and links of directories.
    private static func problems(of top: borrowing Descriptor, _ listing: TreeListing) throws -> [String] {
        var problems: [String] = []
        for entry in listing.entries {
            let status = try top.status(of: entry.path)
            if let target = entry.linkTarget, status.size != target.count { problems.append("\(entry): size") }
            guard entry.kind == .directory else { continue }
            var subdirectories: UInt64 = 0
            for child in try top.openDirectory(entry.path).entries() {
                let own = try top.status(of: entry.path.appending(child.name))
                if child.inode != own.inode || child.kind != own.kind { problems.append("\(entry): \(child)") }
                if own.kind == .directory { subdirectories += 1 }
            }
            if status.linkCount != 2 + subdirectories { problems.append("\(entry): \(status.linkCount) links") }
        }
        return problems
    }

    /// How this differs from `other`, one line each.
    func differences(from other: ObservedTree) -> [String] {
        var lines = listing.differences(from: other.listing)
        for (path, time) in times where other.times[path] != time {
            lines.append("\(path): time \(time), not \(other.times[path] ?? 0)")
        }
        for paths in shared.symmetricDifference(other.shared) {
            lines.append("one file here, several there: \(paths.sorted())")
        }
        return lines
    }
}
