package import BytePath
internal import FileTree
package import LinuxSystem
internal import ObjectStore
package import PackageModel

/// Finds what somebody put into a tree on disk that no package and no tool of ours has there.
///
/// Names, kinds and links are compared, and of files size and time: what moss writes has one time, which nothing else has.
/// So a file that was replaced is found as well, whatever the clock said then. Takes a status call for every file: for
/// trees that are about to go.
extension Blitter {
    /// - Parameters:
    ///   - trees: which of them the entries are of is not known, where there are several.
    ///   - extraNames: names in the root directory that belong to the tools.
    ///   - mountPoints: places that were made in the tree for something to be mounted on.
    /// - Returns: paths; a directory stands for everything below it. Nothing is mounted on them or below.
    package func localEntries(
        in root: borrowing Descriptor, besides trees: [TreeID], extraNames: Set<String>, mountPoints: [BytePath] = []
    ) throws(BlitError) -> [BytePath] {
        let names = Set(extraNames.map { BytePath($0) })
        let mounted: [BytePath]
        do throws(SystemError) {
            mounted = try MountsBelow(root).uppermost.map(\.path)
        } catch {
            throw .system(error)
        }
        var failure: SystemError?
        var found: [BytePath] = []
        // The closure below does not outlive this call.
        let top = root.raw
        try readingTrees { lookup in
            withoutActuallyEscaping(lookup) { lookup in
                do throws(SystemError) {
                    var search = try LocalSearch(lookup, top, made: Set(mountPoints), mounted: mounted)
                    try search.look("", trees, except: names)
                    found = search.found
                } catch {
                    failure = error
                }
            }
        }
        if let failure { throw .system(failure) }
        return found.sorted()
    }
}

private struct LocalSearch {
    private let lookup: TreeLookup
    private let root: Int32
    private let device: UInt64
    private let made: Set<BytePath>
    private let mounted: [BytePath]
    var found: [BytePath] = []

    init(
        _ lookup: @escaping TreeLookup, _ root: Int32, made: Set<BytePath>, mounted: [BytePath]
    ) throws(SystemError) {
        self.lookup = lookup
        self.root = root
        self.made = made
        self.mounted = mounted
        device = try SystemCalls.status(root, ".").device
    }

    mutating func look(_ path: BytePath, _ trees: [TreeID], except names: Set<BytePath> = []) throws(SystemError) {
        let directory: Descriptor
        do throws(SystemError) {
            directory = try (path.isEmpty ? "." : path).withCString { (path) throws(SystemError) in
                try SystemCalls.descend(root, path)
            }
        } catch {
            // Mounted there by now.
            if error.number == .crossDevice { return }
            throw error
        }
        // A volume of its own: nothing of this tree.
        guard try directory.status().device == device else { return }
        var known: [BytePath: [TreeEntry]] = [:]
        for tree in trees {
            // What cannot be read tells of nothing in it.
            for entry in (try? Directory(lookup(tree), id: tree).entries()) ?? [] {
                known[entry.name, default: []].append(entry)
            }
        }
        for entry in try directory.entries() where !names.contains(entry.name) {
            let candidates = known[entry.name] ?? []
            let whole = path.appending(entry.name)
            if mounted.contains(whole) { continue }
            let subtrees = Set(candidates.compactMap(\.tree))
            var kind = entry.kind
            if kind == .unknown { kind = try directory.status(of: entry.name).kind }
            if kind == .directory, !subtrees.isEmpty || mustOpen(whole) {
                try look(whole, subtrees.sorted())
            } else if kind == .regular, made.contains(whole), try directory.status(of: entry.name).size == 0 {
                // A place for a file to be mounted on.
                continue
            } else {
                var isOwn = false
                for candidate in candidates where !isOwn { isOwn = try candidate.isOwn(in: directory) }
                if !isOwn { found.append(whole) }
            }
        }
    }

    /// Whether a directory of no tree does not stand for what is in it: it was made to mount on, or is above a mount.
    private func mustOpen(_ path: BytePath) -> Bool {
        made.contains(path) || mounted.contains { $0.isAtOrBelow(path) }
    }
}

extension TreeEntry {
    /// Whether what has this name in the directory is what moss made of this entry, as far as can be told without reading
    /// it: files that moss makes have one time, which nobody else's have.
    func isOwn(in directory: borrowing Descriptor) throws(SystemError) -> Bool {
        let status = try directory.status(of: name)
        switch content {
        case .directory: return status.kind == .directory
        case .symlink(let target):
            guard status.kind == .symlink else { return false }
            return try directory.readLink(name) == target
        case .regular(_, let size):
            return status.kind == .regular && status.size == size
                && status.modified == ObjectStore.objectTime * 1_000_000_000
        }
    }
}
