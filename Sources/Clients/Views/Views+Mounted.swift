package import BytePath
package import ContentStore
internal import Installation
internal import LinuxSystem

/// Views that are there.
extension Views {
    package struct Mounted: Hashable, Sendable {
        package let mountpoint: BytePath
        /// `state 3` or `candidate`.
        package let shows: String
        package let process: Int32
        /// How files are read and how many requests there were; nil when the view does not answer.
        package let statistics: String?

        package var isAlive: Bool { statistics != nil }
    }

    /// The views of a root, those that were killed too.
    package static func list(_ store: ContentStore) throws(StoreError) -> [Mounted] {
        try store.leases().map { lease in
            let place = lease.description.mountpoint
            return Mounted(
                mountpoint: place, shows: lease.description.shows, process: lease.description.process,
                statistics: lease.isHeld ? statistics(at: place) : nil)
        }.sorted { $0.mountpoint < $1.mountpoint }
    }

    /// What the view at `mountpoint` says of itself; nil where none answers.
    package static func statistics(at mountpoint: BytePath) -> String? {
        guard let value = try? Descriptor.attribute("user.moss.statistics", of: mountpoint) else { return nil }
        return String(decoding: value, as: UTF8.self)
    }

    /// Takes the view at `path` away and waits until its process has let go.
    ///
    /// - Parameters:
    ///   - store: of the root it shows, where known.
    ///   - lazily: at once, even while somebody uses it: what is open there stays usable until closed.
    package static func unmount(_ path: BytePath, of store: ContentStore?, lazily: Bool) throws(ViewError) {
        let place = canonical(path)
        let mounts = try ViewError.catching { () throws(SystemError) in try MountTable.read() }
        guard mounts.last(where: { $0.path == place })?.type == Mountpoint.type else {
            throw ViewError(path, "no view is mounted here", "moss mount --list shows those there are")
        }
        do throws(SystemError) {
            try MountTable.unmount(place, lazily: lazily)
        } catch {
            guard error.number == .notPermitted else { throw Self.explained(error, path) }
            try unmountByHelper(place, lazily: lazily)
        }
        waitForEnd(of: place, store)
    }

    private static func explained(_ error: SystemError, _ path: BytePath) -> ViewError {
        error.number.isBusy
            ? ViewError(path, "the view is in use", "end the programs that use it, or use --lazy") : ViewError(error)
    }

    /// A user's mount was made by the setuid helper of FUSE, which alone may take it away.
    private static func unmountByHelper(_ place: BytePath, lazily: Bool) throws(ViewError) {
        let options: [BytePath] = lazily ? ["-u", "-z"] : ["-u"]
        let end = try ViewError.catching { () throws(SystemError) in
            let child = try ChildProcess.spawn(findHelperProgram("fusermount3"), arguments: options + [place])
            return try ChildProcess.wait(for: child)
        }
        guard end.status == 0 else { throw ViewError(place, "fusermount3 could not unmount it") }
    }

    /// The process ends a moment after its mount; what it held is free only then.
    private static func waitForEnd(of place: BytePath, _ store: ContentStore?) {
        guard let store else { return }
        for _ in 0..<500 {
            let isThere = (try? store.leases())?.contains { $0.description.mountpoint == place && $0.isHeld } ?? false
            if !isThere { return }
            pause(milliseconds: 10)
        }
    }

    /// The path without links; of a dead mount, which cannot be opened, as it is written.
    static func canonical(_ path: BytePath) -> BytePath {
        if let directory = try? Descriptor.open(path, [.directory, .pathOnly]),
            let place = try? directory.canonicalPath()
        {
            return place
        }
        var place = path.isAbsolute ? path : CurrentProcess.workingDirectory.appending(path)
        while place.count > 1, place.bytes.last == UInt8(ascii: "/") { place.bytes.removeLast() }
        return place
    }

    /// Removes what views that were killed have left: leases, dead mounts, directories. Costs next to nothing where
    /// there is nothing.
    package static func cleanUp(_ store: ContentStore) {
        // Cleaning up is for others' sake: whatever cannot be done now is tried again by the next command.
        guard let reaped = try? store.reapLeases(), !reaped.isEmpty else { return }
        for lease in reaped { detachIfDead(lease.description.mountpoint) }
        ScratchDirectory.removeAbandoned()
    }

    /// Takes the view at `place` away if it no longer answers.
    static func detachIfDead(_ place: BytePath) {
        guard !place.isEmpty, (try? MountTable.read().last(where: { $0.path == place })?.type) == Mountpoint.type,
            statistics(at: place) == nil
        else { return }
        do throws(SystemError) {
            try MountTable.unmount(place, lazily: true)
        } catch {
            if error.number == .notPermitted { try? unmountByHelper(place, lazily: true) }
        }
    }
}
