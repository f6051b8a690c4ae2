package import BytePath
internal import CLinux
import Glibc

/// Changes to the mounts of this process's mount namespace.
package enum Mounts {
    package struct Flags: OptionSet, Sendable {
        package let rawValue: UInt

        package init(rawValue: UInt) {
            self.rawValue = rawValue
        }

        package static let readOnly = Flags(rawValue: moss_MS_RDONLY)
        package static let noSetuid = Flags(rawValue: moss_MS_NOSUID)
        package static let noDevices = Flags(rawValue: moss_MS_NODEV)
        package static let noExecution = Flags(rawValue: moss_MS_NOEXEC)
    }

    /// Mounts a new file system of this type.
    package static func mount(
        _ type: String, on target: BytePath, source: String? = nil, _ flags: Flags = [], options: BytePath = ""
    ) throws(SystemError) {
        let result = target.withCString { target in
            options.withCString { moss_mount(source ?? type, target, type, flags.rawValue, $0) }
        }
        guard result == 0 else { throw .last("mount", target) }
    }

    /// Shows `source`, a file or a directory, at `target` too.
    package static func bind(_ source: BytePath, to target: BytePath) throws(SystemError) {
        let result = source.withCString { source in
            target.withCString { moss_mount(source, $0, nil, moss_MS_BIND, nil) }
        }
        guard result == 0 else { throw .last("mount", source) }
    }

    /// From here on no mount made in this namespace is seen in another, nor the other way round.
    package static func makeAllPrivate() throws(SystemError) {
        guard moss_mount(nil, "/", nil, moss_MS_REC | moss_MS_PRIVATE, nil) == 0 else { throw .last("mount", "/") }
    }

    /// Takes the mount at `target` and all below it out of sight at once; what is open there goes on working.
    package static func detach(_ target: BytePath) throws(SystemError) {
        guard target.withCString({ moss_umount($0, moss_MNT_DETACH) }) == 0 else { throw .last("umount2", target) }
    }

    /// Makes the mount at `newRoot` the root of this mount namespace, and shows the old one at `oldRoot`.
    package static func pivotRoot(to newRoot: BytePath, oldRoot: BytePath) throws(SystemError) {
        let result = newRoot.withCString { new in oldRoot.withCString { moss_pivot_root(new, $0) } }
        guard result == 0 else { throw .last("pivot_root", newRoot) }
    }
}

/// A copy of mounts that is not attached anywhere; gone with its owner unless ``attach(to:)`` placed it.
package struct DetachedMounts: ~Copyable, Sendable {
    private let tree: Descriptor

    /// Copies the mount of `path` from there down, and with `recursive` also the mounts below it.
    package init(copying path: BytePath, recursive: Bool = true) throws(SystemError) {
        let raw = path.withCString { moss_clone_mounts($0, recursive ? 1 : 0) }
        guard raw >= 0 else { throw .last("open_tree", path) }
        tree = Descriptor(taking: raw)
    }

    /// Makes all of the copied mounts read-only; the originals stay as they are.
    package func makeReadOnly() throws(SystemError) {
        guard moss_make_mounts_read_only(tree.raw) == 0 else { throw .last("mount_setattr") }
    }

    /// What was copied: a directory or a file.
    package func status() throws(SystemError) -> FileStatus {
        try tree.status()
    }

    /// Shows the copy at `target`, which stays mounted when this value is gone.
    package func attach(to target: BytePath) throws(SystemError) {
        guard target.withCString({ moss_attach_mounts(tree.raw, $0) }) == 0 else { throw .last("move_mount", target) }
    }

    /// The same at an open place.
    package func attach(at place: borrowing Descriptor) throws(SystemError) {
        guard moss_attach_mounts_at(tree.raw, place.raw) == 0 else { throw .last("move_mount") }
    }
}
