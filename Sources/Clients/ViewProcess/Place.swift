internal import BytePath
internal import LinuxSystem

/// A path without links, found out without asking a view for anything on the way: nobody knows whether it answers.
struct Place: Hashable {
    private(set) var path: BytePath = "/"
    /// What is mounted just here; the uppermost where there are several.
    let mount: MountTable.Mount?
    /// The mount that holds the place, without one just here.
    let holder: MountTable.Mount?

    /// - Parameter path: relative to the working directory unless absolute; below a view it is taken as it is written.
    init(_ path: BytePath) throws(SystemError) {
        try self.init(path, MountTable.read())
    }

    init(_ path: BytePath, _ mounts: [MountTable.Mount]) {
        let uppermost = Dictionary(mounts.map { ($0.path, $0) }) { _, later in later }
        var pending = (path.isAbsolute ? path : CurrentProcess.workingDirectory.appending(path)).components.reversed()
            .map { BytePath(bytes: Array($0)) }
        var place: BytePath = "/"
        var links = 0
        while let name = pending.popLast() {
            if name == "." { continue }
            if name == ".." {
                place = place.parent.isEmpty ? "/" : place.parent
                continue
            }
            let next = place.appending(name)
            // A mount point is no link, and what is a link inside a view is not this process's business.
            guard uppermost[next] == nil, Self.holder(of: next, uppermost)?.isView != true, links < Self.linkLimit,
                let target = Self.target(of: name, in: place)
            else {
                place = next
                continue
            }
            links += 1
            if target.isAbsolute { place = "/" }
            pending += target.components.reversed().map { BytePath(bytes: Array($0)) }
        }
        self.path = place
        mount = uppermost[place]
        holder = place == "/" ? nil : Self.holder(of: place, uppermost)
    }

    private static let linkLimit = 40

    private static func target(of name: BytePath, in directory: BytePath) -> BytePath? {
        try? Descriptor.open(directory, [.directory, .pathOnly]).readLink(name)
    }

    /// What is mounted nearest above `path`.
    private static func holder(of path: BytePath, _ mounts: [BytePath: MountTable.Mount]) -> MountTable.Mount? {
        var above = path
        while above.count > 1 {
            above = above.parent
            if let mount = mounts[above] { return mount }
        }
        return mounts["/"]
    }
}

extension MountTable.Mount {
    /// Whether some root's view is mounted here.
    var isView: Bool { type == Mountpoint.type }
}
