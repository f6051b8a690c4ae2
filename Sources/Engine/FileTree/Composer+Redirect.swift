internal import BytePath

/// Moving what lies below a link to where the link leads.
extension Composer {
    /// As many links as Linux follows in one path.
    private static let linkLimit = 40

    private enum Destination {
        case directory([UInt8])
        case outside
        case loop
    }

    /// What is left to move, and what moving changed.
    private struct Progress {
        var table = LinkTable()
        /// Paths that a link and a directory had in common when they were noted; some may not any more.
        var pending = PathHeap()
        var refused: Set<BytePath> = []
        /// Nodes below this number were held against the links.
        var seenNodes: Int
        /// Components followed, directories and links moved.
        var steps = 0
    }

    /// Moves directories that have the path of a link to the link's target, the first by path first, until there are
    /// none.
    ///
    /// Each step looks at what it moves and at what is where that goes, never at all links: a package can have a great
    /// many of them.
    mutating func redirect() throws(ComposeError) {
        guard var progress = firstCoincidences() else { return }
        while let path = progress.pending.pop() {
            guard let source = livingNode(at: path), let number = link(at: PathWalk(path), progress.table) else {
                continue
            }
            let link = links[number]
            let whole = BytePath(bytes: path)
            guard !progress.refused.contains(whole) else { continue }
            switch destination(of: whole, &progress) {
            case .directory(let destination):
                redirects.append(whole)
                let node = destination.withUnsafeBytes { self.node(at: $0) }
                noteNewNodes(&progress)
                try move(source, to: node, link.package, &progress)
                try checkRedirects(link, whole, progress)
            case .outside: refuse(link, source, whole, &progress) { .linkLeavesTree(target: $0) }
            case .loop: refuse(link, source, whole, &progress) { .linkLoop(target: $0) }
            }
        }
    }

    private mutating func refuse(
        _ link: Link, _ source: Int, _ path: BytePath, _ progress: inout Progress,
        _ kind: (BytePath) -> TreeConflict.Kind
    ) {
        progress.refused.insert(path)
        let target = BytePath(bytes: Array(link.record.target))
        let user = anyPackage(below: source) ?? link.package
        conflicts.append(TreeConflict(path: path, kind: kind(target), first: link.package, second: user))
    }

    private mutating func checkRedirects(
        _ link: Link, _ path: BytePath, _ progress: Progress
    ) throws(ComposeError) {
        guard redirects.count <= limits.redirectsMax, progress.steps <= limits.redirectStepsMax else {
            throw .tooLarge(
                package: link.package,
                "more than \(limits.redirectsMax) directories lie in the places of links, or take too many steps to move"
                    + " (\(progress.steps)), as \(path) does")
        }
    }

    // MARK: Links and directories of one path

    /// All links by their paths, and those that have a directory's; nil where none has.
    private func firstCoincidences() -> Progress? {
        var pending = PathHeap()
        var found = false
        for link in links {
            let path = path(of: link)
            guard livingNode(at: path) != nil else { continue }
            pending.push(path)
            found = true
        }
        guard found else { return nil }
        var progress = Progress(seenNodes: nodes.count)
        progress.pending = pending
        for (number, link) in links.enumerated() {
            progress.table.add(number, at: PathWalk(path(of: link)), in: link.node)
        }
        return progress
    }

    private func path(of link: Link) -> [UInt8] {
        var path = Array(pathBytes[nodes[link.node].path])
        if !path.isEmpty { path.append(UInt8(ascii: "/")) }
        path.append(contentsOf: link.record.name)
        return path
    }

    /// The first link whose path that is.
    private func link(at path: PathWalk, _ table: LinkTable) -> Int? {
        var first: Int?
        for number in table.links(at: path.hash) where number < first ?? .max && has(links[number], path.bytes) {
            first = number
        }
        return first
    }

    private func has(_ link: Link, _ path: [UInt8]) -> Bool {
        let parent = nodes[link.node].path
        let name = link.record.name
        guard path.count == (parent.isEmpty ? name.count : parent.count + 1 + name.count) else { return false }
        guard parent.isEmpty || path[parent.count] == UInt8(ascii: "/") else { return false }
        return path.suffix(name.count).elementsEqual(name) && path.starts(with: pathBytes[parent])
    }

    /// Holds the nodes that were made since the last call against the links.
    private mutating func noteNewNodes(_ progress: inout Progress) {
        while progress.seenNodes < nodes.count {
            let path = Array(pathBytes[nodes[progress.seenNodes].path])
            progress.seenNodes += 1
            progress.steps += 1 + path.count / 16
            if link(at: PathWalk(path), progress.table) != nil { progress.pending.push(path) }
        }
    }

    // MARK: Following

    /// Follows the link at `path` component by component, through the links on the way.
    private func destination(of path: BytePath, _ progress: inout Progress) -> Destination {
        var rest = Array(path.components.reversed())
        var walked = PathWalk()
        var followed = 0
        while let component = rest.popLast() {
            progress.steps += 1
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                guard walked.pop() else { return .outside }
                continue
            }
            walked.push(component)
            guard let number = link(at: walked, progress.table) else { continue }
            followed += 1
            guard followed <= Self.linkLimit else { return .loop }
            _ = walked.pop()
            let target = BytePath(bytes: Array(links[number].record.target))
            var components = target.components
            if target.isAbsolute {
                guard let inside = Self.componentsBelowUsr(components) else { return .outside }
                components = inside
                walked.removeAll()
            }
            rest.append(contentsOf: components.reversed())
        }
        return .directory(walked.bytes)
    }

    /// What an absolute path is relative to `/usr`, counting the root's links such as `/lib`; nil outside of it.
    package static func componentsBelowUsr(_ components: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>]? {
        guard let first = components.first else { return nil }
        let isNamed = { (name: String) in first.elementsEqual(name.utf8) }
        if isNamed("usr") { return Array(components.dropFirst()) }
        if isNamed("lib64") { return [ArraySlice("lib".utf8)] + components.dropFirst() }
        return ["bin", "sbin", "lib", "lib32"].contains(where: isNamed) ? components : nil
    }

    // MARK: Moving

    /// Merges the directory `source` and everything below it into `destination`.
    private mutating func move(
        _ source: Int, to destination: Int, _ package: Int, _ progress: inout Progress
    ) throws(ComposeError) {
        guard source != destination else { return }
        nodes[source].forward = destination
        var run = nodes[source].firstRun
        while run >= 0 {
            let next = runs[run].next
            runs[run].next = nodes[destination].firstRun
            nodes[destination].firstRun = run
            run = next
        }
        nodes[source].firstRun = -1
        if nodes[destination].claimant < 0 { nodes[destination].claimant = nodes[source].claimant }
        moveLinks(of: source, to: destination, &progress)
        var child = nodes[source].firstChild
        while child >= 0 {
            let next = nodes[child].nextSibling
            if nodes[child].forward < 0 {
                let name = withName(of: child) { Array($0) }
                let target = name.withUnsafeBytes { self.child(of: destination, named: $0) }
                noteNewNodes(&progress)
                guard isWithin(limits) else { throw .tooLarge(package: package, tooMany(limits)) }
                guard nodes[target].depth <= limits.depthMax, nodes[target].path.count <= limits.pathByteCountMax else {
                    throw .tooLarge(
                        package: package,
                        "what links in the places of directories move to \(path(of: target)) lies deeper than"
                            + " \(limits.depthMax) directories, or its path is longer than \(limits.pathByteCountMax)")
                }
                try move(child, to: target, package, &progress)
            }
            child = next
        }
    }

    private mutating func moveLinks(of source: Int, to destination: Int, _ progress: inout Progress) {
        for number in progress.table.takeAll(in: source) {
            links[number].node = destination
            let path = path(of: links[number])
            progress.steps += 1 + path.count / 16
            progress.table.add(number, at: PathWalk(path), in: destination)
            if livingNode(at: path) != nil { progress.pending.push(path) }
        }
    }
}
