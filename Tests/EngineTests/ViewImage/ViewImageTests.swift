import BytePath
import Digests
import FileTree
import PackageModel
import TestSupport
import Testing
import ViewImage

@Suite("Images of trees")
struct ViewImageTests {
    private func withImage(_ tree: FlattenedTree, _ body: (ViewImage) throws -> Void) throws {
        let memory = try GuardedMemory(capacity: tree.bytes.count)
        try body(ViewImage(memory.hold(tree.bytes)))
    }

    // MARK: Chance

    private static let contents = (0..<12).map { ObjectID(hashing: Array("content \($0)".utf8)) } + [.ofNothing]

    /// A name: short, long, no text, or one that begins like others.
    private func name(_ random: inout SeededGenerator) -> [UInt8] {
        switch Int.random(in: 0..<6, using: &random) {
        case 0: Array("a\(Int.random(in: 0..<6, using: &random))".utf8)
        case 1: Array("same prefix \(Int.random(in: 0..<9, using: &random))".utf8)
        case 2: Array("same prefix".utf8.prefix(Int.random(in: 1...11, using: &random)))
        case 3: (0..<255).map { _ in UInt8(ascii: "x") + UInt8.random(in: 0...2, using: &random) }
        case 4: [UInt8(ascii: "n")] + (0..<3).map { _ in UInt8.random(in: 0x80...0xff, using: &random) }
        default: (0..<Int.random(in: 1...8, using: &random)).map { _ in UInt8.random(in: 0x30...0x39, using: &random) }
        }
    }

    /// Packages without conflicts: directories are shared and begin with a letter, other names with the package's number.
    private func randomPackages(_ random: inout SeededGenerator) -> [FlattenedTree.Package] {
        let parents = (0..<4).map { _ in BytePath(bytes: [UInt8(ascii: "d")] + name(&random).prefix(254)) }
        return (0..<Int.random(in: 1...5, using: &random)).map { number in
            var entries: [BytePath: LayoutEntry] = [:]
            for _ in 0..<Int.random(in: 0...60, using: &random) {
                var path: BytePath = ""
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    path = path.appending(parents.randomElement(using: &random) ?? "d")
                }
                let own = BytePath(bytes: Array("\(number)".utf8) + name(&random).prefix(250))
                let entry: LayoutEntry
                switch Int.random(in: 0..<8, using: &random) {
                case 0:
                    let length = [1, 20, 4095].randomElement(using: &random) ?? 1
                    let target = (0..<length).map { _ in UInt8.random(in: 1...0xff, using: &random) }
                    entry = LayoutEntry(
                        path: path.appending(own), kind: .symlink(BytePath(bytes: target)), mode: 0o120777)
                case 1:
                    let place = path.isEmpty ? own : path
                    let mode: UInt32 = [0o755, 0o700, 0o1777].randomElement(using: &random) ?? 0o755
                    entry = LayoutEntry(path: place, kind: .directory, mode: 0o040000 | mode)
                default:
                    let mode: UInt32 = [0o644, 0o755, 0o4755, 0o640].randomElement(using: &random) ?? 0o644
                    let user: UInt32 = [0, 0, 0, 7].randomElement(using: &random) ?? 0
                    entry = LayoutEntry(
                        path: path.appending(own),
                        kind: .regular(Self.contents.randomElement(using: &random) ?? .ofNothing),
                        mode: 0o100000 | mode, uid: user, gid: user)
                }
                entries[entry.path] = entry
            }
            let sorted = entries.values.sorted { $0.path < $1.path }
            return FlattenedTree.Package(name: "package\(number)", version: "1.\(number)-1", entries: sorted)
        }
    }

    @Test("random trees are shown as they are: names, kinds, modes, owners, sizes, targets, digests, packages")
    func chance() throws {
        var random = SeededGenerator.forTest()
        for _ in 0..<120 {
            let seed = random.next()
            var own = SeededGenerator(seed: seed)
            let recorded: (uid: UInt32, gid: UInt32)? = Bool.random(using: &own) ? (1000, 100) : nil
            let tree = try FlattenedTree(randomPackages(&own), recordedOwner: recorded)
            try withImage(tree) { image in
                let problems = try self.problems(of: image, tree, recorded)
                #expect(problems == [], "MOSS_SEED \(seed)")
            }
        }
    }

    /// How the image differs from the tree it is of.
    private func problems(
        of image: ViewImage, _ tree: FlattenedTree, _ recorded: (uid: UInt32, gid: UInt32)?
    ) throws -> [String] {
        let expected = try tree.entries()
        guard var rows = image.rows() else { return ["the walk does not end"] }
        rows[""] = nil
        var problems: [String] = []
        if Set(rows.keys) != Set(expected.keys) { problems.append("other paths") }
        var paths: [Int: [BytePath]] = [:]
        for (path, row) in rows { paths[row, default: []].append(path) }
        for (path, entry) in expected {
            guard let row = rows[path] else { continue }
            problems += attributes(of: image, row, path, entry, recorded)
            if look(path, in: image) != row { problems.append("\(path) is not found") }
            guard case .regular = entry.content else { continue }
            let owners = Set((paths[row] ?? []).flatMap { tree.owners(of: $0).map(\.name) })
            let named = tree.packages.filter { owners.contains($0.name) }
            let node = image.nodes[row]
            let found = (String(cString: image.packages(of: node)), String(cString: image.versions(of: node)))
            let wanted = (
                named.map(\.name).joined(separator: ", "), named.map(\.version).joined(separator: ", ")
            )
            if found != wanted { problems.append("\(path) is from \(found), not \(wanted)") }
        }
        return problems + sharing(image, expected, rows)
    }

    private func attributes(
        of image: ViewImage, _ row: Int, _ path: BytePath, _ entry: TreeEntry, _ recorded: (uid: UInt32, gid: UInt32)?
    ) -> [String] {
        let node = image.nodes[row]
        var mode = entry.metadata.mode
        var problems: [String] = []
        switch entry.content {
        case .directory: if !node.isDirectory { problems.append("\(path) is no directory") }
        case .symlink(let target):
            if !node.isSymlink || node.size != target.count || BytePath(cString: image.target(of: node)) != target {
                problems.append("\(path) is another link")
            }
        case .regular(let digest, let size):
            if !node.isRegular || node.size != size || node.digest != digest {
                problems.append("\(path) is another file")
            }
            if recorded != nil { mode |= 0o400 }
        }
        if node.mode & 0o7777 != mode { problems.append("\(path) has mode \(String(node.mode, radix: 8))") }
        let uid = recorded?.uid ?? entry.metadata.uid
        let gid = recorded?.gid ?? entry.metadata.gid
        if node.uid != uid || node.gid != gid { problems.append("\(path) is of \(node.uid):\(node.gid)") }
        if !node.isRegular {
            let above = path.parent.isEmpty ? 0 : look(path.parent, in: image)
            if Int(node.parent) != above { problems.append("\(path) has another parent") }
        }
        return problems
    }

    /// Looks a path up component by component.
    private func look(_ path: BytePath, in image: ViewImage) -> Int? {
        var row: Int? = 0
        for component in path.components {
            row = row.flatMap { child($0, BytePath(component), image) }
        }
        return row
    }

    /// Files with one content and equal metadata are one node with as many links; empty ones are not.
    private func sharing(
        _ image: ViewImage, _ expected: [BytePath: TreeEntry], _ rows: [BytePath: Int]
    ) -> [String] {
        struct Inode: Hashable {
            var digest: ObjectID
            var mode: UInt32
            var uid: UInt32
            var gid: UInt32
            var path: BytePath?
        }
        var groups: [Inode: Set<BytePath>] = [:]
        var directories: [BytePath: UInt32] = ["": 2]
        for (path, entry) in expected {
            switch entry.content {
            case .directory:
                directories[path, default: 2] += 0
                directories[path.parent, default: 2] += 1
            case .symlink: break
            case .regular(let digest, let size):
                let node = image.nodes[rows[path] ?? 0]
                let inode = Inode(
                    digest: digest, mode: node.mode, uid: node.uid, gid: node.gid, path: size == 0 ? path : nil)
                groups[inode, default: []].insert(path)
            }
        }
        var problems: [String] = []
        var seen: Set<Int> = []
        for paths in groups.values {
            let nodes = Set(paths.compactMap { rows[$0] })
            if nodes.count != 1 { problems.append("\(paths) are \(nodes.count) nodes") }
            if !seen.isDisjoint(with: nodes) { problems.append("\(paths) share with others") }
            seen.formUnion(nodes)
            for node in nodes where image.nodes[node].links != paths.count { problems.append("\(paths): links") }
        }
        for (path, links) in directories where image.nodes[rows[path] ?? 0].links != links {
            problems.append("\(path): \(image.nodes[rows[path] ?? 0].links) links, not \(links)")
        }
        return problems
    }

    // MARK: Sizes and shapes

    @Test("5,000 names in one directory are each found, and their neighbours are not")
    func manyNames() throws {
        let entries = (0..<5000).map { file("big/name-\($0 * 3)", "\($0 % 50)") }
        let tree = try FlattenedTree([.init(name: "big", entries: entries)])
        try withImage(tree) { image in
            let directory = look("big", in: image) ?? 0
            #expect(image.nodes[directory].count == 5000)
            var wrong: [Int] = []
            for number in 0..<15000 {
                let found = child(directory, BytePath("name-\(number)"), image) != nil
                if found != number.isMultiple(of: 3) { wrong.append(number) }
            }
            #expect(wrong == [])
            for absent in ["", "n", "name-", "name-0x", "zzz", "\u{1}", String(repeating: "n", count: 300)] {
                #expect(child(directory, BytePath(absent), image) == nil)
            }
            let leaf = look("big/name-0", in: image) ?? 0
            #expect(child(leaf, "x", image) == nil, "a file has no children")
            #expect(image.nodes[leaf].links == 100)
        }
    }

    private func child(_ row: Int, _ name: BytePath, _ image: ViewImage) -> Int? {
        name.withCString { image.child(of: row, $0) }
    }

    @Test("the empty tree is a directory without names")
    func nothing() throws {
        let tree = try FlattenedTree([], shown: "candidate", time: -1)
        try withImage(tree) { image in
            #expect(image.nodeCount == 1 && image.nodes[0].count == 0 && image.nodes[0].links == 2)
            #expect(String(cString: image.shown) == "candidate" && image.header.time == -1)
            #expect(image.header.contentBytes == 0 && !image.header.keepsOwnersAsRecords)
        }
    }

    @Test("a file belongs to every package that has its content, each named once, wherever links have moved it")
    func owners() throws {
        let tree = try FlattenedTree([
            .init(name: "base", entries: [link("lib64", "lib"), link("sbin", "/bin"), file("lib/own", "own")]),
            .init(
                name: "one",
                entries: [file("a/1", "same"), file("a/2", "same"), file("lib64/below", "moved"), file("a/e", "")]),
            .init(name: "two", entries: [file("b/1", "same"), file("b/2", "same"), file("sbin/tool", "tool")]),
            .init(name: "three", entries: [file("c/1", "same"), file("c/2", "same"), file("c/x", "x", mode: 0o755)]),
        ])
        try withImage(tree) { image in
            let expected: [(BytePath, String?)] = [
                ("a/1", "one, two, three"), ("c/2", "one, two, three"), ("lib/below", "one"), ("lib/own", "base"),
                // By an absolute link by way of the root's own.
                ("bin/tool", "two"),
                // Look-ups follow no link, and directories are nobody's.
                ("lib64/below", nil), ("a", ""),
            ]
            for (path, owners) in expected { #expect(self.owners(of: path, in: image) == owners, "\(path)") }
        }
    }

    private func owners(of path: BytePath, in image: ViewImage) -> String? {
        look(path, in: image).map { String(cString: image.packages(of: image.nodes[$0])) }
    }

    @Test("files carry the source that has their content")
    func sources() throws {
        let own = ObjectID(hashing: Array("here".utf8))
        let packages = [FlattenedTree.Package(name: "p", entries: [file("here", "here"), file("there", "there")])]
        let tree = try FlattenedTree(
            packages, source: { $0 == own ? ViewRequest.scratchSource : ViewRequest.firstStoneSource + 4 })
        try withImage(tree) { image in
            let sources = ["here", "there"].map { look($0, in: image).map { image.nodes[$0].source } }
            #expect(sources == [1, 6])
        }
    }
}
