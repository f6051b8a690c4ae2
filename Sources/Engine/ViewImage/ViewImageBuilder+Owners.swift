internal import BytePath
package import FileTree

/// Which packages files come from.
extension ViewImageBuilder {
    /// Notes that the files and links of `layout` come from the package `name`.
    ///
    /// Both the layout's groups and the tree's directories ascend by name, so each is walked once. Paths that lead
    /// through a link are followed to where composing moved them.
    package mutating func claim(
        _ layout: UnsafeRawBufferPointer, name: String, version: String
    ) throws(TreeError) {
        let own = UInt32(owners.count)
        owners.append(ViewOwners(names: UInt32(append(name)), versions: UInt32(append(version))))
        /// What a set of owners becomes with this package; a package is met with few of them.
        var joined: [UInt32: UInt32] = [own: own]
        var groups = try LayoutGroups(layout)
        while let group = try groups.next() {
            guard let directory = directory(at: group.path) else { continue }
            var position = Int(nodes[directory].first)
            let end = position + Int(nodes[directory].count)
            var records = group.records
            while let record = try records.next() {
                if record.isDirectory { continue }
                let prefix = ViewEntry.prefix(record.cName, record.nameLength)
                while position < end,
                    text.withUnsafeBufferPointer({
                        compare(entries[position], record, prefix, $0)
                    }) < 0
                {
                    position += 1
                }
                guard position < end,
                    text.withUnsafeBufferPointer({ compare(entries[position], record, prefix, $0) }) == 0
                else { continue }
                let node = Int(entries[position].node)
                let before = nodes[node].owners
                if before == 0 {
                    nodes[node].owners = own
                    continue
                }
                if joined[before] == nil {
                    let both = join(before, own)
                    // The same content at another path of this package adds nothing.
                    (joined[before], joined[both]) = (both, both)
                }
                nodes[node].owners = joined[before] ?? own
            }
        }
    }

    @inline(__always)
    private func compare(
        _ entry: ViewEntry, _ record: EntryRecord, _ prefix: UInt32, _ text: UnsafeBufferPointer<CChar>
    ) -> Int {
        // The text holds a NUL at least, so it has an address.
        entry.compare(prefix, record.cName, record.nameLength, text.baseAddress.unsafelyUnwrapped)
    }

    private mutating func join(_ one: UInt32, _ other: UInt32) -> UInt32 {
        let (left, right) = (owners[Int(one)], owners[Int(other)])
        let names = append("\(string(left.names)), \(string(right.names))")
        let versions = append("\(string(left.versions)), \(string(right.versions))")
        owners.append(ViewOwners(names: UInt32(names), versions: UInt32(versions)))
        return UInt32(owners.count - 1)
    }

    private func string(_ start: UInt32) -> String {
        String(decoding: text[Int(start)...].prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Links may lead through links, but not for ever.
    private static let linkLimit = 40

    /// The directory at `path` of a layout, links followed; nil where the tree has none.
    private func directory(at path: UnsafeRawBufferPointer) -> Int? {
        directoryWithoutLinks(at: path) ?? directoryThroughLinks(at: path)
    }

    /// The directory at a path of directories alone, as nearly all are; takes no memory.
    private func directoryWithoutLinks(at path: UnsafeRawBufferPointer) -> Int? {
        var node = 0
        var start = 0
        while start < path.count {
            let end = path[start...].firstIndex(of: UInt8(ascii: "/")) ?? path.count
            if end > start {
                let name = UnsafeRawBufferPointer(rebasing: path[start..<end])
                guard let child = child(of: node, name), nodes[child].isDirectory else { return nil }
                node = child
            }
            start = end + 1
        }
        return node
    }

    private func directoryThroughLinks(at path: UnsafeRawBufferPointer) -> Int? {
        var pending = BytePath(bytes: Array(path)).components.reversed().map { Array($0) }
        var node = 0
        var links = 0
        while let component = pending.popLast() {
            if component == [UInt8(ascii: ".")] { continue }
            if component == [UInt8(ascii: "."), UInt8(ascii: ".")] {
                node = Int(nodes[node].parent)
                continue
            }
            guard let child = component.withUnsafeBytes({ child(of: node, $0) }) else { return nil }
            if nodes[child].isDirectory {
                node = child
                continue
            }
            links += 1
            guard nodes[child].isSymlink, links <= Self.linkLimit else { return nil }
            let target = text[Int(nodes[child].first)...].prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let path = BytePath(bytes: target)
            var components = path.components
            if path.isAbsolute {
                guard let inside = Composer.componentsBelowUsr(components) else { return nil }
                components = inside
                node = 0
            }
            pending += components.reversed().map { Array($0) }
        }
        return node
    }

    /// - Parameter name: not empty.
    private func child(of directory: Int, _ name: UnsafeRawBufferPointer) -> Int? {
        guard let start = name.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
        let prefix = ViewEntry.prefix(start, name.count)
        return text.withUnsafeBufferPointer { text -> Int? in
            guard let text = text.baseAddress else { return nil }
            var low = Int(nodes[directory].first)
            var high = low + Int(nodes[directory].count)
            while low < high {
                let middle = (low + high) / 2
                let order = entries[middle].compare(prefix, start, name.count, text)
                if order == 0 { return Int(entries[middle].node) }
                if order < 0 { low = middle + 1 } else { high = middle }
            }
            return nil
        }
    }
}
