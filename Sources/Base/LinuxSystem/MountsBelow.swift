package import BytePath
internal import CLinux
import Glibc

/// What is mounted below a directory, on places of the mount that the directory itself is on.
package struct MountsBelow: Sendable {
    package struct Mount: Hashable, Sendable {
        /// From the directory.
        package let path: BytePath
        package let table: MountTable.Mount
    }

    /// From the root of the file system.
    package let directory: BytePath
    /// Those on the directory's own mount, in the order they were mounted. What is mounted on them comes along.
    package let uppermost: [Mount]
    /// Those, and what is mounted on them.
    package let count: Int
    /// Places that cannot be shown elsewhere as they are, and why.
    package let fixed: [(path: BytePath, reason: String)]

    package init(_ directory: borrowing Descriptor) throws(SystemError) {
        let place = try directory.canonicalPath()
        let own = try directory.mountIdentifier()
        let all = try MountTable.read().filter { $0.path != place && $0.path.isAtOrBelow(place) }
        var members = Set([own])
        var below: [MountTable.Mount] = []
        var rest = all
        while case let next = rest.filter({ members.contains($0.parent) }), !next.isEmpty {
            rest.removeAll { members.contains($0.parent) }
            members.formUnion(next.map(\.identifier))
            below += next
        }
        let direct = all.filter { $0.parent == own }
        self.directory = place
        let length = place.count == 1 ? 1 : place.count + 1
        uppermost = direct.map { Mount(path: BytePath(bytes: Array($0.path.bytes.dropFirst(length))), table: $0) }
        count = below.count
        var fixed: [(path: BytePath, reason: String)] = []
        for mount in direct {
            // The path leads to the last one, and to nothing that it covers.
            if below.contains(where: { $0 != mount && mount.path.isAtOrBelow($0.path) }) {
                fixed.append((mount.path, "another mount covers it"))
            }
        }
        for mount in below where mount.isUnbindable { fixed.append((mount.path, "it is mounted as unbindable")) }
        self.fixed = fixed
    }

    /// Whether the same is mounted there: file system and part of it.
    package func contains(_ other: Mount) -> Bool {
        uppermost.contains {
            $0.path == other.path && $0.table.device == other.table.device && $0.table.root == other.table.root
        }
    }

    /// Takes a mount and what is mounted on it away from its place, at once, and from nowhere else.
    package func detach(_ mount: Mount) throws(SystemError) {
        let place = directory.appending(mount.path)
        // Otherwise what is mounted on it goes wherever the same file system is shown.
        let isPrivate = place.withCString { moss_mount(nil, $0, nil, moss_MS_REC | moss_MS_PRIVATE, nil) }
        guard isPrivate == 0 else { throw .last("mount", place) }
        try MountTable.unmount(place, lazily: true)
    }
}
