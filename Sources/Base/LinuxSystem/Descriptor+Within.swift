package import BytePath
internal import CLinux
import Glibc

/// Calls for changing and removing trees, to which whatever is mounted in them is a wall.
extension Descriptor {
    /// Opens the directory `path` below this one. Fails with EXDEV where anything is mounted on the way, be it of the
    /// same device, and follows no link anywhere in it.
    package func descend(into path: BytePath) throws(SystemError) -> Descriptor {
        try openWithin(path, O_DIRECTORY)
    }

    /// Opens `path` below this directory, of whatever kind it is, as a mere place; fails like ``descend(into:)``.
    package func place(at path: BytePath) throws(SystemError) -> Descriptor {
        try openWithin(path, moss_O_PATH | O_NOFOLLOW)
    }

    private func openWithin(_ path: BytePath, _ flags: Int32) throws(SystemError) -> Descriptor {
        let opened = path.withCString { moss_open_within(raw, $0, flags) }
        guard opened >= 0 else { throw .last("openat2", path) }
        return Descriptor(taking: opened)
    }

    /// Sets the mode of the directory or file `path`, like ``descend(into:)`` never beyond a mount or through a link.
    package func setMode(_ mode: UInt32, within path: BytePath) throws(SystemError) {
        let place = try place(at: path)
        guard moss_set_place_mode(place.raw, mode) == 0 else { throw .last("chmod", path) }
    }

    /// Sets the owner of the directory or file `path`, like ``descend(into:)`` never beyond a mount or through a link.
    package func setOwner(uid: UInt32, gid: UInt32, within path: BytePath) throws(SystemError) {
        let place = try place(at: path)
        guard fchownat(place.raw, "", uid, gid, moss_AT_EMPTY_PATH) == 0 else { throw .last("chown", path) }
    }

    /// The mount this file was reached by, as the mount table numbers it.
    package func mountIdentifier() throws(SystemError) -> Int {
        let identifier = moss_mount_identifier(raw)
        guard identifier >= 0 else { throw .last("statx") }
        return Int(identifier)
    }
}

extension SystemCalls {
    /// ``Descriptor/descend(into:)`` on a bare descriptor.
    package static func descend(_ directory: Int32, _ path: UnsafePointer<CChar>) throws(SystemError) -> Descriptor {
        let raw = moss_open_within(directory, path, O_DIRECTORY)
        guard raw >= 0 else { throw .last("openat2", BytePath(cString: path)) }
        return Descriptor(taking: raw)
    }
}
