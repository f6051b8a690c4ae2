package import BytePath
package import LinuxSystem

/// A directory outside every root for the life of one view or command; a lock on it says that somebody has it.
package struct ScratchDirectory: ~Copyable, Sendable {
    package let path: BytePath
    /// Carries the lock; whoever inherits it holds the directory as well.
    package let descriptor: Descriptor

    /// What such a directory is for; its name begins so.
    package enum Purpose: String, Sendable {
        case view = "moss-view-"
        case fetching = "moss-fetch-"
    }

    /// The place for such directories: on disk, because a candidate may be large.
    private static var parent: BytePath { CurrentProcess.environmentPath("TMPDIR") ?? "/var/tmp" }

    /// Makes an empty one that only this user may enter.
    package static func make(for purpose: Purpose) throws(SystemError) -> ScratchDirectory {
        do throws(SystemError) {
            let parent = try Descriptor.openDirectory(parent)
            while true {
                let name = BytePath(
                    "\(purpose.rawValue)\(CurrentProcess.effectiveUser)-\(UInt64.random(in: 1 ... .max))")
                try parent.makeDirectory(name, mode: 0o700)
                // Until it is locked it looks abandoned: somebody who clears up may take it away, and then it is gone.
                guard let directory = try claim(name, in: parent) else { continue }
                return ScratchDirectory(path: Self.parent.appending(name), descriptor: directory)
            }
        } catch {
            throw error.below(parent)
        }
    }

    /// Locks a directory; nil where it is not there any more.
    package static func claim(_ name: BytePath, in parent: borrowing Descriptor) throws(SystemError) -> Descriptor? {
        do throws(SystemError) {
            let directory = try parent.openDirectory(name)
            _ = try directory.lock(.exclusive, waiting: true)
            guard let found = try parent.statusIfPresent(of: name) else { return nil }
            if found.inode != (try directory.status().inode) { return nil }
            return directory
        } catch {
            guard error.number == .noSuchFile else { throw error }
            return nil
        }
    }

    /// Removes this user's directories that nobody has any more.
    package static func removeAbandoned(_ purpose: Purpose) {
        guard let parent = try? Descriptor.openDirectory(parent), let entries = try? parent.entries() else { return }
        let own = "\(purpose.rawValue)\(CurrentProcess.effectiveUser)-"
        for entry in entries where entry.kind == .directory && entry.name.bytes.starts(with: own.utf8) {
            guard let directory = try? parent.openDirectory(entry.name),
                let status = try? directory.status(), status.uid == CurrentProcess.effectiveUser,
                (try? directory.lock(.exclusive)) == true
            else { continue }
            // Left-overs take room, nothing else: the next view tries again.
            try? parent.removeTree(entry.name)
        }
    }
}
