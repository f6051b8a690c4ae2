package import BytePath

/// Directories that several packages use.
///
/// A package may ask for a mode and an owner by naming a directory. It gets them while the directory is its own. Where
/// others have files or links in or below it, they have a say: those that do not name it ask for what a directory has
/// that nobody names, 0755 and root. So nobody locks others out of their files, whoever comes first or last.
extension Composer {
    mutating func settleDirectories() {
        var users = DirectoryUsers(count: nodes.count)
        var run = 0
        var claim = 0
        // Both ascend by package. What another package has is marked before what the next one asks for.
        while claim < claims.count {
            let package = claims[claim].package
            while run < runs.count, runs[run].package <= package {
                if runs[run].hasContent { note(runs[run], &users) }
                run += 1
            }
            while claim < claims.count, claims[claim].package == package {
                let node = resolved(claims[claim].node)
                nodes[node].metadata = .agreed(nodes[node].metadata, claims[claim].metadata)
                users.note(claimBy: package, on: node)
                claim += 1
            }
        }
        while run < runs.count {
            if runs[run].hasContent { note(runs[run], &users) }
            run += 1
        }
        for (index, node) in nodes.enumerated() {
            guard let metadata = node.metadata else { continue }
            if users.hasOthers(index) || SharedDirectories.contain(path(of: index)) {
                nodes[index].metadata = .agreed(metadata, .plainDirectory)
            }
        }
        nodes[0].metadata = nil
    }

    private mutating func note(_ run: Run, _ users: inout DirectoryUsers) {
        var node = resolved(run.node)
        // Above a directory that is marked already, all are.
        while node > 0, users.note(run.package, in: node) { node = resolved(nodes[node].parent) }
    }

    /// How many packages have something in each directory or below it, and how many of these name it.
    private struct DirectoryUsers {
        private var last: [Int32]
        private var users: [Int32]
        private var lastNaming: [Int32]
        private var naming: [Int32]

        init(count: Int) {
            last = Array(repeating: -1, count: count)
            users = Array(repeating: 0, count: count)
            lastNaming = last
            naming = users
        }

        /// - Returns: false where that was known.
        mutating func note(_ package: Int, in node: Int) -> Bool {
            if last[node] == Int32(package) { return false }
            last[node] = Int32(package)
            users[node] += 1
            return true
        }

        mutating func note(claimBy package: Int, on node: Int) {
            guard last[node] == Int32(package), lastNaming[node] != Int32(package) else { return }
            lastNaming[node] = Int32(package)
            naming[node] += 1
        }

        func hasOthers(_ node: Int) -> Bool { users[node] > naming[node] }
    }
}

/// Directories of the hierarchy that is everybody's, in which no package is ever alone.
enum SharedDirectories {
    private static let names: [BytePath] = [
        "bin", "games", "include", "lib", "lib32", "lib64", "libexec", "local", "sbin", "share", "src",
    ]

    static func contain(_ path: BytePath) -> Bool { names.contains(path) }
}

extension EntryMetadata {
    /// What a directory gets that two packages ask for: who may enter and read it for either of them may, who may write
    /// to it for both of them may, and it has the owner they agree on, or root. The order does not matter.
    package static func agreed(_ left: EntryMetadata?, _ right: EntryMetadata) -> EntryMetadata {
        guard let left else { return right }
        let either: UInt32 = 0o1755
        return EntryMetadata(
            mode: (left.mode | right.mode) & either | left.mode & right.mode & ~either,
            uid: left.uid == right.uid ? left.uid : 0, gid: left.gid == right.gid ? left.gid : 0)
    }
}

extension PackageLayout {
    /// How many files and links an encoded layout has in the directory `path` or below it.
    package static func contentCount(
        of bytes: UnsafeRawBufferPointer, below path: BytePath
    ) throws(TreeError) -> UInt64 {
        var count: UInt64 = 0
        var groups = try LayoutGroups(bytes)
        while let group = try groups.next() {
            guard group.path.starts(with: path.bytes),
                group.path.count == path.count || group.path[path.count] == UInt8(ascii: "/")
            else { continue }
            var records = group.records
            while let record = try records.next() {
                if !record.isDirectory { count += 1 }
            }
        }
        return count
    }
}
