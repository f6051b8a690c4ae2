package import BytePath
internal import LinuxSystem

/// An empty directory on which nothing is mounted, by its path without links.
///
/// Somebody else may mount there at the same time: the process that serves the view looks again.
package struct Mountpoint: Hashable, Sendable {
    package let path: BytePath

    /// File systems of views, in the kernel's words.
    static let type = "fuse.moss"

    package init(_ path: BytePath) throws(ViewError) {
        // An ordinary user's view may have no lease by which it is found when it was killed.
        ViewProcess.detachIfDead(try Self.place(path).path)
        let place = try Self.free(path)
        if let view = place.holder, view.isView {
            throw ViewError(
                path, "this is inside the view at \(view.path.display), which would not end before this one",
                "use a directory outside")
        }
        try Self.refuseRoots(place.path, path)
        let directory = try Self.open(place.path, path)
        guard try ViewError.catching({ () throws(SystemError) in try directory.entries() }).isEmpty else {
            // What was opened may be what somebody has mounted meanwhile.
            _ = try Self.free(path)
            throw ViewError(path, "the directory is not empty, and a view would hide what is in it", "use another")
        }
        self.path = place.path
    }

    /// The place, if nothing is mounted just there.
    private static func free(_ path: BytePath) throws(ViewError) -> Place {
        let place = try place(path)
        guard let mount = place.mount else { return place }
        let what = mount.isView ? "a view" : "a file system (\(mount.type))"
        let advice = mount.isView ? "unmount it first: moss umount \(path.display)" : "use another directory"
        throw ViewError(path, "\(what) is mounted here already", advice)
    }

    private static func place(_ path: BytePath) throws(ViewError) -> Place {
        try ViewError.catching { () throws(SystemError) in try Place(path) }
    }

    /// What a root is made of is exchanged, patched and removed by its commands, so nothing is mounted below that.
    private static func refuseRoots(_ place: BytePath, _ path: BytePath) throws(ViewError) {
        var above = place
        while above.count > 1 {
            let name = above.lastComponent
            above = above.parent
            guard name == "usr" || name == ".moss", CurrentProcess.exists(above.appending(".moss/format")) else {
                continue
            }
            throw ViewError(
                path, "this is below \(above.appending(name).display), which belongs to a root's own commands",
                "use a directory outside")
        }
    }

    private static func open(_ place: BytePath, _ path: BytePath) throws(ViewError) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.openDirectory(place)
        } catch {
            throw error.number == .noSuchFile
                ? ViewError(path, "no such directory", "make it first: mkdir \(path.display)") : ViewError(error)
        }
    }
}
