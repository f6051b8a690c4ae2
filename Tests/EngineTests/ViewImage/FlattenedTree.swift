import BytePath
import Digests
import FileTree
import Glibc
import PackageModel
import TestSupport
import ViewImage

/// Packages composed to one tree, and that tree as the bytes of an image.
struct FlattenedTree {
    struct Package {
        var name: String
        var version = "1.0-1"
        var entries: [LayoutEntry]
    }

    let packages: [Package]
    let root: TreeID
    let bytes: [UInt8]
    private let store = TreeStore()

    /// - Parameter sizes: of contents; those not named have sizes of their own, never 0.
    init(
        _ packages: [Package], sizes: [ObjectID: UInt64] = [.ofNothing: 0], shown: String = "7",
        time: Int64 = 1_700_000_000, recordedOwner: (uid: UInt32, gid: UInt32)? = nil,
        source: (ObjectID) -> UInt32 = { _ in 0 }
    ) throws {
        self.packages = packages
        let layouts = try packages.map { package in
            var sizes = sizes
            for case .regular(let digest) in package.entries.map(\.kind) where sizes[digest] == nil {
                sizes[digest] = Self.size(of: digest)
            }
            return try PackageLayout(package.entries, sizes: sizes)
        }
        let tree = try compose(layouts)
        store.add(tree)
        root = tree.root
        let setting = ViewImageBuilder.Setting(shown: shown, time: time, recordedOwner: recordedOwner)
        var builder = try ViewImageBuilder(root, setting, store.lookup, source: source)
        for (package, layout) in zip(packages, layouts) {
            try layout.bytes.withUnsafeBytes {
                try builder.claim($0, name: package.name, version: package.version)
            }
        }
        let count = builder.byteCount ?? 0
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
        defer { memory.deallocate() }
        builder.write(to: memory)
        bytes = Array(memory)
    }

    static func size(of digest: ObjectID) -> UInt64 { digest.low % 100_000 + 1 }

    /// Every entry of the tree, the root directory left out.
    func entries() throws -> [BytePath: TreeEntry] {
        var entries: [BytePath: TreeEntry] = [:]
        try TreeDifference.forEachEntry(of: root, store.lookup) { path, entry in
            entries[path.appending(entry.name)] = entry
        }
        return entries
    }

    /// The names of the packages that have a file or link at `path`, in the packages' order.
    func owners(of path: BytePath) -> [Package] {
        packages.filter { $0.entries.contains { $0.path == path && $0.kind != .directory } }
    }
}

/// Memory that ends where the next byte can't be read, so that a step too far is noticed.
final class GuardedMemory {
    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    private static let page = 4096

    init(capacity: Int) throws {
        self.capacity = (capacity + Self.page - 1) / Self.page * Self.page
        let whole = self.capacity + Self.page
        guard let start = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            start != MAP_FAILED, mprotect(start + self.capacity, Self.page, PROT_NONE) == 0
        else { throw TestSupportError("no memory") }
        self.start = start
    }

    deinit { munmap(start, capacity + Self.page) }

    /// Copies `bytes` to the end of the memory, as near as their alignment to 8 lets them.
    func hold(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let place = start + (capacity - (bytes.count + 7) / 8 * 8)
        bytes.withUnsafeBytes { if let from = $0.baseAddress { place.copyMemory(from: from, byteCount: $0.count) } }
        return UnsafeRawBufferPointer(start: place, count: bytes.count)
    }
}

extension ViewImage {
    /// The row of every path, as a walk from the root finds them; nil when the walk does not end.
    func rows() -> [BytePath: Int]? {
        var rows: [BytePath: Int] = ["": 0]
        var pending: [(BytePath, Int)] = [("", 0)]
        var steps = 0
        while let (path, row) = pending.popLast() {
            let directory = nodes[row]
            for position in 0..<Int(directory.count) {
                let child = child(of: directory, at: position)
                let childPath = path.appending(BytePath(cString: child.name))
                rows[childPath] = child.node
                if nodes[child.node].isDirectory { pending.append((childPath, child.node)) }
                steps += 1
                if steps > 1_000_000 { return nil }
            }
        }
        return rows
    }
}
