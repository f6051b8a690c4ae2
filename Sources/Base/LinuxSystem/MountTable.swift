package import BytePath
internal import CLinux
import Glibc

/// The mounts that this process sees.
package enum MountTable {
    package struct Mount: Hashable, Sendable {
        package let identifier: Int
        /// The mount that this one is mounted on.
        package let parent: Int
        /// What of the file system is shown.
        package let root: BytePath
        package let path: BytePath
        /// `ext4`, `fuse.moss` …
        package let type: String
        /// The device's numbers, as in `0:52`.
        package let device: String
        /// Whether it refuses to be shown at a second place.
        package let isUnbindable: Bool
        /// Whether reading a directory through it changes that one's access time, as far as the mount has a say in that.
        package let notesAccess: Bool
        /// Options of the file system, as they are in the table.
        package let options: [UInt8]
    }

    /// All mounts, later ones hiding earlier ones at the same path.
    package static func read() throws(SystemError) -> [Mount] {
        do throws(SystemError) {
            return try read(ofProcess: Descriptor.openDirectory("/proc/self"))
        } catch {
            throw error.below("/proc/self")
        }
    }

    /// The mounts that another process sees, by its directory in `/proc`.
    static func read(ofProcess directory: borrowing Descriptor) throws(SystemError) -> [Mount] {
        try directory.readFile("mountinfo", limit: 64 << 20).split(separator: 10).compactMap(Mount.init)
    }

    /// Whether every mount of a device, by its number, notes who reads directories.
    package static func notesAccess(on device: UInt64) throws(SystemError) -> Bool {
        try read().allSatisfy { mount in
            let numbers = mount.device.split(separator: ":").compactMap { UInt64($0) }
            return mount.notesAccess || numbers.count != 2 || FileStatus.device(numbers[0], numbers[1]) != device
        }
    }

    /// The mount that holds `path`, which is absolute and without links.
    package static func mount(holding path: BytePath) throws(SystemError) -> Mount? {
        let components = path.components
        let mounts = try read().filter { components.starts(with: $0.path.components) }
        return mounts.max { $0.path.components.count < $1.path.components.count }
    }

    /// Takes the uppermost mount at `path` away.
    ///
    /// - Parameters:
    ///   - lazily: at once, even while it is in use; what is open goes on working.
    ///   - byForce: whoever waits for an answer of it gets an error.
    package static func unmount(_ path: BytePath, lazily: Bool, byForce: Bool = false) throws(SystemError) {
        let flags = moss_UMOUNT_NOFOLLOW | (lazily ? moss_MNT_DETACH : 0) | (byForce ? moss_MNT_FORCE : 0)
        guard path.withCString({ moss_umount($0, flags) }) == 0 else { throw .last("umount", path) }
    }
}

extension Descriptor {
    /// The value of an extended attribute of the file at `path`; nil where it has none of that name.
    package static func attribute(_ name: String, of path: BytePath) throws(SystemError) -> [UInt8]? {
        try withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 8) {
            (buffer) throws(SystemError) -> [UInt8]? in
            let count = path.withCString { moss_lgetxattr($0, name, buffer.baseAddress, buffer.count) }
            if count >= 0 { return Array(buffer[..<count]) }
            let error = SystemError.last("getxattr", path)
            if error.number.rawValue == ENODATA || error.number == .notSupported { return nil }
            throw error
        }
    }

    /// Where this file is, from the root of the file system, without links.
    package func canonicalPath() throws(SystemError) -> BytePath {
        try Descriptor.openDirectory("/proc/self/fd").readLink(BytePath("\(raw)"))
    }
}

extension MountTable.Mount {
    /// Reads a line: `36 35 98:0 /root /mount/point options [optional fields] - type source options`.
    fileprivate init?(_ line: ArraySlice<UInt8>) {
        let fields = line.split(separator: 32)
        guard fields.count > 5, let dash = fields.firstIndex(where: { $0.elementsEqual("-".utf8) }),
            dash + 1 < fields.count, let identifier = Int(String(decoding: fields[0], as: UTF8.self)),
            let parent = Int(String(decoding: fields[1], as: UTF8.self))
        else { return nil }
        self.init(
            identifier: identifier, parent: parent, root: BytePath(bytes: Self.unescaped(fields[3])),
            path: BytePath(bytes: Self.unescaped(fields[4])), type: String(decoding: fields[dash + 1], as: UTF8.self),
            device: String(decoding: fields[2], as: UTF8.self),
            isUnbindable: fields[..<dash].dropFirst(6).contains { $0.elementsEqual("unbindable".utf8) },
            notesAccess: !fields[5].split(separator: UInt8(ascii: ",")).contains { option in
                ["noatime", "nodiratime", "ro"].contains { option.elementsEqual($0.utf8) }
            },
            options: Array(fields[fields.count - 1]))
    }

    /// The kernel writes space, tab, newline and backslash as three octal digits.
    fileprivate static func unescaped(_ field: ArraySlice<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = field
        while let byte = rest.popFirst() {
            let digits = rest.prefix(3)
            if byte == UInt8(ascii: "\\"), digits.count == 3,
                let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
            {
                bytes.append(value)
                rest = rest.dropFirst(3)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
