internal import CFuse
internal import Digests
import Glibc
internal import ViewImage

/// Where files come from, as extended attributes.
///
/// `user.moss.state` of everything, `user.moss.package`, `user.moss.version` and `user.moss.digest` of files, and
/// `user.moss.statistics` of the root: how files are read, and how many requests of each kind there were.
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
        guard let attribute = Attribute(name), let value = value(of: attribute, node) else {
            reply(request, Int32(ENODATA))
            return
        }
        send(request, value, size)
    }

    func listAttributes(_ request: fuse_req_t, _ node: fuse_ino_t, _ size: Int) {
        var names: [UInt8] = []
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
        switch attribute {
        case .state: return Array(String(cString: place.image.shown).utf8)
        case .package: return inode.isRegular ? text(place.image.packages(of: inode)) : nil
        case .version: return inode.isRegular ? text(place.image.versions(of: inode)) : nil
        case .digest: return inode.isRegular ? Array(inode.digest.hexadecimal.utf8) : nil
        case .statistics: return nil
        }
    }

    private func text(_ string: UnsafePointer<CChar>) -> [UInt8]? {
        string.pointee == 0 ? nil : Array(String(cString: string).utf8)
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
        var words = ["reading=\(contents.reading)"]
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
