package import BytePath
internal import CLinux
import Glibc

/// Making files, directories and links with exactly the mode that is named and this process's owner, whatever the mode
/// mask, the directory's set-group-id bit or its default access list would make of them.
extension Descriptor {
    package func makeDirectory(_ name: BytePath, mode: UInt32 = 0o755) throws(SystemError) {
        guard name.withCString({ mkdirat(raw, $0, mode) }) == 0 else { throw .last("mkdir", name) }
        do throws(SystemError) {
            try openDirectory(name).settle(mode: mode)
        } catch {
            try? removeDirectory(name)
            throw error.path.isEmpty ? SystemError(error.number, call: error.call, path: name) : error
        }
    }

    /// Makes the directory unless there is one, which stays as it is.
    package func ensureDirectory(_ name: BytePath, mode: UInt32 = 0o755) throws(SystemError) {
        do throws(SystemError) {
            try makeDirectory(name, mode: mode)
        } catch {
            guard error.number == .alreadyExists, try status(of: name, followingLinks: true).kind == .directory else {
                throw error
            }
        }
    }

    /// Makes a file and opens it for writing, or opens the one that is there unless `options` have `.exclusive`. Never
    /// follows a link.
    package func makeFile(
        _ name: BytePath, _ options: OpenOptions = [.write, .exclusive], mode: UInt32 = 0o644
    ) throws(SystemError) -> Descriptor {
        let file = try open(name, options.union([.create, .noFollow]), mode: mode)
        do throws(SystemError) {
            try file.settle(mode: mode)
        } catch {
            if options.contains(.exclusive) { try? unlink(name) }
            throw error.path.isEmpty ? SystemError(error.number, call: error.call, path: name) : error
        }
        return file
    }

    package func makeSymlink(_ name: BytePath, to target: BytePath) throws(SystemError) {
        let result = target.withCString { target in name.withCString { symlinkat(target, raw, $0) } }
        guard result == 0 else { throw .last("symlink", name) }
        let (uid, gid) = CurrentProcess.owner
        let status = try status(of: name)
        guard status.uid != uid || status.gid != gid else { return }
        do throws(SystemError) {
            try setOwner(uid: uid, gid: gid, of: name)
        } catch {
            guard error.isOwnerRefused else { throw error }
        }
    }

    /// Gives this file or directory, which is this process's, the mode and this process's owner, and no access list.
    package func settle(mode: UInt32) throws(SystemError) {
        let status = try status()
        let (uid, gid) = CurrentProcess.owner
        var isRight = status.permissions == mode
        if status.uid != uid || status.gid != gid {
            // It clears special bits.
            isRight = false
            do throws(SystemError) {
                try setOwner(uid: uid, gid: gid)
            } catch {
                guard error.isOwnerRefused else { throw error }
            }
        }
        if try removeAccessLists() { isRight = false }
        if !isRight { try setMode(mode) }
    }

    /// - Returns: whether there may have been some.
    private func removeAccessLists() throws(SystemError) -> Bool {
        // One call where there are no attributes at all, which is nearly always.
        guard moss_flistxattr(raw, nil, 0) > 0 else { return false }
        for name in ["system.posix_acl_access", "system.posix_acl_default"] {
            guard moss_fremovexattr(raw, name) == 0 || errno == ENODATA || errno == EOPNOTSUPP else {
                throw .last("fremovexattr")
            }
        }
        return true
    }
}

extension SystemError {
    /// A file system that knows one owner only, or gives its files to somebody by itself, as vfat and NFS may.
    fileprivate var isOwnerRefused: Bool { [.notPermitted, .invalidArgument, .notSupported].contains(number) }
}

extension CurrentProcess {
    /// Whose the files are that this process makes. Root's are root's, whichever group it was started in.
    package static var owner: (uid: UInt32, gid: UInt32) {
        let uid = geteuid()
        return (uid, uid == 0 ? 0 : getegid())
    }
}
