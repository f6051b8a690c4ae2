package import BytePath
import Glibc

/// Finds processes that still hold a directory tree: a mount whose root lies in it, a working or root directory,
/// or an open descriptor.
///
/// Trees are recognised by a path suffix such as `/.moss/trees/7`, because the kernel shows where a held directory
/// is *now*, wherever it was when it was opened. A process of another user that may not be looked into counts as
/// not holding anything, which only happens to callers without privileges.
package struct DirectoryUsers: Sendable {
    package struct User: Hashable, Sendable {
        package let process: Int32
        package let command: String
    }

    private let suffixes: [[UInt8]]
    /// The end of the path of the directory that all trees once were.
    private let formerPath: [UInt8]
    private var users: [User?]
    private var seenNamespaces: Set<BytePath> = []

    /// The first process found for each of `trees`, nil for a tree nobody holds.
    ///
    /// - Parameters:
    ///   - trees: path suffixes that begin with a slash.
    ///   - formerPath: the end of the path, beginning with a slash, under which each of the trees was live once. An
    ///     overlay mount names its layers by the paths they had then, so one that names this holds any of the trees.
    package static func find(
        holding trees: [BytePath], formerlyAt formerPath: BytePath
    ) throws(SystemError) -> [User?] {
        guard !trees.isEmpty else { return [] }
        var search = DirectoryUsers(
            suffixes: trees.map(\.bytes), formerPath: formerPath.bytes, users: trees.map { _ in nil })
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
            if let path = try? directory.readLink(name) { match(path.bytes, process, directory) }
        }
        // Only a namespace whose mounts were really read counts as seen.
        if let namespace = try? directory.readLink("ns/mnt"), !seenNamespaces.contains(namespace),
            matchMounts(directory, process)
        {
            seenNamespaces.insert(namespace)
        }
        guard let descriptors = try? directory.openDirectory("fd"), let open = try? descriptors.entries() else {
            return
        }
        for entry in open {
            if let path = try? descriptors.readLink(entry.name) { match(path.bytes, process, directory) }
        }
    }

    /// The fourth field of each line of mountinfo is the mount's root inside its file system.
    private mutating func matchMounts(_ directory: borrowing Descriptor, _ process: Int32) -> Bool {
        guard let text = try? directory.readFile("mountinfo", limit: 64 << 20) else { return false }
        for line in text.split(separator: 10) {
            let fields = line.split(separator: 32)
            if fields.count > 3 { match(Array(fields[3]), process, directory) }
            guard fields.contains(where: { $0.elementsEqual("overlay".utf8) }), let options = fields.last else {
                continue
            }
            if Self.layers(options).contains(where: { Self.contains($0, formerPath) }) {
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

    private mutating func match(_ path: [UInt8], _ process: Int32, _ directory: borrowing Descriptor) {
        guard path.first == UInt8(ascii: "/") || path.first == UInt8(ascii: "(") else { return }
        for (index, suffix) in suffixes.enumerated() where users[index] == nil {
            if Self.contains(path, suffix) {
                users[index] = User(process: process, command: Self.command(directory))
            }
        }
    }

    /// Whether `path` has `suffix` as a run of whole components, at its end or with more below it.
    static func contains(_ path: [UInt8], _ suffix: [UInt8]) -> Bool {
        guard path.count >= suffix.count else { return false }
        return path.withUnsafeBytes { path in
            suffix.withUnsafeBytes { suffix in
                guard let pathBase = path.baseAddress, let suffixBase = suffix.baseAddress else { return false }
                for start in 0...(path.count - suffix.count) where path[start] == UInt8(ascii: "/") {
                    guard memcmp(pathBase + start, suffixBase, suffix.count) == 0 else { continue }
                    let end = start + suffix.count
                    // A space begins the kernel's " (deleted)".
                    if end == path.count || path[end] == UInt8(ascii: "/") || path[end] == UInt8(ascii: " ") {
                        return true
                    }
                }
                return false
            }
        }
    }

    private static func command(_ directory: borrowing Descriptor) -> String {
        guard let name = try? directory.readFile("comm", limit: 4096) else { return "?" }
        return String(decoding: name.prefix { $0 != 10 }, as: UTF8.self)
    }
}
