import BytePath
import Digests
import FileTree
import PackageModel
import Testing

@Suite("Composing trees")
struct ComposerTests {
    private func listing(_ packages: [[LayoutEntry]]) throws -> [String] {
        let store = TreeStore()
        let tree = try compose(packages.map { try layout($0) })
        store.add(tree)
        return try store.listing(tree.root)
    }

    private func conflicts(_ packages: [[LayoutEntry]]) throws -> [TreeConflict] {
        do {
            _ = try compose(packages.map { try layout($0) })
        } catch ComposeError.conflicts(let conflicts) {
            return conflicts
        }
        return []
    }

    @Test("random packages compose to what the obvious model says, in any order")
    func model() throws {
        for seed in UInt64(1)...60 {
            var random = SplitMix(seed: seed)
            let packages = randomPackages(Int.random(in: 1...12, using: &random), using: &random)
            let expected = modelListing(packages)
            #expect(try listing(packages) == expected, "seed \(seed)")
            let first = try compose(packages.map { try layout($0) })
            let shuffled = try compose(packages.shuffled(using: &random).map { try layout($0) })
            #expect(first.root == shuffled.root, "seed \(seed)")
            #expect(first.totals.entries == UInt64(expected.count), "seed \(seed)")
        }
    }

    @Test("a link to a directory takes in what others put below it")
    func redirects() throws {
        // Each row: the packages, and a path that must exist afterwards.
        let cases: [([[LayoutEntry]], String)] = [
            // A nested path below a link beside the target.
            ([[directory("lib/real"), link("lib/lnk", "real")], [file("lib/lnk/sub/b", "b")]], "lib/real/sub/b f"),
            // A target with "..".
            ([[link("share/lnk", "../lib"), file("lib/a", "a")], [file("share/lnk/b", "b")]], "lib/b f"),
            // A directory and a link of one path: the directory's mode is a wish for the target.
            ([[link("lib64", "lib"), file("lib/a", "a")], [directory("lib64"), file("lib64/b", "b")]], "lib/b f"),
            // The target does not exist yet.
            ([[link("lib64", "lib")], [file("lib64/b", "b")]], "lib/b f"),
            // Absolute, by way of /usr and of the root's own links.
            ([[link("lib64", "/usr/lib")], [file("lib64/b", "b")]], "lib/b f"),
            ([[link("x", "/lib64/y")], [file("x/b", "b")]], "lib/y/b f"),
            // Links through links.
            ([[link("a", "b"), link("b", "c")], [file("a/f", "f")]], "c/f f"),
            // A link found only below another link.
            ([[link("l", "m")], [link("l/n", "o")], [file("m/n/f", "f")]], "m/o/f f"),
            // To the top.
            ([[link("sub/top", "..")], [file("sub/top/f", "f")]], "f f"),
        ]
        for (packages, expected) in cases {
            let lines = try listing(packages)
            #expect(lines.contains { $0.hasPrefix(expected) }, "\(expected) not in \(lines)")
            #expect(try listing(packages.reversed()) == lines)
        }
    }

    @Test("redirects are recorded")
    func redirectsAreRecorded() throws {
        let tree = try compose([try layout([link("lib64", "lib")]), try layout([file("lib64/b", "b")])])
        #expect(tree.redirects == ["lib64"])
    }

    @Test("all conflicts are reported, each with both packages")
    func allConflicts() throws {
        let found = try conflicts([
            [file("bin/a", "1"), file("x", "x"), link("out", "/etc"), link("r1", "r2"), link("r2", "r1")],
            [file("bin/a", "2"), file("x/y", "y"), file("out/z", "z")],
            [file("bin/a", "1"), file("r1/q", "q")],
        ])
        #expect(
            found == [
                TreeConflict(path: "bin/a", kind: .samePath, first: 0, second: 1),
                TreeConflict(path: "bin/a", kind: .samePath, first: 0, second: 2),
                TreeConflict(path: "out", kind: .linkLeavesTree(target: "/etc"), first: 0, second: 1),
                TreeConflict(path: "r1", kind: .linkLoop(target: "r2"), first: 0, second: 2),
                TreeConflict(path: "x", kind: .fileAndDirectory, first: 0, second: 1),
            ])
    }

    @Test("after a redirect, files that meet are a conflict")
    func conflictThroughRedirect() throws {
        let found = try conflicts([[link("lib64", "lib"), file("lib/a", "1")], [file("lib64/a", "2")]])
        #expect(found == [TreeConflict(path: "lib/a", kind: .samePath, first: 0, second: 1)])
    }

    @Test("a file where another package names an empty directory is a conflict with that package")
    func fileAndNamedDirectory() throws {
        let found = try conflicts([[file("x", "x")], [directory("x", mode: 0o700)]])
        #expect(found == [TreeConflict(path: "x", kind: .fileAndDirectory, first: 0, second: 1)])
    }

    @Test("the tools' own name is nobody's, whichever way a package gets at it")
    func reservedName() throws {
        let cases: [[[LayoutEntry]]] = [
            [[link("a", ".")], [file("a/.stateID", "1")]],
            [[link("lib/up", "..")], [file("lib/up/.stateID", "1")]],
            [[link("lib/up", "/usr")], [directory("lib/up/.stateID")]],
            [[link("a", "b"), link("b", "lib/..")], [file("a/.stateID/x", "1")]],
            [[link("lib/up", ".."), file("lib/x", "x")], [link("lib/up/.stateID", "/etc/passwd")]],
        ]
        for packages in cases {
            let conflict = TreeConflict(path: ".stateID", kind: .reservedName, first: 1, second: 1)
            #expect(try conflicts(packages) == [conflict])
        }
        #expect(throws: PackageLayout.Failure.reservedPath(".stateID/x")) { try layout([file(".stateID/x", "1")]) }
        #expect(throws: PackageLayout.Failure.reservedPath(".stateID")) { try layout([directory(".stateID")]) }
        #expect(try conflicts([[file("lib/.stateID", "1"), file(".stateIDs", "2")]]).isEmpty)
    }

    @Test("a directory of several packages keeps nobody out of what is theirs")
    func sharedDirectories() throws {
        func owned(_ path: String, _ mode: UInt32, _ uid: UInt32, _ gid: UInt32 = 0) -> LayoutEntry {
            LayoutEntry(path: BytePath(path), kind: .directory, mode: 0o040000 | mode, uid: uid, gid: gid)
        }
        let a = file("share/x/a", "a")
        let b = file("share/x/b", "b")
        let below = file("share/x/y/z/b", "b")
        // What packages put there, and what share/x gets: mode, owner, group.
        let cases: [([[LayoutEntry]], EntryMetadata)] = [
            ([[owned("share/x", 0o700, 7), a]], EntryMetadata(mode: 0o700, uid: 7)),
            ([[owned("share/x", 0o700, 7), a], [owned("share/x/e", 0o755, 0)]], EntryMetadata(mode: 0o700, uid: 7)),
            ([[owned("share/x", 0o700, 7), a], [owned("share/x", 0o700, 7), b]], EntryMetadata(mode: 0o700, uid: 7)),
            ([[owned("share/x", 0o700, 7), a], [b]], .plainDirectory),
            ([[owned("share/x", 0o700, 0)], [below]], .plainDirectory),
            ([[owned("share/x", 0o777, 0), a], [b]], .plainDirectory),
            (
                [[owned("share/x", 0o2775, 0, 50), a], [owned("share/x", 0o750, 0, 50), b]],
                EntryMetadata(mode: 0o755, gid: 50)
            ),
            ([[owned("share/x", 0o1777, 0), a], [owned("share/x", 0o1777, 0), b]], EntryMetadata(mode: 0o1777)),
            ([[owned("share/x", 0o700, 7), a], [owned("share/x", 0o700, 8), b]], EntryMetadata(mode: 0o700)),
            ([[link("share/l", "x"), a], [owned("share/l", 0o700, 0), file("share/l/b", "b")]], .plainDirectory),
        ]
        for (packages, expected) in cases {
            for order in [packages, packages.reversed()] {
                let store = TreeStore()
                let tree = try compose(order.map { try layout($0) })
                store.add(tree)
                let found = try TreeDifference.entry(at: "share/x", in: tree.root, store.lookup)
                #expect(found?.metadata == expected, "\(packages.map { $0.map(\.path.display) })")
            }
        }
        // What is everybody's is so also while one package alone is there.
        let alone = try listing([
            [directory("lib", mode: 0o700), directory("lib/own", mode: 0o700), file("lib/own/f", "")]
        ])
        #expect(alone.contains("lib d 755") && alone.contains("lib/own d 700"))
    }

    @Test("layouts that are no layouts are refused")
    func invalidLayouts() {
        let bad: [LayoutEntry] = [
            file("/bin/a", ""), file("../a", ""), file("a//b", ""), file("a/./b", ""), file("", ""), file("a/", ""),
            file(".stateID", ""), file(".stateID/a", ""), file(String(repeating: "n", count: 256), ""), link("l", ""),
            LayoutEntry(path: BytePath(bytes: [97, 0]), kind: .directory, mode: 0o755),
            LayoutEntry(path: "dev", kind: .characterDevice, mode: 0o600),
        ]
        for entry in bad {
            #expect(throws: PackageLayout.Failure.self, "\(entry.path)") { try layout([entry]) }
        }
        #expect(throws: PackageLayout.Failure.duplicatePath("a")) { try layout([file("a", "1"), file("a", "2")]) }
    }

    @Test("damaged layouts and directories are errors, never traps")
    func damage() throws {
        var random = SplitMix(seed: 7)
        let good = try layout(randomPackages(3, using: &random)[0])
        for _ in 0..<3000 {
            var bytes = good.bytes
            if Bool.random(using: &random) {
                bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            } else {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
            _ = try? compose([PackageLayout(stored: bytes)])
        }
        let tree = try compose([good])
        for (id, range) in tree.directories {
            for length in 0..<range.count {
                let cut = Array(tree.bytes[range].prefix(length))
                let result = cut.withUnsafeBytes { try? Directory($0, id: id).entries() }
                #expect(result == nil)
            }
        }
    }
}
