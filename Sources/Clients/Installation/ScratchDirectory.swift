package import BytePath
package import LinuxSystem

/// A directory for the life of one view, outside every root; a lock on it says that the view lives.
package struct ScratchDirectory: ~Copyable, Sendable {
    package let path: BytePath
    /// Carries the lock; whoever inherits it holds the directory as well.
    package let descriptor: Descriptor

    private static let namePrefix = "moss-view-"

    /// The place for such directories: on disk, because a candidate may be large.
    private static var parent: BytePath { BytePath(CurrentProcess.environmentVariable("TMPDIR") ?? "/var/tmp") }

    /// Makes an empty one that only this user may enter.
    static func make() throws(SystemError) -> ScratchDirectory {
        let number = UInt64.random(in: 1 ... .max)
        let path = parent.appending("\(namePrefix)\(CurrentProcess.effectiveUser)-\(number)")
        let directory: Descriptor
        do throws(SystemError) {
            let parent = try Descriptor.openDirectory(parent)
            try parent.makeDirectory(path.lastComponent, mode: 0o700)
            directory = try parent.openDirectory(path.lastComponent)
        } catch {
            throw error.below(parent)
        }
        _ = try directory.lock(.exclusive, waiting: true)
        return ScratchDirectory(path: path, descriptor: directory)
    }

    /// Removes this user's directories that no view has any more.
    package static func removeAbandoned() {
        guard let parent = try? Descriptor.openDirectory(parent), let entries = try? parent.entries() else { return }
        let own = "\(namePrefix)\(CurrentProcess.effectiveUser)-"
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
