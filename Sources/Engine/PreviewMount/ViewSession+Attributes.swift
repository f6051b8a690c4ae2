internal import CFuse
internal import Digests
import Glibc
internal import LinuxSystem
internal import PackageModel
internal import ViewImage

/// Where files come from, as extended attributes.
///
/// `user.moss.state` of files and directories, `user.moss.package`, `user.moss.version` and `user.moss.digest` of files,
/// and `user.moss.statistics` of the root: which process serves the view, how files are read, and how many requests of
/// each kind there were. Links have none: the kernel lets nobody read such attributes of them.
extension ViewSession {
    private enum Attribute: String, CaseIterable {
        case state, package, version, digest, statistics

        static let prefix = "user.moss."

        init?(_ name: UnsafePointer<CChar>) {
            // The kernel and others ask for attributes we do not have on every occasion: those end here.
            guard strncmp(name, Self.prefix, Self.prefix.utf8.count) == 0 else { return nil }
            self.init(rawValue: String(cString: name + Self.prefix.utf8.count))
        }
    }

    func getAttribute(_ request: fuse_req_t, _ node: fuse_ino_t, _ name: UnsafePointer<CChar>, _ size: Int) {
        if strcmp(name, Renewals.attribute) == 0, node == FUSE_ROOT_ID, mayRenew(request) {
            renewals.add(request, size)
            return
        }
        guard let attribute = Attribute(name), let value = value(of: attribute, node) else {
            reply(request, Int32(ENODATA))
            return
        }
        send(request, value, size)
    }

    func listAttributes(_ request: fuse_req_t, _ node: fuse_ino_t, _ size: Int) {
        var names: [UInt8] = []
        // What is listed can be read: programs that copy attributes take anything else for an error.
        guard mayRead(request, node) else {
            send(request, names, size)
            return
        }
        for attribute in Attribute.allCases where value(of: attribute, node) != nil {
            names += "\(Attribute.prefix)\(attribute.rawValue)".utf8
            names.append(0)
        }
        send(request, names, size)
    }

    private func value(of attribute: Attribute, _ node: fuse_ino_t) -> [UInt8]? {
        if attribute == .statistics { return node == FUSE_ROOT_ID ? Array(statistics.utf8) : nil }
        guard let place = source.place(of: node) else { return nil }
        let inode = place.node
        if inode.isSymlink { return nil }
        switch attribute {
        case .state: return Array(String(cString: place.image.shown).utf8)
        case .package: return inode.isRegular ? text(place.image.packages(of: inode)) : nil
        case .version: return inode.isRegular ? text(place.image.versions(of: inode)) : nil
        case .digest: return inode.isRegular ? Array(inode.digest.hexadecimal.utf8) : nil
        case .statistics: return nil
        }
    }

    /// The kernel hands on no longer value.
    private static let valueLimit = 64 << 10

    private func text(_ string: UnsafePointer<CChar>) -> [UInt8]? {
        if string.pointee == 0 { return nil }
        let length = strlen(string)
        let bytes = UnsafeRawBufferPointer(start: string, count: min(length, Self.valueLimit))
        if length <= Self.valueLimit { return Array(bytes) }
        // Where many packages have a file: as many as there is room for.
        let end = bytes.lastIndex(of: UInt8(ascii: ",")) ?? bytes.count
        return Array(bytes[..<end])
    }

    /// Whether the kernel, which asks for the right to read with each attribute, lets the asker have any.
    private func mayRead(_ request: fuse_req_t, _ node: fuse_ino_t) -> Bool {
        guard let place = source.place(of: node), let asker = fuse_req_ctx(request)?.pointee, asker.uid != 0 else {
            return true
        }
        let inode = place.node
        if inode.uid == asker.uid { return inode.mode & 0o400 != 0 }
        let (group, others) = (inode.mode & 0o040 != 0, inode.mode & 0o004 != 0)
        return group == others ? group : isMember(request, asker, of: inode.gid) ? group : others
    }

    /// Not for everybody, as it costs others what the kernel has kept.
    private func mayRenew(_ request: fuse_req_t) -> Bool {
        guard let asker = fuse_req_ctx(request)?.pointee else { return false }
        return asker.uid == 0 || asker.uid == CurrentProcess.effectiveUser
    }

    private func isMember(_ request: fuse_req_t, _ asker: fuse_ctx, of group: UInt32) -> Bool {
        if asker.gid == group { return true }
        var groups = [gid_t](repeating: 0, count: 1 << 10)
        // No answer for an asker that cannot be seen from here.
        let count = groups.withUnsafeMutableBufferPointer {
            fuse_req_getgroups(request, Int32($0.count), $0.baseAddress)
        }
        return count > 0 && groups.prefix(Int(count)).contains(group)
    }

    private func send(_ request: fuse_req_t, _ value: [UInt8], _ size: Int) {
        if size == 0 {
            _ = fuse_reply_xattr(request, value.count)
        } else if value.count > size {
            reply(request, Int32(ERANGE))
        } else {
            value.withUnsafeBytes { bytes in
                _ = fuse_reply_buf(request, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), bytes.count)
            }
        }
    }

    /// One line for people and tests: `reading=passthrough lookup=12 …`, kinds that did not occur left out.
    var statistics: String {
        var words = ["reading=\(contents.reading)", "process=\(CurrentProcess.identifier)"]
        for (name, opcode) in Self.requestKinds {
            let count = moss_fuse_request_count(opcode)
            if count > 0 { words.append("\(name)=\(count)") }
        }
        return (words + contents.statistics).joined(separator: " ")
    }

    /// The kernel's numbers of requests.
    private static let requestKinds: [(String, UInt32)] = [
        ("lookup", 1), ("forget", 2), ("getattr", 3), ("readlink", 5), ("open", 14), ("read", 15), ("statfs", 17),
        ("release", 18), ("getxattr", 22), ("listxattr", 23), ("flush", 25), ("opendir", 27), ("readdir", 28),
        ("releasedir", 29), ("access", 34), ("batchforget", 42), ("readdirplus", 44), ("lseek", 46), ("statx", 52),
    ]
}
