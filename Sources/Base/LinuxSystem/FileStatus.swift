package import BytePath
internal import CLinux
import Glibc

/// What a name in a file system is.
package enum FileKind: UInt8, Hashable, Sendable {
    case unknown, regular, directory, symlink, characterDevice, blockDevice, fifo, socket

    /// From the file-type bits of `st_mode`.
    package init(mode: UInt32) {
        switch mode & S_IFMT {
        case S_IFREG: self = .regular
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symlink
        case S_IFCHR: self = .characterDevice
        case S_IFBLK: self = .blockDevice
        case S_IFIFO: self = .fifo
        case S_IFSOCK: self = .socket
        default: self = .unknown
        }
    }

    /// From the kind byte of a directory record, which is the type bits of `st_mode` shifted down.
    init(directoryRecord kind: UInt8) {
        self.init(mode: UInt32(kind) << 12)
    }

    /// For people, with its article.
    package var name: String {
        switch self {
        case .unknown: "a file of unknown kind"
        case .regular: "a file"
        case .directory: "a directory"
        case .symlink: "a symlink"
        case .characterDevice: "a character device"
        case .blockDevice: "a block device"
        case .fifo: "a fifo"
        case .socket: "a socket"
        }
    }
}

/// Metadata of a file, as `stat` gives it. Times are nanoseconds since 1970.
package struct FileStatus: Hashable, Sendable {
    package let device: UInt64
    package let inode: UInt64
    package let mode: UInt32
    package let linkCount: UInt64
    package let uid: UInt32
    package let gid: UInt32
    package let size: UInt64
    /// 512-byte units on disk.
    package let blocks: UInt64
    package let modified: Int64
    package let changed: Int64
    /// The device that a device node stands for; 0 for anything else, and for an overlay's mark of a removed name.
    package let representedDevice: UInt64
    /// Whether the file is immutable or takes only additions, as chattr(1) sets it; told by ``SystemCalls/statusAndFlags(_:_:)``
    /// and ``Descriptor/statusAndFlags()``.
    package let isLocked: Bool

    package var kind: FileKind { FileKind(mode: mode) }
    /// Permission, setuid, setgid and sticky bits.
    package var permissions: UInt32 { mode & 0o7777 }
    package var modifiedSeconds: Int64 { modified / 1_000_000_000 }

    init(_ status: stat) {
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        mode = status.st_mode
        linkCount = UInt64(status.st_nlink)
        uid = status.st_uid
        gid = status.st_gid
        size = UInt64(max(0, status.st_size))
        blocks = UInt64(max(0, status.st_blocks))
        modified = Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
        representedDevice = UInt64(status.st_rdev)
        isLocked = false
        changed = Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }
}

extension FileStatus {
    fileprivate init(_ status: moss_status) {
        device = status.device
        inode = status.inode
        mode = status.mode
        linkCount = status.links
        uid = status.uid
        gid = status.gid
        size = status.size
        blocks = status.blocks
        modified = status.modified
        changed = status.changed
        representedDevice = status.represented_device
        isLocked = status.attributes & (moss_STATX_ATTR_IMMUTABLE | moss_STATX_ATTR_APPEND) != 0
    }
}

extension SystemCalls {
    /// Metadata of `path`, not of a link's target, with the flags that chattr(1) sets.
    package static func statusAndFlags(
        _ directory: Int32, _ path: UnsafePointer<CChar>
    ) throws(SystemError) -> FileStatus {
        var status = moss_status()
        guard moss_statx(directory, path, &status) == 0 else { throw .last("statx", BytePath(cString: path)) }
        return FileStatus(status)
    }
}

extension Descriptor {
    /// Metadata of the open file itself, with the flags that chattr(1) sets.
    package func statusAndFlags() throws(SystemError) -> FileStatus {
        try SystemCalls.statusAndFlags(raw, "")
    }

    /// Metadata of the open file itself.
    package func status() throws(SystemError) -> FileStatus {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw .last("fstat") }
        return FileStatus(status)
    }

    /// Metadata of `name` below this directory.
    package func status(of name: BytePath, followingLinks: Bool = false) throws(SystemError) -> FileStatus {
        var status = stat()
        let flags = followingLinks ? 0 : AT_SYMLINK_NOFOLLOW
        guard name.withCString({ fstatat(raw, $0, &status, flags) }) == 0 else { throw .last("stat", name) }
        return FileStatus(status)
    }

    /// Metadata of `name`, or nil where there is no such name.
    package func statusIfPresent(of name: BytePath, followingLinks: Bool = false) throws(SystemError) -> FileStatus? {
        do throws(SystemError) {
            return try status(of: name, followingLinks: followingLinks)
        } catch {
            if error.number == .noSuchFile || error.number == .notDirectory { return nil }
            throw error
        }
    }
}

extension Descriptor {
    /// When `name` was made, in nanoseconds since 1970; nil where the file system does not know.
    package func birthTime(of name: BytePath) -> Int64? {
        let time = name.withCString { moss_birth_time(raw, $0) }
        return time == 0 ? nil : time
    }
}

/// Sizes and free space of a file system, for preflight.
package struct FileSystemStatus: Hashable, Sendable {
    /// Bytes an ordinary user may still allocate.
    package var availableBytes: UInt64
    package let freeBytes: UInt64
    package let totalBytes: UInt64
    /// 0 total means that the file system makes inodes as it needs them.
    package var freeInodes: UInt64
    package let totalInodes: UInt64
    package let blockSize: UInt64
}

extension FileStatus {
    /// A device's number as `stat` gives it, from the two that the kernel's tables have.
    static func device(_ major: UInt64, _ minor: UInt64) -> UInt64 {
        (major & 0xfff) << 8 | (major & ~0xfff) << 32 | (minor & 0xff) | (minor & ~0xff) << 12
    }
}

extension Descriptor {
    /// Whether nothing can be written where this is, whoever tries.
    package var isOnReadOnlyFileSystem: Bool {
        get throws(SystemError) {
            var status = statvfs()
            guard fstatvfs(raw, &status) == 0 else { throw .last("statvfs") }
            return status.f_flag & UInt(ST_RDONLY) != 0
        }
    }

    /// The file system this file lies on.
    package func fileSystemStatus() throws(SystemError) -> FileSystemStatus {
        var status = statvfs()
        guard fstatvfs(raw, &status) == 0 else { throw .last("statvfs") }
        let unit = UInt64(status.f_frsize)
        return FileSystemStatus(
            availableBytes: UInt64(status.f_bavail) &* unit, freeBytes: UInt64(status.f_bfree) &* unit,
            totalBytes: UInt64(status.f_blocks) &* unit, freeInodes: UInt64(status.f_favail),
            totalInodes: UInt64(status.f_files), blockSize: unit)
    }
}

extension Descriptor {
    /// Whether the file lies on an overlay, a file system stacked on others.
    package var isOnOverlay: Bool {
        moss_file_system_type(raw) == 0x794c_7630  // OVERLAYFS_SUPER_MAGIC
    }
}
