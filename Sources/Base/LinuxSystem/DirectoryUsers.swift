package import BytePath
import Glibc

/// Finds processes that still hold a directory tree: a mount whose root lies in it, a working or root directory,
/// or an open descriptor.
///
/// Trees are recognised by a path suffix such as `/.moss/trees/7`, because the kernel shows where a held directory
/// is *now*, wherever it was when it was opened. Other directories may have such a path too: a directory that is held
/// is told from them by going up to where the suffix ends, a file or a mount is taken for a user. A process of another
/// user that may not be looked into counts as not holding anything, which only happens to callers without privileges.
package struct DirectoryUsers: Sendable {
    /// One to look for.
    package struct Tree: Sendable {
        /// Begins with a slash.
        fileprivate let suffix: [UInt8]
        fileprivate let status: FileStatus?

        /// - Parameter status: tells it from others whose paths end like this; nil where it cannot be looked at.
        package init(suffix: BytePath, status: FileStatus?) {
            self.suffix = suffix.bytes
            self.status = status
        }
    }

    package struct User: Hashable, Sendable {
        package let process: Int32
        package let command: String
    }

    private let trees: [Tree]
    /// What now is in the place where all trees once were.
    private let former: Tree
    private var users: [User?]
    private var seenNamespaces: Set<BytePath> = []

    /// The first process found for each of `trees`, nil for a tree nobody holds.
    ///
    /// - Parameter former: what now is in the place where each of the trees was live once. An overlay mount names its
    ///   layers by the paths they had then, so one that names this place holds any of the trees.
    package static func find(
        holding trees: [Tree], formerlyAt former: Tree
    ) throws(SystemError) -> [User?] {
        guard !trees.isEmpty else { return [] }
        var search = DirectoryUsers(trees: trees, former: former, users: trees.map { _ in nil })
        let proc = try Descriptor.openDirectory("/proc")
        for entry in try proc.entries() {
            guard let process = Int32(entry.name.display) else { continue }
            // Processes come and go during the walk: what cannot be opened any more holds nothing.
            guard let directory = try? proc.openDirectory(entry.name) else { continue }
            search.examine(directory, process)
        }
        return search.users
    }

    private mutating func examine(_ directory: borrowing Descriptor, _ process: Int32) {
        for name: BytePath in ["cwd", "root"] {
            matchLink(name, process, directory)
        }
        // Only a namespace whose mounts were really read counts as seen.
        if let namespace = try? directory.readLink("ns/mnt"), !seenNamespaces.contains(namespace),
            matchMounts(directory, process)
        {
            seenNamespaces.insert(namespace)
        }
        guard let open = try? directory.openDirectory("fd").entries() else { return }
        for entry in open {
            matchLink(BytePath("fd").appending(entry.name), process, directory)
        }
    }

    /// The fourth field of each line of mountinfo is the mount's root inside its file system.
    private mutating func matchMounts(_ directory: borrowing Descriptor, _ process: Int32) -> Bool {
        guard let text = try? directory.readFile("mountinfo", limit: 64 << 20) else { return false }
        for line in text.split(separator: 10) {
            let fields = line.split(separator: 32)
            if fields.count > 3 { match(Array(fields[3]), nil, process, directory) }
            guard fields.contains(where: { $0.elementsEqual("overlay".utf8) }), let options = fields.last else {
                continue
            }
            if Self.layers(options).contains(where: { isLayer($0, directory) }) {
                let user = User(process: process, command: Self.command(directory))
                users = users.map { $0 ?? user }
            }
        }
        return true
    }

    /// The paths that an overlay's options name.
    private static func layers(_ options: ArraySlice<UInt8>) -> [[UInt8]] {
        options.split { $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }.map(Array.init)
    }

    /// Whether an overlay's layer may be one of the trees. It is none where its path leads, for the process and for this
    /// one alike, to another directory than the one that took their place.
    private func isLayer(_ layer: [UInt8], _ directory: borrowing Descriptor) -> Bool {
        let ends = Self.ends(of: former.suffix, in: layer)
        guard let end = ends.last else { return false }
        guard ends.count == 1, let wanted = former.status else { return true }
        let path = BytePath(layer[..<end])
        let seen = BytePath("root").appending(BytePath(layer[..<end].dropFirst()))
        guard let found = try? directory.status(of: path, followingLinks: true),
            let theirs = try? directory.status(of: seen, followingLinks: true)
        else { return true }
        let isSame = found.device == theirs.device && found.inode == theirs.inode
        return !isSame || found.device == wanted.device && found.inode == wanted.inode
    }

    private mutating func matchLink(_ link: BytePath, _ process: Int32, _ directory: borrowing Descriptor) {
        if let path = try? directory.readLink(link) { match(path.bytes, link, process, directory) }
    }

    /// - Parameter link: leads to what has this path, below the process's directory; nil for a mount's root.
    private mutating func match(
        _ path: [UInt8], _ link: BytePath?, _ process: Int32, _ directory: borrowing Descriptor
    ) {
        guard path.first == UInt8(ascii: "/") || path.first == UInt8(ascii: "(") else { return }
        for (index, tree) in trees.enumerated() where users[index] == nil {
            for end in Self.ends(of: tree.suffix, in: path) {
                if let link, Self.isAnother(than: tree, path[end...], link, directory) { continue }
                users[index] = User(process: process, command: Self.command(directory))
            }
        }
    }

    /// Whether the directory that the link leads to lies in another one than the tree, as far as that is certain.
    ///
    /// - Parameter rest: its path from the tree on.
    private static func isAnother(
        than tree: Tree, _ rest: ArraySlice<UInt8>, _ link: BytePath, _ directory: borrowing Descriptor
    ) -> Bool {
        guard let wanted = tree.status, !rest.reversed().starts(with: " (deleted)".utf8.reversed()),
            let held = try? directory.status(of: link, followingLinks: true), held.kind == .directory
        else { return false }
        let up = Array(repeating: Array("/..".utf8), count: rest.split(separator: UInt8(ascii: "/")).count)
        let path = BytePath(bytes: link.bytes + up.joined() + Array("/.".utf8))
        guard let found = try? directory.status(of: path, followingLinks: true) else { return false }
        return found.device != wanted.device || found.inode != wanted.inode
    }

    /// Where `suffix` ends as a run of whole components of `path`, at its end or with more below it.
    private static func ends(of suffix: [UInt8], in path: [UInt8]) -> [Int] {
        guard path.count >= suffix.count else { return [] }
        return path.withUnsafeBytes { path in
            suffix.withUnsafeBytes { suffix in
                var ends: [Int] = []
                guard let pathBase = path.baseAddress, let suffixBase = suffix.baseAddress else { return ends }
                for start in 0...(path.count - suffix.count) where path[start] == UInt8(ascii: "/") {
                    guard memcmp(pathBase + start, suffixBase, suffix.count) == 0 else { continue }
                    let end = start + suffix.count
                    // A space begins the kernel's " (deleted)".
                    if end == path.count || path[end] == UInt8(ascii: "/") || path[end] == UInt8(ascii: " ") {
                        ends.append(end)
                    }
                }
                return ends
            }
        }
    }

    private static func command(_ directory: borrowing Descriptor) -> String {
        guard let name = try? directory.readFile("comm", limit: 4096) else { return "?" }
        return String(decoding: name.prefix { $0 != 10 }, as: UTF8.self)
    }
}
