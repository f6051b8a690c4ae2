import BytePath
import Digests
import FileTree
import PackageModel

/// A deterministic generator; the seed is printed by the tests that use it.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Trees in memory, for what in the product is the database.
final class TreeStore {
    private var encodings: [TreeID: UnsafeRawBufferPointer] = [:]

    init() { add(Directory.empty.id, Directory.empty.bytes[...]) }

    deinit { for encoding in encodings.values { encoding.deallocate() } }

    func add(_ tree: ComposedTree) {
        for (id, range) in tree.directories { add(id, tree.bytes[range]) }
    }

    private func add(_ id: TreeID, _ bytes: ArraySlice<UInt8>) {
        guard encodings[id] == nil else { return }
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
        copy.copyBytes(from: bytes)
        encodings[id] = UnsafeRawBufferPointer(copy)
    }

    func lookup(_ id: TreeID) throws(TreeError) -> UnsafeRawBufferPointer {
        guard let bytes = encodings[id] else { throw .missing(id) }
        return bytes
    }

    /// One line per entry: path, kind, mode, owner, and what it is.
    func listing(_ root: TreeID) throws -> [String] {
        var lines: [String] = []
        try TreeDifference.forEachEntry(of: root, lookup) { path, entry in
            lines.append(line(path.appending(entry.name), entry))
        }
        return lines.sorted()
    }
}

func line(_ path: BytePath, _ entry: TreeEntry) -> String {
    let mode = String(entry.metadata.mode, radix: 8)
    return switch entry.content {
    case .regular(let digest, let size): "\(path) f \(mode) \(digest) \(size)"
    case .symlink(let target): "\(path) l \(target)"
    case .directory: "\(path) d \(mode)"
    }
}

func file(_ path: String, _ content: String, mode: UInt32 = 0o644) -> LayoutEntry {
    LayoutEntry(path: BytePath(path), kind: .regular(ObjectID(hashing: Array(content.utf8))), mode: 0o100000 | mode)
}

func link(_ path: String, _ target: String) -> LayoutEntry {
    LayoutEntry(path: BytePath(path), kind: .symlink(BytePath(target)), mode: 0o120777)
}

func directory(_ path: String, mode: UInt32 = 0o755) -> LayoutEntry {
    LayoutEntry(path: BytePath(path), kind: .directory, mode: 0o040000 | mode)
}

/// The layout with every content as long as a number derived from its digest.
func layout(_ entries: [LayoutEntry]) throws -> PackageLayout {
    var sizes: [ObjectID: UInt64] = [:]
    for case .regular(let digest) in entries.map(\.kind) { sizes[digest] = digest.low % 100_000 }
    return try PackageLayout(entries, sizes: sizes)
}

func compose(
    _ layouts: [PackageLayout], limits: ComposeLimits = ComposeLimits()
) throws(ComposeError) -> ComposedTree {
    // Copies with stable addresses, as the database would give.
    let buffers = layouts.map { layout in
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: layout.bytes.count, alignment: 1)
        buffer.copyBytes(from: layout.bytes)
        return UnsafeRawBufferPointer(buffer)
    }
    defer { for buffer in buffers { buffer.deallocate() } }
    return try Composer.compose(buffers, limits: limits)
}

/// What the tree of some packages must look like, computed the slow and obvious way; without links to directories.
func modelListing(_ packages: [[LayoutEntry]]) -> [String] {
    var lines: [BytePath: String] = [:]
    var claims: [BytePath: EntryMetadata] = [:]
    for (package, entry) in packages.flatMap({ package in package.map { (package, $0) } }) {
        var parent = entry.path.parent
        var isClosed = false
        while !parent.isEmpty {
            isClosed = isClosed || package.contains { $0.path == parent && $0.mode & 0o040001 == 0o040000 }
            lines[parent] = lines[parent] ?? "\(parent) d 755"
            parent = parent.parent
        }
        switch entry.kind {
        case .regular(let digest):
            let mode = String(entry.mode & 0o6555 | (isClosed ? 0o1000 : 0), radix: 8)
            lines[entry.path] = "\(entry.path) f \(mode) \(digest) \(digest.low % 100_000)"
        case .symlink(let target): lines[entry.path] = "\(entry.path) l \(target)"
        default:
            let claim = EntryMetadata.agreed(claims[entry.path], EntryMetadata(mode: entry.mode & 0o7777))
            claims[entry.path] = claim
        }
    }
    for (path, claim) in claims {
        // Who has something there and does not name the directory wants it as it is without a name.
        let hasOthers = packages.contains { package in
            !package.contains { $0.path == path }
                && package.contains { $0.kind != .directory && $0.path.bytes.starts(with: path.bytes + [47]) }
        }
        let mode = (hasOthers ? .agreed(claim, .plainDirectory) : claim).mode
        lines[path] = "\(path) d \(String(mode, radix: 8))"
    }
    return lines.values.sorted()
}

/// What some packages ask for directories, as the database would say.
func claims(of packages: [[LayoutEntry]]) -> TreeEditor.Claims {
    func naming(_ path: BytePath) -> [[LayoutEntry]] {
        packages.filter { $0.contains { $0.kind == .directory && $0.path == path } }
    }
    return TreeEditor.Claims(
        agreed: { path in
            var claim: EntryMetadata?
            for entry in packages.flatMap({ $0 }) where entry.kind == .directory && entry.path == path {
                claim = .agreed(claim, EntryMetadata(mode: entry.mode & 0o7777, uid: entry.uid, gid: entry.gid))
            }
            return claim
        },
        contentCount: { path in
            naming(path).reduce(0) { count, package in
                let own = try? layout(package).bytes.withUnsafeBytes {
                    try PackageLayout.contentCount(of: $0, below: path)
                }
                return count + (own ?? 0)
            }
        })
}

/// Packages without conflicts: every path is owned by the package its name says, directories are shared.
func randomPackages(_ count: Int, using random: inout SplitMix) -> [[LayoutEntry]] {
    (0..<count).map { package in
        var entries: [BytePath: LayoutEntry] = [:]
        for _ in 0..<Int.random(in: 1...30, using: &random) {
            let depth = Int.random(in: 0...4, using: &random)
            let parents = (0..<depth).map { _ in "d\(Int.random(in: 0...3, using: &random))" }
            let name = "p\(package)-\(Int.random(in: 0...20, using: &random))"
            let path = (parents + [name]).joined(separator: "/")
            let entry: LayoutEntry =
                switch Int.random(in: 0...9, using: &random) {
                case 0: link(path, "nowhere/\(name)")
                case 1 where depth > 0:
                    directory(
                        parents.joined(separator: "/"),
                        mode: [0o755, 0o700, 0o1777].randomElement(using: &random) ?? 0o755)
                case 2: directory("\(path)-dir")
                default:
                    file(
                        path, "content \(Int.random(in: 0...500, using: &random))",
                        mode: Bool.random(using: &random) ? 0o755 : 0o644)
                }
            entries[entry.path] = entry
        }
        return Array(entries.values)
    }
}
