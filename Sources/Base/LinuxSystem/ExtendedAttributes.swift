package import BytePath
internal import CLinux
import Glibc

extension Descriptor {
    /// The extended attribute `attribute` of `name` below this directory, not of a link's target.
    ///
    /// - Returns: nil where there is none, or the file system has none at all.
    package func extendedAttribute(_ attribute: String, of name: BytePath) throws(SystemError) -> [UInt8]? {
        // The kernel takes a directory with a name for attributes only since 6.13.
        let path = BytePath("/proc/self/fd/\(raw)").appending(name)
        return try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) {
            (buffer) throws(SystemError) -> [UInt8]? in
            let count = path.withCString { moss_lgetxattr($0, attribute, buffer.baseAddress, buffer.count) }
            if count >= 0 { return Array(buffer[..<count]) }
            guard errno == ENODATA || errno == EOPNOTSUPP else { throw .last("lgetxattr", name) }
            return nil
        }
    }
}

/// Attributes and flags that change what may be done with a file, and that moss gives to none.
extension Descriptor {
    /// The names of this open file's extended attributes that somebody gave it: capabilities, access lists, and `user.` ones.
    ///
    /// Those that the system itself puts on files are nobody's change: labels and signatures of security modules (all of
    /// `security.` but capabilities), `trusted.`, and what a file system keeps that way (`btrfs.`, other `system.` ones).
    package func foreignAttributes() throws(SystemError) -> [String] {
        // Mostly there are none, which this call tells without a buffer.
        let length = moss_flistxattr(raw, nil, 0)
        if length < 0 {
            if errno == EOPNOTSUPP { return [] }
            throw .last("flistxattr")
        }
        if length == 0 { return [] }
        return try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) {
            (buffer) throws(SystemError) -> [String] in
            let count = moss_flistxattr(raw, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
            guard count >= 0 else { throw .last("flistxattr") }
            return buffer[..<count].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
                .filter(Self.isForeign)
        }
    }

    private static func isForeign(_ name: String) -> Bool {
        name == "security.capability" || name.hasPrefix("system.posix_acl_") || name.hasPrefix("user.")
    }

    package func removeAttribute(_ name: String) throws(SystemError) {
        guard moss_fremovexattr(raw, name) == 0 || errno == ENODATA else { throw .last("fremovexattr") }
    }

    /// Makes the open file one that can be changed, replaced and removed, where chattr(1) said otherwise.
    package func unlock() throws(SystemError) {
        var flags: UInt32 = 0
        // File systems without flags have none to take off.
        guard moss_get_file_flags(raw, &flags) == 0 else { return }
        let locks = moss_FS_IMMUTABLE_FL | moss_FS_APPEND_FL
        guard flags & locks != 0 else { return }
        guard moss_set_file_flags(raw, flags & ~locks) == 0 else { throw .last("ioctl") }
    }

    /// Takes off what chattr(1), setcap(8), setfacl(1) and setfattr(1) put on the open file.
    package func removeForeignAttributes() throws(SystemError) {
        try unlock()
        for name in try foreignAttributes() { try removeAttribute(name) }
    }
}
