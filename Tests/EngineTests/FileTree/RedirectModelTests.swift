import BytePath
import FileTree
import PackageModel
import Testing

/// Directories in the places of links, against the slow and obvious way, and how much of a tree moving them looks at.
@Suite("Links in the places of directories")
struct RedirectModelTests {
    /// Every entry by its path, moved one link at a time.
    private struct Model {
        var entries: [(path: String, entry: LayoutEntry)]
        var redirects: [String] = []
        var refused: Set<String> = []

        init(_ packages: [[LayoutEntry]]) {
            entries = packages.flatMap { $0 }.map { ($0.path.display, $0) }
            while let path = next() {
                guard let destination = follow(path) else {
                    refused.insert(path)
                    continue
                }
                redirects.append(path)
                for index in entries.indices where isDirectory(entries[index].entry) || entries[index].path != path {
                    if entries[index].path == path { entries[index].path = destination }
                    guard entries[index].path.hasPrefix(path + "/") else { continue }
                    let rest = entries[index].path.dropFirst(path.count + 1)
                    entries[index].path = destination.isEmpty ? String(rest) : "\(destination)/\(rest)"
                }
            }
        }

        private func isDirectory(_ entry: LayoutEntry) -> Bool { entry.kind == .directory }

        private var targets: [String: String] {
            var targets: [String: String] = [:]
            for (path, entry) in entries {
                if case .symlink(let target) = entry.kind { targets[path] = target.display }
            }
            return targets
        }

        private func next() -> String? {
            var directories: Set<String> = []
            for (path, entry) in entries {
                var parts = path.split(separator: "/")
                if !isDirectory(entry) { parts = parts.dropLast() }
                while !parts.isEmpty {
                    directories.insert(parts.joined(separator: "/"))
                    parts = parts.dropLast()
                }
            }
            return targets.keys.filter { directories.contains($0) && !refused.contains($0) }.min()
        }

        private func follow(_ path: String) -> String? {
            var rest = path.split(separator: "/").map(String.init)
            var walked: [String] = []
            var followed = 0
            while !rest.isEmpty {
                let part = rest.removeFirst()
                if part == ".." {
                    guard walked.popLast() != nil else { return nil }
                    continue
                }
                walked.append(part)
                guard let target = targets[walked.joined(separator: "/")] else { continue }
                followed += 1
                if followed > 40 { return nil }
                walked.removeLast()
                rest = target.split(separator: "/").map(String.init) + rest
            }
            return walked.joined(separator: "/")
        }

        /// Whether two links ended at one path.
        var hasTwins: Bool {
            entries.count {
                if case .symlink = $0.entry.kind { true } else { false }
            } != targets.count
        }

        /// Paths of everything but directories.
        var paths: [String] { entries.filter { !isDirectory($0.entry) }.map(\.path).sorted() }
    }

    private func random(using random: inout SplitMix) -> [[LayoutEntry]] {
        let names = ["a", "b", "c"]
        func path(_ depth: ClosedRange<Int>) -> String {
            (0..<Int.random(in: depth, using: &random)).map { _ in names.randomElement(using: &random) ?? "a" }
                .joined(separator: "/")
        }
        var number = 0
        // Two links of one path are a conflict whatever they lead to, and either is followed.
        var linked: Set<String> = []
        return (0..<Int.random(in: 1...4, using: &random)).map { _ in
            var entries: [BytePath: LayoutEntry] = [:]
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                number += 1
                let entry: LayoutEntry
                switch Int.random(in: 0...3, using: &random) {
                case 0:
                    let up = String(repeating: "../", count: Int.random(in: 0...2, using: &random))
                    let place = path(1...3)
                    guard linked.insert(place).inserted else { continue }
                    entry = link(place, up + path(1...2))
                case 1: entry = directory(path(1...3))
                default: entry = file("\(path(1...4))/f\(number)", "\(number)")
                }
                entries[entry.path] = entry
            }
            return Array(entries.values)
        }
    }

    @Test("random links and directories end where moving them one at a time puts them")
    func model() throws {
        var moved = 0
        var compared = 0
        for seed in UInt64(1)...1500 {
            var generator = SplitMix(seed: seed)
            let packages = random(using: &generator)
            let model = Model(packages)
            let layouts = try packages.map { try layout($0) }
            do {
                let tree = try compose(layouts)
                let store = TreeStore()
                store.add(tree)
                var paths: [String] = []
                try TreeDifference.forEachEntry(of: tree.root, store.lookup) { path, entry in
                    if entry.kind != .directory { paths.append(path.appending(entry.name).display) }
                }
                #expect(model.refused.isEmpty, "seed \(seed)")
                #expect(paths.sorted() == model.paths, "seed \(seed)")
                #expect(tree.redirects.map(\.display) == Set(model.redirects).sorted(), "seed \(seed)")
                moved += tree.redirects.count
            } catch ComposeError.conflicts(let conflicts) {
                var refused: Set<String> = []
                for conflict in conflicts {
                    switch conflict.kind {
                    case .linkLeavesTree, .linkLoop: refused.insert(conflict.path.display)
                    case .samePath, .fileAndDirectory, .reservedName: break
                    }
                }
                // Of links that came to one path one is followed here and the other there.
                if !model.hasTwins {
                    #expect(refused == model.refused, "seed \(seed)")
                    compared += 1
                }
            }
        }
        #expect(moved > 100 && compared > 100)
    }

    @Test("steps grow with what moves: 5,000 links, and 5,000 links beside one that moves", arguments: [true, false])
    func steps(each: Bool) throws {
        let count = 5000
        let links = (0..<count).map { link("d/l\($0)", "../t") }
        let files = (0..<(each ? count : 1)).map { file("d/l\($0)/f\($0)", "\($0)") }
        var limits = ComposeLimits()
        limits.redirectStepsMax = 20 * files.count
        let tree = try compose([try layout(links), try layout(files)], limits: limits)
        #expect(tree.redirects.count == files.count)
        limits.redirectStepsMax = files.count
        #expect(throws: ComposeError.self) { _ = try compose([try layout(links), try layout(files)], limits: limits) }
    }

    @Test("what is moved is bounded: the number of links, and how deep it ends")
    func bounds() throws {
        var limits = ComposeLimits()
        limits.redirectsMax = 3
        let packages = [(0..<5).map { link("l\($0)", "t") }, (0..<5).map { file("l\($0)/f\($0)", "\($0)") }]
        do {
            _ = try compose(packages.map { try layout($0) }, limits: limits)
            Issue.record("five links were followed")
        } catch ComposeError.tooLarge(let package, let problem) {
            #expect(package == 0 && problem.contains("3 directories"))
        }
        let deep = Array(repeating: "d", count: 200).joined(separator: "/")
        let nested = [[link("l", deep)], [file("l/\(deep)/f", "f")]]
        #expect(throws: ComposeError.self) { _ = try compose(nested.map { try layout($0) }) }
        #expect(throws: Never.self) { _ = try compose([try layout([link("l", "t")]), try layout(nested[1])]) }
    }

    @Test("components below /usr are found by bytes")
    func belowUsr() {
        func below(_ path: String) -> BytePath? {
            Composer.componentsBelowUsr(BytePath(path).components).map {
                BytePath(bytes: Array($0.joined(separator: [47])))
            }
        }
        #expect(below("/usr/lib/a") == "lib/a" && below("/lib64/a") == "lib/a" && below("/bin/a") == "bin/a")
        #expect(below("/etc/a") == nil && below("/") == nil && below("/usr\u{301}/a") == nil)
    }
}
