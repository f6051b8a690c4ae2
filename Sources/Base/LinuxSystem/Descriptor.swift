package import BytePath
internal import CLinux
import Glibc

/// Descriptors, byte paths, *at calls, locks, processes and threads: the only door to the kernel for everything above.
///
/// An open file or directory, closed when its owner lets go of it.
package struct Descriptor: ~Copyable, Sendable {
    /// Valid for as long as this value lives; never close it.
    package let raw: Int32

    /// Takes ownership of an open descriptor.
    package init(taking raw: Int32) {
        self.raw = raw
    }

    deinit {
        _ = Glibc.close(raw)
    }

    /// How a file is opened; every descriptor is close-on-exec.
    package struct OpenOptions: OptionSet, Sendable {
        package let rawValue: Int32

        package init(rawValue: Int32) {
            self.rawValue = rawValue
        }

        package static let read = OpenOptions([])
        package static let write = OpenOptions(rawValue: O_WRONLY)
        package static let readWrite = OpenOptions(rawValue: O_RDWR)
        package static let create = OpenOptions(rawValue: O_CREAT)
        package static let exclusive = OpenOptions(rawValue: O_EXCL)
        package static let truncate = OpenOptions(rawValue: O_TRUNC)
        package static let append = OpenOptions(rawValue: O_APPEND)
        package static let directory = OpenOptions(rawValue: O_DIRECTORY)
        /// Refuses links, in every component of a path below a directory, and paths that lead out of that.
        package static let noFollow = OpenOptions(rawValue: O_NOFOLLOW)
        /// A terminal does not become that of this process's session.
        package static let noControllingTerminal = OpenOptions(rawValue: moss_O_NOCTTY)
        /// Reading leaves the access time as it is; for the owner and root only.
        package static let unnoted = OpenOptions(rawValue: 0o1_000_000)
        package static let nonBlocking = OpenOptions(rawValue: O_NONBLOCK)
        /// A place only: good for *at calls and status, not for reading.
        package static let pathOnly = OpenOptions(rawValue: moss_O_PATH)
        /// A new file without a name, in the directory that is opened; see ``Descriptor/giveName(_:below:)``. Not all
        /// file systems have them.
        package static let unnamed = OpenOptions(rawValue: moss_O_TMPFILE)
    }

    /// Opens `path`, relative to the working directory unless absolute.
    package static func open(
        _ path: BytePath, _ options: OpenOptions = .read, mode: UInt32 = 0o644
    ) throws(SystemError) -> Descriptor {
        try openAt(moss_AT_FDCWD, path, options, mode)
    }

    /// Opens the directory `path`.
    package static func openDirectory(_ path: BytePath) throws(SystemError) -> Descriptor {
        try openAt(moss_AT_FDCWD, path, .directory, 0)
    }

    /// Opens `path` relative to this directory.
    package func open(
        _ path: BytePath, _ options: OpenOptions = .read, mode: UInt32 = 0o644
    ) throws(SystemError) -> Descriptor {
        try Descriptor.openAt(raw, path, options, mode)
    }

    /// Opens the directory `path`, refusing symbolic links in all of its components.
    package func openDirectory(_ path: BytePath) throws(SystemError) -> Descriptor {
        try Descriptor.openAt(raw, path, [.directory, .noFollow], 0)
    }

    /// A second descriptor for the same open file.
    package func duplicate() throws(SystemError) -> Descriptor {
        let copy = fcntl(raw, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw .last("fcntl") }
        return Descriptor(taking: copy)
    }

    private static func openAt(
        _ directory: Int32, _ path: BytePath, _ options: OpenOptions, _ mode: UInt32
    ) throws(SystemError) -> Descriptor {
        let isBeneath = options.contains(.noFollow) && directory != moss_AT_FDCWD && !path.isAbsolute
        let raw = retryingInterrupts {
            path.withCString { path in
                SystemCalls.open(directory, path, options.rawValue | O_CLOEXEC, mode, beneath: isBeneath)
            }
        }
        guard raw >= 0 else { throw .last("open", path) }
        return Descriptor(taking: raw)
    }
}

/// Repeats `call` while it fails with EINTR.
@inline(__always)
func retryingInterrupts<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result == -1 && errno == EINTR { continue }
        return result
    }
}
