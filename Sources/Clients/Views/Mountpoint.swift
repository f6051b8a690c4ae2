package import BytePath
internal import LinuxSystem

/// An empty directory on which nothing is mounted, by its path without links.
package struct Mountpoint: Hashable, Sendable {
    package let path: BytePath

    /// File systems of views, in the kernel's words.
    static let type = "fuse.moss"

    package init(_ path: BytePath) throws(ViewError) {
        // An ordinary user's view may have no lease by which it is found when it was killed.
        Views.detachIfDead(Views.canonical(path))
        let directory = try Self.open(path)
        let place = try ViewError.catching { () throws(SystemError) in try directory.canonicalPath() }
        let mounts = try ViewError.catching { () throws(SystemError) in try MountTable.read() }
        if let mount = mounts.last(where: { $0.path == place }) {
            let what = mount.type == Self.type ? "a view" : "a file system (\(mount.type))"
            throw ViewError(path, "\(what) is mounted here already", "unmount it first: moss umount \(path.display)")
        }
        guard try ViewError.catching({ () throws(SystemError) in try directory.entries() }).isEmpty else {
            throw ViewError(path, "the directory is not empty, and a view would hide what is in it", "use another")
        }
        self.path = place
    }

    private static func open(_ path: BytePath) throws(ViewError) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.openDirectory(path)
        } catch {
            throw error.number == .noSuchFile
                ? ViewError(path, "no such directory", "make it first: mkdir \(path.display)") : ViewError(error)
        }
    }
}
