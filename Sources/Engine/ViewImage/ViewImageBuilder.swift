internal import BytePath
internal import Digests
package import FileTree
package import PackageModel

/// Flattens a tree into the parts of a ``ViewImage``.
///
/// Everything lies in four growing arrays, directories in breadth-first order; nothing per path is allocated.
package struct ViewImageBuilder {
    /// What a view of the tree shows besides the tree itself.
    package struct Setting {
        /// What is shown, for people: a state's number, or `candidate`.
        package var shown: String
        /// Seconds since 1970 that directories and links show.
        package var time: Int64
        /// Where owners are only records, everything belongs to this user and group; nil where they are applied.
        package var recordedOwner: (uid: UInt32, gid: UInt32)?

        package init(shown: String, time: Int64, recordedOwner: (uid: UInt32, gid: UInt32)?) {
            self.shown = shown
            self.time = time
            self.recordedOwner = recordedOwner
        }
    }

    var nodes: [ViewNode] = []
    var entries: [ViewEntry] = []
    var owners: [ViewOwners] = []
    var text: [CChar] = [0]
    private let setting: Setting
    private let shown: Int
    private var contentBytes: UInt64 = 0
    private var fileCount: UInt64 = 0
    private var sharing: SharedNodes

    /// - Parameters:
    ///   - root: the tree to flatten.
    ///   - source: which source has a file's content, where it is not the store (0).
    package init(
        _ root: TreeID, _ setting: Setting, _ lookup: TreeLookup, source: (ObjectID) -> UInt32 = { _ in 0 }
    ) throws(TreeError) {
        self.setting = setting
        let totals = try Directory(lookup(root), id: root).totals
        // Hints only: the counts are data, and a wrong one must not ask for all memory there is.
        let expected = Int(clamping: min(totals.entries, 1 << 22)) + 1
        nodes.reserveCapacity(expected)
        entries.reserveCapacity(expected)
        text.reserveCapacity(expected * 20)
        sharing = SharedNodes(capacity: Int(clamping: min(totals.files, 1 << 22)))
        owners.append(ViewOwners(names: 0, versions: 0))
        shown = text.count
        append(setting.shown)
        try flatten(root, lookup, source)
    }

    private mutating func flatten(
        _ root: TreeID, _ lookup: TreeLookup, _ source: (ObjectID) -> UInt32
    ) throws(TreeError) {
        nodes.append(directoryNode(EntryMetadata.plainDirectory, parent: 0))
        var pending: [(node: Int, tree: TreeID)] = [(0, root)]
        var next = 0
        while next < pending.count {
            let (node, tree) = pending[next]
            next += 1
            let directory = try Directory(lookup(tree), id: tree)
            nodes[node].first = UInt32(entries.count)
            var cursor = directory.cursor
            while let record = try cursor.next() {
                let child = add(record, below: node, source)
                entries.append(entry(record, child))
                if record.isDirectory {
                    nodes[node].links += 1
                    pending.append((child, record.tree))
                }
            }
            nodes[node].count = UInt32(entries.count) - nodes[node].first
            // Done with: a long queue would otherwise hold every directory of the tree.
            if next == 4096 {
                pending.removeFirst(next)
                next = 0
            }
        }
    }

    @inline(__always)
    private mutating func entry(_ record: EntryRecord, _ node: Int) -> ViewEntry {
        let name = UInt32(text.count)
        let length = record.nameLength
        text.append(contentsOf: UnsafeBufferPointer(start: record.cName, count: length + 1))
        return ViewEntry(
            prefix: ViewEntry.prefix(record.cName, length), name: name, node: UInt32(node), length: UInt16(length))
    }

    @inline(__always)
    private mutating func add(_ record: EntryRecord, below parent: Int, _ source: (ObjectID) -> UInt32) -> Int {
        let index = nodes.count
        switch record.kind {
        case .directory:
            nodes.append(directoryNode(record.metadata, parent: parent))
        case .symlink:
            var node = plainNode(ViewNode.symlinkType, record.metadata, parent)
            node.size = record.size
            node.first = UInt32(text.count)
            text.append(contentsOf: UnsafeBufferPointer(start: record.cTarget, count: Int(record.size) + 1))
            nodes.append(node)
        case .regular:
            var node = plainNode(ViewNode.regularType, record.metadata, parent)
            node.size = record.size
            node.digest = record.object
            if record.size > 0, let shared = sharing.find(node, in: nodes, orRemember: index) {
                nodes[shared].links += 1
                return shared
            }
            node.first = source(node.digest)
            contentBytes &+= node.size
            fileCount += 1
            nodes.append(node)
        }
        return index
    }

    private func directoryNode(_ metadata: EntryMetadata, parent: Int) -> ViewNode {
        var node = plainNode(ViewNode.directoryType, metadata, parent)
        node.links = 2
        return node
    }

    @inline(__always)
    private func plainNode(_ type: UInt32, _ metadata: EntryMetadata, _ parent: Int) -> ViewNode {
        guard let owner = setting.recordedOwner else {
            return ViewNode(
                mode: type | metadata.mode, uid: metadata.uid, gid: metadata.gid, size: 0, parent: UInt32(parent))
        }
        // As the blit makes them there: the owner must be able to read.
        let mode = type | metadata.mode | (type == ViewNode.regularType ? 0o400 : 0)
        return ViewNode(mode: mode, uid: owner.uid, gid: owner.gid, size: 0, parent: UInt32(parent))
    }

    /// Appends `string` and a NUL; returns where it stands.
    @discardableResult
    mutating func append(_ string: String) -> Int {
        let start = text.count
        for byte in string.utf8 where byte != 0 { text.append(CChar(bitPattern: byte)) }
        text.append(0)
        return start
    }

    // MARK: The image

    private var header: ViewImageHeader {
        ViewImageHeader(
            nodeCount: nodes.count, entryCount: entries.count, ownerCount: owners.count, textBytes: text.count,
            time: setting.time, contentBytes: contentBytes, fileCount: fileCount, shown: shown,
            ownersAreRecorded: setting.recordedOwner != nil)
    }

    /// Bytes of the image; nil for a tree with more names than an image can hold.
    package var byteCount: Int? { header.extent }

    /// Writes the image to the start of `memory`, which has room for `byteCount` bytes.
    package func write(to memory: UnsafeMutableRawBufferPointer) {
        let header = header
        guard let extent = header.extent, memory.count >= extent, let base = memory.baseAddress else { return }
        base.storeBytes(of: header, as: ViewImageHeader.self)
        func copy(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
            guard let source = bytes.baseAddress else { return }
            (base + offset).copyMemory(from: source, byteCount: bytes.count)
        }
        nodes.withUnsafeBytes { copy($0, at: header.nodesOffset) }
        entries.withUnsafeBytes { copy($0, at: header.entriesOffset) }
        owners.withUnsafeBytes { copy($0, at: header.ownersOffset) }
        text.withUnsafeBytes { copy($0, at: header.textOffset) }
    }
}

/// Finds the node that has a file's content and metadata already.
private struct SharedNodes {
    /// In the lower half node numbers and 1, 0 for a free place; in the upper half part of the digest, so that
    /// strangers are told apart without looking at their nodes. Open addressing.
    private var slots: [UInt64]
    private var used = 0

    private static let tagMask: UInt64 = 0xffff_ffff_0000_0000

    init(capacity: Int) {
        var size = 64
        while size < capacity * 2 { size *= 2 }
        slots = Array(repeating: 0, count: size)
    }

    /// The node that equals `node`; nil when there is none, and then `index` is remembered as it.
    mutating func find(_ node: ViewNode, in nodes: [ViewNode], orRemember index: Int) -> Int? {
        if used * 2 >= slots.count { grow(nodes) }
        let tag = node.digest.high & Self.tagMask
        var slot = place(of: node)
        while slots[slot] != 0 {
            if slots[slot] & Self.tagMask == tag {
                let found = Self.node(slots[slot])
                let candidate = nodes[found]
                if candidate.digest == node.digest, candidate.mode == node.mode, candidate.uid == node.uid,
                    candidate.gid == node.gid
                {
                    return found
                }
            }
            slot = (slot + 1) & (slots.count - 1)
        }
        slots[slot] = tag | UInt64(index + 1)
        used += 1
        return nil
    }

    @inline(__always)
    private static func node(_ slot: UInt64) -> Int { Int(slot & ~tagMask) - 1 }

    /// A digest is as good as random; the mode parts a content's variants.
    private func place(of node: ViewNode) -> Int {
        Int(truncatingIfNeeded: node.digest.low ^ UInt64(node.mode)) & (slots.count - 1)
    }

    private mutating func grow(_ nodes: [ViewNode]) {
        let old = slots
        slots = Array(repeating: 0, count: old.count * 2)
        for entry in old where entry != 0 {
            var slot = place(of: nodes[Self.node(entry)])
            while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
            slots[slot] = entry
        }
    }
}
