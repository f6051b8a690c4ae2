internal import BytePath
internal import Digests
import Glibc
internal import PackageModel

/// Encoding the directories bottom up.
extension Composer {
    /// One name that wants a place in a directory: a package's record, or a subdirectory.
    private struct Candidate {
        /// The name's first eight bytes as a big-endian number: decides most comparisons.
        let prefix: UInt64
        let name: UnsafeRawPointer
        let length: Int
        let record: UnsafeRawPointer?
        let package: Int
        let subdirectory: Int

        init(_ name: UnsafeRawBufferPointer, record: UnsafeRawPointer?, package: Int, subdirectory: Int) {
            var prefix: UInt64 = 0
            for index in 0..<min(8, name.count) { prefix |= UInt64(name[index]) << UInt64(56 - 8 * index) }
            self.prefix = prefix
            self.name = name.baseAddress.unsafelyUnwrapped  // names are never empty
            self.length = name.count
            self.record = record
            self.package = package
            self.subdirectory = subdirectory
        }

        static func order(_ left: Candidate, _ right: Candidate) -> Int {
            if left.prefix != right.prefix { return left.prefix < right.prefix ? -1 : 1 }
            let result = memcmp(left.name, right.name, min(left.length, right.length))
            return result != 0 ? Int(result) : left.length - right.length
        }

        func hasName(_ other: BytePath) -> Bool {
            UnsafeRawBufferPointer(start: name, count: length).elementsEqual(other.bytes)
        }

        /// By name, then by package, so that conflicts name the same packages every time.
        static func precedes(_ left: Candidate, _ right: Candidate) -> Bool {
            let order = order(left, right)
            return order != 0 ? order < 0 : left.package < right.package
        }
    }

    /// Encodes every directory, children before parents, and reports all conflicts there are.
    mutating func merged() throws(ComposeError) -> ComposedTree {
        let names = pathBytes  // never changed from here on, so pointers into it hold
        return try names.span.bytes.withUnsafeBytes { (names) throws(ComposeError) -> ComposedTree in
            try merged(names)
        }
    }

    private mutating func merged(_ names: UnsafeRawBufferPointer) throws(ComposeError) -> ComposedTree {
        var output: [UInt8] = []
        var directories: [(id: TreeID, range: Range<Int>)] = []
        var seen: Set<TreeID> = []
        var candidates: [Candidate] = []
        directories.reserveCapacity(nodes.count)
        for node in deepestFirst() {
            candidates.removeAll(keepingCapacity: true)
            do throws(TreeError) {
                try gather(node, names, into: &candidates)
            } catch {
                throw .tree(error)
            }
            // One package's records ascend already.
            if !Self.ascends(candidates) { candidates.sort(by: Candidate.precedes) }
            let start = output.count
            encode(candidates, of: node, into: &output)
            let id = output.withUnsafeBytes { TreeID(hashing: UnsafeRawBufferPointer(rebasing: $0[start...])) }
            nodes[node].id = id
            if seen.insert(id).inserted {
                directories.append((id, start..<output.count))
            } else {
                output.removeSubrange(start...)
            }
        }
        guard conflicts.isEmpty else {
            throw .conflicts(
                Array(Set(conflicts)).sorted { ($0.path, $0.first, $0.second) < ($1.path, $1.first, $1.second) })
        }
        return ComposedTree(
            root: nodes[0].id, totals: nodes[0].totals, redirects: redirects.sorted(), bytes: output,
            directories: directories)
    }

    private func deepestFirst() -> [Int] {
        var byDepth: [[Int]] = []
        for (index, node) in nodes.enumerated() where node.forward < 0 {
            while byDepth.count <= node.depth { byDepth.append([]) }
            byDepth[node.depth].append(index)
        }
        return byDepth.reversed().flatMap { $0 }
    }

    private func gather(
        _ node: Int, _ names: UnsafeRawBufferPointer, into candidates: inout [Candidate]
    ) throws(TreeError) {
        var child = nodes[node].firstChild
        while child >= 0 {
            if nodes[child].forward < 0 {
                let name = UnsafeRawBufferPointer(rebasing: names[nodes[child].name])
                candidates.append(Candidate(name, record: nil, package: -1, subdirectory: child))
            }
            child = nodes[child].nextSibling
        }
        var run = nodes[node].firstRun
        while run >= 0 {
            var records = runs[run].records
            let package = runs[run].package
            while let record = try records.next() {
                // A directory a package names has a node, and its wish is settled there.
                if record.isDirectory { continue }
                candidates.append(Candidate(record.name, record: record.base, package: package, subdirectory: -1))
            }
            run = runs[run].next
        }
    }

    private static func ascends(_ candidates: [Candidate]) -> Bool {
        for index in 1..<max(1, candidates.count) where Candidate.order(candidates[index - 1], candidates[index]) >= 0 {
            return false
        }
        return true
    }

    /// Appends the encoding of `node`; of candidates with one name the first is taken and the rest are conflicts.
    private mutating func encode(_ candidates: [Candidate], of node: Int, into output: inout [UInt8]) {
        let header = output.count
        Directory.appendHeader(count: 0, totals: TreeTotals(), to: &output)
        var totals = TreeTotals()
        var count = 0
        var index = 0
        while index < candidates.count {
            let first = candidates[index]
            if node == 0, first.hasName(PackageLayout.reservedName) { note(reserved: first) }
            append(first, to: &output, &totals)
            count += 1
            index += 1
            while index < candidates.count, Candidate.order(first, candidates[index]) == 0 {
                note(conflictOf: first, and: candidates[index], in: node)
                index += 1
            }
        }
        nodes[node].totals = totals
        var patched: [UInt8] = []
        Directory.appendHeader(count: count, totals: totals, to: &patched)
        output.replaceSubrange(header..<(header + patched.count), with: patched)
    }

    private func append(_ candidate: Candidate, to output: inout [UInt8], _ totals: inout TreeTotals) {
        guard let base = candidate.record else {
            let child = nodes[candidate.subdirectory]
            totals += child.totals
            totals.directories += 1
            let name = BytePath(bytes: Array(UnsafeRawBufferPointer(start: candidate.name, count: candidate.length)))
            TreeEntry(name: name, metadata: child.metadata ?? .plainDirectory, content: .directory(child.id))
                .append(to: &output)
            return
        }
        let record = EntryRecord(checked: base)
        if record.isSymlink {
            totals.symlinks += 1
        } else {
            totals.files += 1
            totals.bytes &+= record.size
        }
        output.append(contentsOf: UnsafeRawBufferPointer(start: base, count: record.byteCount))
    }

    private mutating func note(reserved candidate: Candidate) {
        let package = candidate.record == nil ? anyPackage(below: candidate.subdirectory) : candidate.package
        conflicts.append(
            TreeConflict(
                path: PackageLayout.reservedName, kind: .reservedName, first: package ?? 0, second: package ?? 0))
    }

    private mutating func note(conflictOf first: Candidate, and second: Candidate, in node: Int) {
        let name = BytePath(bytes: Array(UnsafeRawBufferPointer(start: first.name, count: first.length)))
        let path = path(of: node).appending(name)
        if first.record != nil && second.record != nil {
            let (low, high) = (min(first.package, second.package), max(first.package, second.package))
            conflicts.append(TreeConflict(path: path, kind: .samePath, first: low, second: high))
            return
        }
        let (file, directory) = first.record != nil ? (first, second) : (second, first)
        // A link in a directory's place has been reported, or its directory moved, before merging began.
        guard let base = file.record, !EntryRecord(checked: base).isSymlink else { return }
        let user = anyPackage(below: directory.subdirectory) ?? file.package
        conflicts.append(TreeConflict(path: path, kind: .fileAndDirectory, first: file.package, second: user))
    }
}
