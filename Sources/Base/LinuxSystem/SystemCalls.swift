package import BytePath
internal import CLinux
import Glibc

/// Calls on bare directory descriptors and C strings, for loops where a wrapper per entry would cost.
///
/// Callers keep the descriptors open and the strings valid during the call. Failures come back as values. What is made
/// has exactly the mode that is named: at once where this process has cleared its mask, else by a second call.
package enum SystemCalls {
    /// Makes a new file for writing; a leftover of that name is removed first.
    package static func createExclusively(
        _ directory: Int32, _ name: BytePath, mode: UInt32
    ) throws(SystemError) -> Descriptor {
        for attempt in 0...1 {
            let raw = name.withCString { moss_openat(directory, $0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) }
            if raw >= 0 {
                let file = Descriptor(taking: raw)
                if !CurrentProcess.makesExactModes { try file.setMode(mode) }
                return file
            }
            let error = SystemError.last("open", name)
            guard attempt == 0, error.number == .alreadyExists else { throw error }
            unlink(directory, name)
        }
        throw SystemError(.alreadyExists, call: "open", path: name)
    }

    /// Makes an empty file of exactly `mode`, with this modification time and owner, and returns what became of it.
    package static func createEmpty(
        _ directory: Int32, _ name: UnsafePointer<CChar>, mode: UInt32, owner: (uid: UInt32, gid: UInt32)?,
        modified: Int64
    ) throws(SystemError) -> FileStatus {
        let raw = moss_openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)
        guard raw >= 0 else { throw failure("open", name) }
        let file = Descriptor(taking: raw)
        if let owner { try file.setOwner(uid: owner.uid, gid: owner.gid) }
        if mode & 0o7000 != 0 || !CurrentProcess.makesExactModes { try file.setMode(mode) }
        try file.setModificationTime(modified)
        return try file.status()
    }

    @inline(__always)
    package static func link(
        _ fromDirectory: Int32, _ from: UnsafePointer<CChar>, _ toDirectory: Int32, _ to: UnsafePointer<CChar>
    ) -> ErrorNumber? {
        linkat(fromDirectory, from, toDirectory, to, 0) == 0 ? nil : ErrorNumber(rawValue: errno)
    }

    @inline(__always)
    package static func symlink(
        _ target: UnsafePointer<CChar>, _ directory: Int32, _ name: UnsafePointer<CChar>
    ) -> SystemError? {
        symlinkat(target, directory, name) == 0 ? nil : failure("symlink", name)
    }

    @inline(__always)
    package static func makeDirectory(
        _ directory: Int32, _ name: UnsafePointer<CChar>, mode: UInt32
    ) -> SystemError? {
        guard mkdirat(directory, name, mode) == 0 else { return failure("mkdir", name) }
        return CurrentProcess.makesExactModes ? nil : setMode(directory, name, mode)
    }

    /// Where `beneath`, a link in any component is refused: the kernel's O_NOFOLLOW is for the last one only.
    static func open(
        _ directory: Int32, _ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: UInt32, beneath: Bool
    ) -> Int32 {
        guard beneath, strchr(path, Int32(UInt8(ascii: "/"))) != nil else {
            return moss_openat(directory, path, flags, mode)
        }
        return moss_open_beneath(directory, path, flags, mode)
    }

    /// Opens the file `path` below `directory` for reading, without following links in any of its components. What is
    /// there is looked at first: a pipe or a device is not opened, as that may wait, or do something.
    package static func openFile(_ directory: Int32, _ path: UnsafePointer<CChar>) throws(SystemError) -> Descriptor {
        var found = stat()
        // Where even looking fails, so would opening.
        guard fstatat(directory, path, &found, AT_SYMLINK_NOFOLLOW) == 0 else { throw failure("open", path) }
        switch FileKind(mode: found.st_mode) {
        case .regular: return try openKnownFile(directory, path)
        case .directory: throw SystemError(.isDirectory, call: "open", path: BytePath(cString: path))
        case .symlink: throw SystemError(.loop, call: "open", path: BytePath(cString: path))
        default: throw SystemError(.notAFile, call: "open", path: BytePath(cString: path))
        }
    }

    /// ``openFile(_:_:)`` for what was seen a moment ago to be a regular file.
    package static func openKnownFile(
        _ directory: Int32, _ path: UnsafePointer<CChar>
    ) throws(SystemError) -> Descriptor {
        let raw = open(directory, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0, beneath: true)
        guard raw >= 0 else { throw failure("open", path) }
        return Descriptor(taking: raw)
    }

    /// Opens the directory `path` below `directory` without following links in any of its components.
    package static func openDirectory(
        _ directory: Int32, _ path: UnsafePointer<CChar>
    ) throws(SystemError) -> Descriptor {
        let raw = open(directory, path, O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0, beneath: true)
        guard raw >= 0 else { throw failure("open", path) }
        return Descriptor(taking: raw)
    }

    /// - Parameter replacing: without it, a file that has the new name already makes this fail with EEXIST.
    package static func rename(
        _ directory: Int32, _ from: BytePath, to: UnsafePointer<CChar>, replacing: Bool
    ) -> SystemError? {
        let flags = replacing ? 0 : moss_RENAME_NOREPLACE
        return from.withCString { moss_renameat2(directory, $0, directory, to, flags) } == 0
            ? nil : failure("rename", to)
    }

    /// Of a directory or file, not of a link.
    package static func setMode(_ directory: Int32, _ name: UnsafePointer<CChar>, _ mode: UInt32) -> SystemError? {
        fchmodat(directory, name, mode, 0) == 0 ? nil : failure("chmod", name)
    }

    package static func setOwner(
        _ directory: Int32, _ name: UnsafePointer<CChar>, uid: UInt32, gid: UInt32
    ) -> SystemError? {
        fchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 ? nil : failure("chown", name)
    }

    /// Removes a file that may be there; a failure leaves it, which callers accept when cleaning up.
    package static func unlink(_ directory: Int32, _ name: BytePath) {
        _ = name.withCString { unlinkat(directory, $0, 0) }
    }

    /// Removes a file; one that is not there is success.
    package static func unlinkIfPresent(_ directory: Int32, _ name: UnsafePointer<CChar>) -> SystemError? {
        if unlinkat(directory, name, 0) == 0 { return nil }
        let error = failure("unlink", name)
        return error.number == .noSuchFile ? nil : error
    }

    /// Change time and kind of `path`, for checks over many directories.
    package static func status(_ directory: Int32, _ path: UnsafePointer<CChar>) throws(SystemError) -> FileStatus {
        var status = stat()
        guard fstatat(directory, path, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw failure("stat", path) }
        return FileStatus(status)
    }

    private static func failure(_ call: String, _ name: UnsafePointer<CChar>) -> SystemError {
        let number = ErrorNumber(rawValue: errno)
        return SystemError(number, call: call, path: BytePath(cString: name))
    }
}

extension SystemCalls {
    /// Reads at most `buffer.count` bytes at `offset`; 0 at the end.
    package static func read(
        _ file: Int32, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(SystemError) -> Int {
        let count = retryingInterrupts { pread(file, buffer.baseAddress, buffer.count, off_t(clamping: offset)) }
        guard count >= 0 else { throw .last("pread") }
        return count
    }
}
