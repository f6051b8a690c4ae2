package import BytePath
internal import CLinux
import Glibc

/// Calls on names below an open directory. Names are relative; the last component is never followed.
extension Descriptor {
    /// Opens the directory `name`, which is made where it is missing and `isMade`.
    package func openDirectory(
        _ name: BytePath, making isMade: Bool, mode: UInt32 = 0o755, _ options: OpenOptions = []
    ) throws(SystemError) -> Descriptor {
        let options = options.union([.directory, .noFollow])
        do throws(SystemError) {
            return try open(name, options)
        } catch {
            guard isMade, error.number == .noSuchFile else { throw error }
        }
        try ensureDirectory(name, mode: mode)
        return try open(name, options)
    }

    /// Makes `name` a hard link to `source` below `directory`.
    package func link(
        _ source: BytePath, below directory: borrowing Descriptor, to name: BytePath
    ) throws(SystemError) {
        let from = directory.raw
        let result = source.withCString { source in name.withCString { linkat(from, source, raw, $0, 0) } }
        guard result == 0 else { throw .last("link", name) }
    }

    /// Gives a file that was opened without a name one in `directory`, where it must not exist.
    package func giveName(_ name: BytePath, below directory: borrowing Descriptor) throws(SystemError) {
        let (file, target) = (raw, directory.raw)
        // The other way, AT_EMPTY_PATH, is for those who may open any file.
        let result = BytePath("/proc/self/fd/\(file)").withCString { source in
            name.withCString { linkat(moss_AT_FDCWD, source, target, $0, AT_SYMLINK_FOLLOW) }
        }
        if result == 0 { return }
        guard errno == ENOENT else { throw .last("link", name) }
        guard name.withCString({ linkat(file, "", target, $0, moss_AT_EMPTY_PATH) }) == 0 else {
            throw .last("link", name)
        }
    }

    package func readLink(_ name: BytePath) throws(SystemError) -> BytePath {
        try withUnsafeTemporaryAllocation(byteCount: Int(PATH_MAX), alignment: 1) {
            (buffer) throws(SystemError) -> BytePath in
            guard let target = buffer.baseAddress?.assumingMemoryBound(to: CChar.self) else { return "" }
            let count = name.withCString { readlinkat(raw, $0, target, buffer.count) }
            guard count >= 0 else { throw .last("readlink", name) }
            return BytePath(bytes: Array(buffer[..<count]))
        }
    }

    package func unlink(_ name: BytePath) throws(SystemError) {
        guard name.withCString({ unlinkat(raw, $0, 0) }) == 0 else { throw .last("unlink", name) }
    }

    package func removeDirectory(_ name: BytePath) throws(SystemError) {
        guard name.withCString({ unlinkat(raw, $0, AT_REMOVEDIR) }) == 0 else { throw .last("rmdir", name) }
    }

    /// Moves `name` to `newName` below `directory`, replacing a file there.
    package func rename(
        _ name: BytePath, to newName: BytePath, below directory: borrowing Descriptor
    ) throws(SystemError) {
        try rename(name, newName, directory.raw, 0)
    }

    /// Moves `name` to `newName` in this directory, replacing a file there.
    package func rename(_ name: BytePath, to newName: BytePath) throws(SystemError) {
        try rename(name, newName, raw, 0)
    }

    /// Swaps two names of one file system in one step (`RENAME_EXCHANGE`).
    package func exchange(
        _ name: BytePath, with other: BytePath, below directory: borrowing Descriptor
    ) throws(SystemError) {
        try rename(name, other, directory.raw, moss_RENAME_EXCHANGE)
    }

    private func rename(
        _ name: BytePath, _ newName: BytePath, _ directory: Int32, _ flags: UInt32
    ) throws(SystemError) {
        let result = name.withCString { name in
            newName.withCString { moss_renameat2(raw, name, directory, $0, flags) }
        }
        guard result == 0 else { throw .last("rename", name) }
    }

    /// Sets the mode of `name`. A link is refused: chmod(2) of a name would follow one.
    package func setMode(_ mode: UInt32, of name: BytePath) throws(SystemError) {
        let place = try open(name, [.noFollow, .pathOnly])
        let status = try place.status()
        guard status.kind != .symlink else { throw SystemError(.loop, call: "chmod", path: name) }
        if chmod("/proc/self/fd/\(place.raw)", mode) == 0 { return }
        guard errno == ENOENT || errno == ENOTDIR else { throw .last("chmod", name) }
        // Without /proc, what is there has to be opened; only of files and directories that does nothing more.
        guard status.kind == .regular || status.kind == .directory else {
            throw SystemError(.notSupported, call: "chmod", path: name)
        }
        let opened = try open(name, [.noFollow, .nonBlocking])
        guard try opened.status().inode == status.inode else { throw SystemError(.loop, call: "chmod", path: name) }
        try opened.setMode(mode)
    }

    /// Sets the owner of `name`; of a link, its own.
    package func setOwner(uid: UInt32, gid: UInt32, of name: BytePath) throws(SystemError) {
        let place = try open(name, [.noFollow, .pathOnly])
        guard fchownat(place.raw, "", uid, gid, moss_AT_EMPTY_PATH) == 0 else { throw .last("chown", name) }
    }

    package func setModificationTime(_ seconds: Int64, of name: BytePath) throws(SystemError) {
        let result = name.withCString { moss_set_modification_time(raw, $0, seconds, 0, AT_SYMLINK_NOFOLLOW) }
        guard result == 0 else { throw .last("utimensat", name) }
    }

    /// One name in a directory, as the directory itself records it.
    package struct Entry: Hashable, Sendable {
        package let name: BytePath
        /// `.unknown` on file systems that do not record kinds.
        package let kind: FileKind
        package let inode: UInt64
    }

    /// The names in this directory without "." and "..", in the file system's order. Reads from the start.
    package func entries() throws(SystemError) -> [Entry] {
        guard lseek(raw, 0, SEEK_SET) >= 0 else { throw .last("lseek") }
        var entries: [Entry] = []
        try withUnsafeTemporaryAllocation(byteCount: 32 << 10, alignment: 8) { (buffer) throws(SystemError) -> Void in
            guard let base = buffer.baseAddress else { return }
            while true {
                let count = moss_getdents64(raw, base, buffer.count)
                guard count >= 0 else { throw .last("getdents64") }
                if count == 0 { return }
                Self.append(records: UnsafeRawBufferPointer(start: base, count: count), to: &entries)
            }
        }
        return entries
    }

    /// Decodes `linux_dirent64` records: inode u64, offset u64, record length u16, kind u8, name with NUL.
    private static func append(records: UnsafeRawBufferPointer, to entries: inout [Entry]) {
        var offset = 0
        while offset + 19 <= records.count {
            let length = Int(records.loadUnaligned(fromByteOffset: offset + 16, as: UInt16.self))
            guard length > 19, offset + length <= records.count else { return }
            let name = records[(offset + 19)..<(offset + length)].prefix { $0 != 0 }
            if !name.elementsEqual([46]) && !name.elementsEqual([46, 46]) {
                entries.append(
                    Entry(
                        name: BytePath(bytes: Array(name)),
                        kind: FileKind(directoryRecord: records[offset + 18]),
                        inode: records.loadUnaligned(fromByteOffset: offset, as: UInt64.self)))
            }
            offset += length
        }
    }
}
