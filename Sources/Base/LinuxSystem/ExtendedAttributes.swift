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
