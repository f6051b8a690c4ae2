package import BytePath
internal import Digests
package import LinuxSystem
package import PackageModel

/// Everything a directory of the real file system holds, entry by entry, in the order of the paths' bytes.
package struct TreeListing: Equatable, Sendable {
    package struct Entry: Hashable, Sendable {
        /// Relative to the listed directory; empty for the directory itself.
        package var path: BytePath
        package var kind: FileKind
        /// Permission, setuid, setgid and sticky bits.
        package var mode: UInt32
        package var uid: UInt32
        package var gid: UInt32
        /// Bytes of a regular file; 0 for all else.
        package var size: UInt64
        /// Symbolic links only.
        package var linkTarget: BytePath?
        /// XXH3-128 of a regular file's bytes.
        package var digest: ObjectID?

        package init(
            path: BytePath, kind: FileKind, mode: UInt32, uid: UInt32, gid: UInt32, size: UInt64,
            linkTarget: BytePath? = nil, digest: ObjectID? = nil
        ) {
            self.path = path
            self.kind = kind
            self.mode = mode
            self.uid = uid
            self.gid = gid
            self.size = size
            self.linkTarget = linkTarget
            self.digest = digest
        }
    }

    package var entries: [Entry]

    package init(entries: [Entry]) {
        self.entries = entries.sorted { $0.path < $1.path }
    }

    /// Lists `directory` and everything below it, following no links.
    package init(of directory: BytePath) throws {
        var entries: [Entry] = []
        let top = try Descriptor.openDirectory(directory)
        try entries.append(Entry(path: "", status: top.status()))
        try Self.append(top, "", to: &entries)
        self.init(entries: entries)
    }

    /// One line for every entry that only one listing has or that differs; empty when they are equal.
    package func differences(from other: TreeListing) -> [String] {
        let mine = Dictionary(entries.map { ($0.path, $0) }) { first, _ in first }
        let theirs = Dictionary(other.entries.map { ($0.path, $0) }) { first, _ in first }
        return Set(mine.keys).union(theirs.keys).sorted().compactMap { path in
            switch (mine[path], theirs[path]) {
            case (let entry?, nil): "+ \(entry)"
            case (nil, let entry?): "- \(entry)"
            case (let entry?, let old?) where entry != old: "\(old) -> \(entry)"
            default: nil
            }
        }
    }

    private static func append(
        _ directory: borrowing Descriptor, _ path: BytePath, to entries: inout [Entry]
    ) throws {
        for child in try directory.entries() {
            var entry = try Entry(path: path.appending(child.name), status: directory.status(of: child.name))
            if entry.kind == .symlink { entry.linkTarget = try directory.readLink(child.name) }
            if entry.kind == .regular { entry.digest = try digest(of: directory.open(child.name, .noFollow)) }
            entries.append(entry)
            if entry.kind == .directory { try append(directory.openDirectory(child.name), entry.path, to: &entries) }
        }
    }

    private static func digest(of file: borrowing Descriptor) throws -> ObjectID {
        let hasher = XXH3Hasher(.bits128)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = try file.read(into: buffer)
            if count == 0 { return ObjectID(hasher.digest128) }
            hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

extension TreeListing.Entry: CustomStringConvertible {
    init(path: BytePath, status: FileStatus) {
        self.init(
            path: path, kind: status.kind, mode: status.permissions, uid: status.uid, gid: status.gid,
            size: status.kind == .regular ? status.size : 0)
    }

    package var description: String {
        let target = linkTarget.map { " -> \($0.display)" } ?? ""
        let content = digest.map { " \(size) \($0)" } ?? ""
        return "\(path.isEmpty ? "." : path.display) \(kind) \(String(mode, radix: 8)) \(uid):\(gid)\(target)\(content)"
    }
}
