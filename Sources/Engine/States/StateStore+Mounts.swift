internal import Blit
internal import BytePath
internal import Failures
package import LinuxSystem

/// What is mounted below `/usr` comes along to the tree that takes its place.
///
/// Before the exchange a second mount of each goes to the same place in the staged tree, so that `/usr` is never seen
/// without them; after it those of the former tree are taken away. Moving them would not work where mounts are shared
/// with other namespaces, as they are on most systems. After a stop in between both trees have them, and ``recover()``
/// takes away those of the tree that is not live.
extension StateStore {
    /// What is mounted below `/usr`, or nil where there is nothing of the kind. Refuses what cannot come along.
    package func mountsToCarry() throws(StateError) -> MountsBelow? {
        guard let mounts = try mountsBelowUsr() else { return nil }
        let subjects = mounts.uppermost.map { mounts.directory.appending($0.path) }
        if let fixed = mounts.fixed.first { throw .mountsStay([fixed.path], fixed.reason) }
        guard CurrentProcess.isSystemAdministrator else {
            throw .mountsStay(subjects, "only root may mount it in the new /usr as well")
        }
        for mount in mounts.uppermost {
            let place = mounts.directory.appending(mount.path)
            do throws(SystemError) {
                _ = try DetachedMounts(copying: place)
            } catch {
                throw .mountsStay([place], "it cannot be mounted a second time: \(error.number.message)")
            }
        }
        return mounts
    }

    /// The same for telling about it.
    package func mountsBelowUsr() throws(StateError) -> MountsBelow? {
        let usr: Descriptor
        do throws(SystemError) {
            usr = try root.root.open("usr", [.directory, .noFollow, .pathOnly])
        } catch {
            return nil
        }
        do throws(SystemError) {
            let mounts = try MountsBelow(usr)
            return mounts.uppermost.isEmpty ? nil : mounts
        } catch {
            // Without /proc nobody knows; a tree that anything is mounted in counts as used then.
            if error.number == .noSuchFile { return nil }
            throw .system(error.below(root.path))
        }
    }

    /// Makes the places in a staged tree that it lacks.
    ///
    /// - Returns: those that were made, parents first.
    func makeMountPoints(
        for mounts: MountsBelow, in place: borrowing Descriptor, _ fingerprint: TreeFingerprint
    ) throws(StateError) -> [BytePath] {
        var made: [BytePath] = []
        for mount in mounts.uppermost {
            let whole = mounts.directory.appending(mount.path)
            do throws(SystemError) {
                let isDirectory = try Descriptor.open(whole, [.pathOnly, .noFollow]).status().kind == .directory
                var path = BytePath("")
                for component in mount.path.parent.components {
                    path = path.appending(BytePath(bytes: Array(component)))
                    try makeMountPoint(path, isDirectory: true, in: place, &made, fingerprint)
                }
                try makeMountPoint(mount.path, isDirectory: isDirectory, in: place, &made, fingerprint)
            } catch {
                throw .mountsStay([whole], "there is no place for it in the new /usr: \(error)")
            }
        }
        for path in made {
            try StateError.at(mounts.directory) { () throws(SystemError) in
                fingerprint.add(path, try place.status(of: path))
            }
        }
        return made
    }

    /// Makes a place where there is none.
    private func makeMountPoint(
        _ path: BytePath, isDirectory: Bool, in place: borrowing Descriptor, _ made: inout [BytePath],
        _ fingerprint: TreeFingerprint
    ) throws(SystemError) {
        do throws(SystemError) {
            let kind = try place.place(at: path).status().kind
            let fits = isDirectory ? kind == .directory : kind != .directory && kind != .symlink
            guard fits else {
                throw SystemError(isDirectory ? .notDirectory : .isDirectory, call: "move_mount", path: path)
            }
            return
        } catch {
            guard error.number == .noSuchFile else { throw error }
        }
        let parent = try place.descend(into: path.parent.isEmpty ? "." : path.parent)
        // That of the root directory is nobody's business, and what was made counts once all is there.
        let counts = !path.parent.isEmpty && !made.contains(path.parent)
        if counts { fingerprint.subtract(path.parent, try parent.status()) }
        if isDirectory {
            try parent.makeDirectory(path.lastComponent)
            try parent.setMode(0o755, within: path.lastComponent)
        } else {
            _ = try parent.open(path.lastComponent, [.write, .create, .exclusive, .noFollow], mode: 0o444)
        }
        made.append(path)
        if counts { fingerprint.add(path.parent, try parent.status()) }
    }

    /// Takes places away that were made for something that was mounted in an earlier life of the tree.
    ///
    /// - Throws: ``BlitError/tampered(_:)`` where one is not as it was made.
    func removeMountPoints(
        _ paths: [BytePath], in place: borrowing Descriptor, _ fingerprint: TreeFingerprint
    ) throws(BlitError) {
        do throws(SystemError) {
            for path in paths { fingerprint.subtract(path, try place.status(of: path)) }
            let made = Set(paths)
            for path in paths.reversed() {
                let parent = try place.descend(into: path.parent.isEmpty ? "." : path.parent)
                let status = try parent.status(of: path.lastComponent)
                let counts = !path.parent.isEmpty && !made.contains(path.parent)
                if counts { fingerprint.subtract(path.parent, try parent.status()) }
                if status.kind == .directory {
                    try parent.removeDirectory(path.lastComponent)
                } else if status.kind == .regular && status.size == 0 {
                    try parent.unlink(path.lastComponent)
                } else {
                    throw SystemError(.alreadyExists, call: "unlink", path: path)
                }
                if counts { fingerprint.add(path.parent, try parent.status()) }
            }
        } catch {
            throw error.saysNothing && !error.isWall ? .system(error) : .tampered(error.path)
        }
    }

    /// Runs `exchange` with the mounts in both trees, and leaves them in the one that is live then.
    func carrying(
        _ mounts: MountsBelow?, to slot: UInt64, _ exchange: () throws(StateError) -> Void
    ) throws(StateError) {
        guard let mounts else { return try exchange() }
        do throws(StateError) {
            try attach(mounts, to: slot)
            try exchange()
        } catch {
            detachMounts(in: slot)
            throw error
        }
        detachMountsOfFormer(slot, bringingOthers: true)
    }

    private func attach(_ mounts: MountsBelow, to slot: UInt64) throws(StateError) {
        for mount in mounts.uppermost {
            let place = mounts.directory.appending(mount.path)
            do throws(SystemError) {
                let copy = try DetachedMounts(copying: place)
                let tree = try root.trees.descend(into: slotName(slot))
                try copy.attach(at: tree.place(at: mount.path))
            } catch {
                throw .mountsStay([place], "it cannot be mounted in the new /usr: \(error)")
            }
        }
        let staged = try StateError.at(slotPath(slot)) { () throws(SystemError) in
            try MountsBelow(root.trees.descend(into: slotName(slot)))
        }
        guard staged.count == mounts.count else {
            let places = mounts.uppermost.map { mounts.directory.appending($0.path) }
            throw .mountsStay(places, "not all that is mounted there can be mounted in the new /usr")
        }
    }

    /// Takes the mounts out of a staged tree that will not be live.
    func detachMounts(in slot: UInt64) {
        guard let tree = try? root.trees.descend(into: slotName(slot)), let mounts = try? MountsBelow(tree) else {
            return
        }
        for mount in mounts.uppermost.reversed() { try? mounts.detach(mount) }
    }

    /// Takes the mounts out of a tree that was live, where the live one has them; others keep their tree.
    ///
    /// - Parameter bringingOthers: right after the exchange, what the live one lacks was mounted meanwhile, and is brought
    ///   there. Later it may have been unmounted there on purpose.
    func detachMountsOfFormer(_ slot: UInt64, bringingOthers: Bool) {
        guard let tree = try? root.trees.descend(into: slotName(slot)), let former = try? MountsBelow(tree),
            !former.uppermost.isEmpty, let usr = try? root.root.descend(into: "usr"), let live = try? MountsBelow(usr)
        else { return }
        for mount in former.uppermost.reversed() {
            var isCarried = live.contains(mount)
            if !isCarried, bringingOthers,
                let copy = try? DetachedMounts(copying: former.directory.appending(mount.path)),
                let place = try? usr.place(at: mount.path)
            {
                isCarried = (try? copy.attach(at: place)) != nil
            }
            if isCarried { try? former.detach(mount) }
        }
    }
}

// MARK: /usr itself

extension StateStore {
    /// Refuses, before anything is brought in, what the exchange of `/usr` could not do.
    package func checkPlace() throws(StateError) {
        let usr = root.path.appending("usr")
        let status = try root.system { () throws(SystemError) in try root.root.statusIfPresent(of: "usr") }
        // It is made when it is needed.
        guard let status else { return }
        switch status.kind {
        case .directory: break
        case .symlink:
            let target = (try? root.root.readLink("usr"))?.display ?? "?"
            throw .unsuitable(
                usr,
                "it is a link to \(target), and a link cannot be exchanged for a tree; make it a directory of its own")
        default: throw .unsuitable(usr, "it is \(status.kind.name); move it away, so that a directory can be there")
        }
        try checkMount("usr", "/usr is exchanged as a whole")
        for name: BytePath in [".moss/trees", ".moss/objects"] {
            try checkMount(name, "what lies there becomes part of \(usr), so both must be on one file system")
        }
        guard root.root.isOnOverlay else { return }
        // A directory of a lower layer cannot be renamed. One that could be is not, onto one that has something in it.
        do throws(SystemError) {
            try root.root.rename("usr", to: ".moss")
        } catch {
            guard error.number == .crossDevice else { return }
            throw .unsuitable(
                usr,
                "it comes from a lower layer of the overlay that is mounted here, and cannot be exchanged; change "
                    + "the root in that layer, or mount the overlay with redirect_dir=on")
        }
    }

    /// Refuses a directory of the root that is not on the root's own mount and volume.
    private func checkMount(_ name: BytePath, _ reason: String) throws(StateError) {
        let path = root.path.appending(name)
        let cause: String
        do throws(SystemError) {
            let device = try root.root.place(at: name).status().device
            if try device == root.root.status().device { return }
            cause = "it is a volume of its own, and \(reason); make it a plain directory"
        } catch {
            switch error.number {
            case .crossDevice: cause = "it is, or lies below, a mount point, and \(reason); unmount it"
            case .loop: cause = "it is, or lies below, a link, and \(reason); make it a plain directory"
            // What is not there, or may not be looked at, is told about where it is used.
            default: return
            }
        }
        throw .unsuitable(path, cause)
    }
}
