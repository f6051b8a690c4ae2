/// A path put together component by component, with the hash of what there is of it at every step.
///
/// Following links looks up every prefix of a path; hashing each anew would make long paths quadratic.
struct PathWalk {
    private(set) var bytes: [UInt8] = []
    private var before: [(count: Int, hasher: Hasher)] = []
    private var hasher = Hasher()

    init() {}

    /// The path of slash-separated components.
    init(_ path: some Collection<UInt8>) {
        for component in path.split(separator: UInt8(ascii: "/")) { push(component) }
    }

    /// Same for the same path, however it was reached; differs from run to run.
    var hash: Int { hasher.finalize() }
    var isEmpty: Bool { before.isEmpty }

    mutating func push(_ component: some Collection<UInt8>) {
        before.append((bytes.count, hasher))
        if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
        let start = bytes.count
        bytes.append(contentsOf: component)
        hasher.combine(UInt8(ascii: "/"))
        bytes.withUnsafeBytes { hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: $0[start...])) }
    }

    /// Takes the last component away; false where there is none.
    mutating func pop() -> Bool {
        guard let (count, hasher) = before.popLast() else { return false }
        bytes.removeSubrange(count...)
        self.hasher = hasher
        return true
    }

    mutating func removeAll() {
        self = PathWalk()
    }
}

/// The links of all packages by the paths they have just now: those in a directory that moves, move with it.
struct LinkTable {
    /// By the hash of a path they have or had.
    private var byPath: [Int: [Int]] = [:]
    /// By the directory they are in.
    private var byNode: [Int: [Int]] = [:]

    mutating func add(_ link: Int, at path: PathWalk, in node: Int) {
        byPath[path.hash, default: []].append(link)
        byNode[node, default: []].append(link)
    }

    /// Those that may have that path, first ones first.
    func links(at hash: Int) -> [Int] { byPath[hash] ?? [] }

    /// Takes out the links in `node`; what they were known by stays, so each has to be held against its path.
    mutating func takeAll(in node: Int) -> [Int] { byNode.removeValue(forKey: node) ?? [] }
}

/// Paths of which the smallest, by bytes, comes first.
struct PathHeap {
    private var paths: [[UInt8]] = []

    mutating func push(_ path: [UInt8]) {
        paths.append(path)
        var index = paths.count - 1
        while index > 0, paths[index].lexicographicallyPrecedes(paths[(index - 1) / 2]) {
            paths.swapAt(index, (index - 1) / 2)
            index = (index - 1) / 2
        }
    }

    mutating func pop() -> [UInt8]? {
        guard let first = paths.first, let last = paths.popLast() else { return nil }
        if paths.isEmpty { return first }
        paths[0] = last
        var index = 0
        while true {
            var smallest = index
            for child in [2 * index + 1, 2 * index + 2]
            where child < paths.count && paths[child].lexicographicallyPrecedes(paths[smallest]) { smallest = child }
            if smallest == index { return first }
            paths.swapAt(index, smallest)
            index = smallest
        }
    }
}
