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
    private var users: [User?]
    private var seenNamespaces: Set<BytePath> = []

    /// The first process found for each of `trees`, nil for a tree nobody holds.
    ///
    /// - Parameter trees: path suffixes that begin with a slash.
    package static func find(holding trees: [BytePath]) throws(SystemError) -> [User?] {
        guard !trees.isEmpty else { return [] }
        var search = DirectoryUsers(suffixes: trees.map(\.bytes), users: trees.map { _ in nil })
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
        if let namespace = try? directory.readLink("ns/mnt"), seenNamespaces.insert(namespace).inserted {
            matchMounts(directory, process)
        }
        guard let descriptors = try? directory.openDirectory("fd"), let open = try? descriptors.entries() else { return }
        for entry in open {
            if let path = try? descriptors.readLink(entry.name) { match(path.bytes, process, directory) }
        }
    }

    /// The fourth field of each line of mountinfo is the mount's root inside its file system.
    private mutating func matchMounts(_ directory: borrowing Descriptor, _ process: Int32) {
        guard let text = try? directory.readFile("mountinfo", limit: 64 << 20) else { return }
        for line in text.split(separator: 10) {
            let fields = line.split(separator: 32, maxSplits: 4)
            if fields.count > 3 { match(Array(fields[3]), process, directory) }
        }
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
