package import BytePath
import Glibc

/// A kernel error number.
package struct ErrorNumber: RawRepresentable, Hashable, Sendable {
    package let rawValue: Int32

    package init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    package static let accessDenied = ErrorNumber(rawValue: EACCES)
    package static let alreadyExists = ErrorNumber(rawValue: EEXIST)
    package static let badDescriptor = ErrorNumber(rawValue: EBADF)
    package static let crossDevice = ErrorNumber(rawValue: EXDEV)
    package static let directoryNotEmpty = ErrorNumber(rawValue: ENOTEMPTY)
    package static let inputOutput = ErrorNumber(rawValue: EIO)
    package static let interrupted = ErrorNumber(rawValue: EINTR)
    package static let invalidArgument = ErrorNumber(rawValue: EINVAL)
    package static let isDirectory = ErrorNumber(rawValue: EISDIR)
    package static let loop = ErrorNumber(rawValue: ELOOP)
    package static let noSpace = ErrorNumber(rawValue: ENOSPC)
    package static let noSuchFile = ErrorNumber(rawValue: ENOENT)
    package static let noSuchProcess = ErrorNumber(rawValue: ESRCH)
    package static let notConnected = ErrorNumber(rawValue: ENOTCONN)
    package static let connectionAborted = ErrorNumber(rawValue: ECONNABORTED)
    /// No call on files says this by itself: what was opened is not a regular file.
    package static let notAFile = ErrorNumber(rawValue: EMEDIUMTYPE)
    package static let notDirectory = ErrorNumber(rawValue: ENOTDIR)
    package static let notPermitted = ErrorNumber(rawValue: EPERM)
    package static let notSupported = ErrorNumber(rawValue: EOPNOTSUPP)
    package static let quotaExceeded = ErrorNumber(rawValue: EDQUOT)
    package static let readOnlyFileSystem = ErrorNumber(rawValue: EROFS)
    package static let timedOut = ErrorNumber(rawValue: ETIMEDOUT)
    package static let tooLarge = ErrorNumber(rawValue: EFBIG)
    package static let tooManyLinks = ErrorNumber(rawValue: EMLINK)
    package static let wouldBlock = ErrorNumber(rawValue: EAGAIN)

    package var isBusy: Bool { rawValue == EBUSY }

    /// The system's own sentence for the number.
    package var message: String {
        guard let text = strerror(rawValue) else { return "error \(rawValue)" }
        return String(cString: text)
    }
}

/// A system call that failed: which, on what, and why.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
    package let number: ErrorNumber
    /// The call's name, as manual pages spell it.
    package let call: String
    /// What it was called on; empty where only a descriptor is known.
    package let path: BytePath

    package init(_ number: ErrorNumber, call: String, path: BytePath = "") {
        self.number = number
        self.call = call
        self.path = path
    }

    /// Reads errno; call it in the same expression as the failing call's check.
    static func last(_ call: String, _ path: BytePath = "") -> SystemError {
        SystemError(ErrorNumber(rawValue: errno), call: call, path: path)
    }

    /// The same error with the path put below `directory`, for callers that know where a relative name was meant.
    ///
    /// What failed for `directory` itself, which callers open under its whole path, stays as it is.
    package func below(_ directory: BytePath) -> SystemError {
        path.isAbsolute || path == directory
            ? self : SystemError(number, call: call, path: directory.appending(path))
    }

    /// The same error about `path` where only a descriptor was known.
    package func on(_ path: BytePath) -> SystemError {
        self.path.isEmpty ? SystemError(number, call: call, path: path) : self
    }

    /// Whether something stands in the way that removing and changing trees must go around, while other files can be
    /// changed: a mount, another device or volume, a file that is immutable.
    package var isWall: Bool {
        number == .notPermitted || number == .crossDevice || number == .readOnlyFileSystem || number.isBusy
    }

    /// Whether it is about this process in `/proc`, where there is always something if that is mounted.
    package var isLackOfProc: Bool { number == .noSuchFile && path.isAtOrBelow("/proc/self") }

    package var description: String { (path.isEmpty ? "" : "\(path.display): ") + cause }

    /// Without the path.
    package var cause: String { "\(hint ?? number.message) (\(call))" }

    /// A sentence for the person, where the number alone would not say what to do.
    private var hint: String? {
        switch number {
        case .noSpace: "the file system is full; free some space and run the command again"
        case .quotaExceeded: "the disk quota is used up; free some space and run the command again"
        // Reading says so of what is longer than it should be.
        case .tooLarge where call != "read":
            "a file would be larger than this process may make one; raise its limit on file sizes (ulimit -f)"
        case .notAFile: "a pipe, device, directory or the like is where a file belongs; move it away"
        case .loop: "a symbolic link is where none may be; put what it leads to in its place"
        case .wouldBlock: "somebody else holds a lock on it; try again later"
        case .readOnlyFileSystem: "the file system is mounted read-only; remount it writable"
        case .notPermitted where CurrentProcess.isRoot:
            "not permitted; it may be immutable (lsattr shows it, chattr -ia ends it)"
        case .accessDenied, .notPermitted:
            "permission denied; run as the owner of the root, and see whether its mode allows it"
        case .invalidArgument where call == "chown" || call == "fchown":
            "its owner or group has no number in this user namespace (/proc/self/uid_map, gid_map)"
        case .noSuchFile where isLackOfProc: "this needs /proc, which is not mounted"
        case .inputOutput: "the disk reported an input/output error; look at the kernel's log (dmesg)"
        case .tooManyFiles, .tooManyFilesOfAll, .outOfMemory: "\(number.message); \(remedy)"
        default: nil
        }
    }
}
