package import BytePath
import Glibc

/// When directories were last read. The kernel notes that of every listing that follows a change of the directory's own,
/// unless the file system, the mount or the reader asks it not to.
extension Descriptor {
    /// Nanoseconds since 1970.
    package func accessTime() throws(SystemError) -> Int64 {
        var status = stat()
        guard fstat(raw, &status) == 0 else { throw .last("fstat") }
        return Int64(status.st_atim.tv_sec) * 1_000_000_000 + Int64(status.st_atim.tv_nsec)
    }

    /// Sets the access time of `name`, in seconds since 1970, and no other time that can be set.
    package func setAccessTime(_ seconds: Int64, of name: BytePath) throws(SystemError) {
        let omitted = 0x3fff_fffe
        let times = [timespec(tv_sec: Int(seconds), tv_nsec: 0), timespec(tv_sec: 0, tv_nsec: omitted)]
        let result = name.withCString { utimensat(raw, $0, times, AT_SYMLINK_NOFOLLOW) }
        guard result == 0 else { throw .last("utimensat", name) }
    }

    /// Whether reading directories here is noted, as far as the mount says.
    package var notesAccess: Bool {
        var status = statvfs()
        // Linux: ST_NOATIME and ST_NODIRATIME.
        return fstatvfs(raw, &status) == 0 && status.f_flag & (1024 | 2048) == 0
    }

    /// The names in the directory `name`, whose access time stays what it is where this process may ask for that.
    package func entriesUnnoted(of name: BytePath) throws(SystemError) -> [Entry] {
        do throws(SystemError) {
            return try open(name, [.directory, .noFollow, .unnoted]).entries()
        } catch {
            guard error.number == .notPermitted else { throw error }
        }
        return try openDirectory(name).entries()
    }
}

/// Which run of the kernel this is; nil without `/proc`.
package func bootNumber() -> UInt64? {
    guard let text = try? Descriptor.open("/proc/sys/kernel/random/boot_id").readAll(limit: 64) else { return nil }
    return UInt64(String(decoding: text.filter { $0 != UInt8(ascii: "-") }.prefix(16), as: UTF8.self), radix: 16)
}
