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

    /// Moves directories that have the path of a link to the link's target, until there are none.
    mutating func redirect() {
        var refused: Set<BytePath> = []
        while let (link, path) = nextRedirect(except: refused) {
            let target = BytePath(bytes: Array(link.record.target))
            guard let source = livingNode(at: path.bytes) else { return }
            let user = anyPackage(below: source) ?? link.package
            switch destination(of: path) {
            case .directory(let destination):
                redirects.append(path)
                let node = destination.withUnsafeBytes { self.node(at: $0) }
                move(source, to: node)
            case .outside:
                refused.insert(path)
                conflicts.append(
                    TreeConflict(
                        path: path, kind: .linkLeavesTree(target: target), first: link.package, second: user))
            case .loop:
                refused.insert(path)
                conflicts.append(
                    TreeConflict(path: path, kind: .linkLoop(target: target), first: link.package, second: user))
            }
        }
    }

    /// The first link, by path, that a directory shares its path with.
    private func nextRedirect(except refused: Set<BytePath>) -> (Link, BytePath)? {
        var best: (Link, BytePath)?
        var path: [UInt8] = []
        for link in links {
            path.removeAll(keepingCapacity: true)
            appendPath(of: link, to: &path)
            guard livingNode(at: path) != nil else { continue }
            let candidate = BytePath(bytes: path)
            if refused.contains(candidate) { continue }
            if let (_, other) = best, other <= candidate { continue }
            best = (link, candidate)
        }
        return best
    }

    private func appendPath(of link: Link, to path: inout [UInt8]) {
        let node = resolved(link.node)
        path.append(contentsOf: self.path(of: node).bytes)
        if !path.isEmpty { path.append(UInt8(ascii: "/")) }
        path.append(contentsOf: link.record.name)
    }

    /// Follows the link at `path` component by component, through the links on the way.
    private func destination(of path: BytePath) -> Destination {
        let targets = linkTargets()
        var rest = Array(path.components.reversed())
        var walked: [ArraySlice<UInt8>] = []
        var followed = 0
        while let component = rest.popLast() {
            if component.elementsEqual(".".utf8) { continue }
            if component.elementsEqual("..".utf8) {
                guard !walked.isEmpty else { return .outside }
                walked.removeLast()
                continue
            }
            walked.append(component)
            guard let target = targets[BytePath(bytes: Array(walked.joined(separator: [UInt8(ascii: "/")])))] else {
                continue
            }
            followed += 1
            guard followed <= Self.linkLimit else { return .loop }
            walked.removeLast()
            var components = target.components
            if target.isAbsolute {
                guard let inside = Self.componentsBelowUsr(components) else { return .outside }
                components = inside
                walked = []
            }
            rest.append(contentsOf: components.reversed())
        }
        return .directory(Array(walked.joined(separator: [UInt8(ascii: "/")])))
    }

    /// What an absolute path is relative to `/usr`, counting the root's links such as `/lib`; nil outside of it.
    package static func componentsBelowUsr(_ components: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>]? {
        guard let first = components.first else { return nil }
        switch String(decoding: first, as: UTF8.self) {
        case "usr": return Array(components.dropFirst())
        case "bin", "sbin", "lib", "lib32": return components
        case "lib64": return [ArraySlice("lib".utf8)] + components.dropFirst()
        default: return nil
        }
    }

    private func linkTargets() -> [BytePath: BytePath] {
        var targets: [BytePath: BytePath] = [:]
        for link in links {
            var path: [UInt8] = []
            appendPath(of: link, to: &path)
            // Of two links with one path either will do: that they conflict is found when merging.
            targets[BytePath(bytes: path)] = BytePath(bytes: Array(link.record.target))
        }
        return targets
    }

    /// Merges the directory `source` and everything below it into `destination`.
    private mutating func move(_ source: Int, to destination: Int) {
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
        if let claim = nodes[source].claim, destination != 0 {
            nodes[destination].claim = .agreed(nodes[destination].claim, claim)
        }
        var child = nodes[source].firstChild
        while child >= 0 {
            let next = nodes[child].nextSibling
            if nodes[child].forward < 0 {
                let name = withName(of: child) { Array($0) }
                let target = name.withUnsafeBytes { self.child(of: destination, named: $0) }
                move(child, to: target)
            }
            child = next
        }
    }
}
