package import FileTree
internal import LMDB

/// A tree on disk, and how to tell that nobody changed it.
package struct TreeOnDisk: Hashable, Sendable {
    package let tree: TreeID
    /// A change time, in nanoseconds, after which nothing in the tree may have changed; 0 when it is not known.
    package let stamp: Int64
}

/// A switch that has begun: what the next command has to finish or to forget.
package struct SwitchJournal: Hashable, Sendable {
    /// The state being activated.
    package let state: UInt64
    /// Whether the switch creates the state, so that forgetting it deletes it.
    package let isNew: Bool
    /// The name in `.moss/trees` under which its tree is staged.
    package let slot: UInt64
}

/// What the root is in the middle of; one record.
package struct Control: Hashable, Sendable, BucketValue {
    /// The active state's number; 0 before the first.
    package var active: UInt64 = 0
    package var nextState: UInt64 = 1
    /// What stands at `/usr`.
    package var live: TreeOnDisk
    package var journal: SwitchJournal?

    init(live: TreeOnDisk) {
        self.live = live
    }

    package func encode(into bytes: inout [UInt8]) {
        var writer = RecordWriter()
        for number in [active, nextState] { writer.put(number) }
        writer.put(live.tree)
        writer.put(live.stamp)
        if let journal {
            writer.put(journal.state)
            writer.put(UInt8(journal.isNew ? 1 : 0))
            writer.put(journal.slot)
        }
        bytes += writer.bytes
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = RecordReader(bytes)
        active = try reader.integer()
        nextState = try reader.integer()
        live = TreeOnDisk(tree: try reader.digest(), stamp: try reader.integer())
        guard reader.remaining > 0 else { return }
        journal = SwitchJournal(
            state: try reader.integer(), isNew: try reader.integer(UInt8.self) != 0, slot: try reader.integer())
    }
}

/// A directory in `.moss/trees`.
package struct TreeSlot: Hashable, Sendable, BucketValue {
    /// What it holds; nil while it is being changed and after that was interrupted.
    package let content: TreeOnDisk?

    package func encode(into bytes: inout [UInt8]) {
        guard let content else { return }
        var writer = RecordWriter()
        writer.put(content.tree)
        writer.put(content.stamp)
        bytes += writer.bytes
    }

    init(_ content: TreeOnDisk?) {
        self.content = content
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard !bytes.isEmpty else {
            content = nil
            return
        }
        var reader = RecordReader(bytes)
        content = TreeOnDisk(tree: try reader.digest(), stamp: try reader.integer())
    }
}

enum StateBuckets {
    static let states = Bucket<UInt64, State>("states")
    static let slots = Bucket<UInt64, TreeSlot>("tree-slots")
    static let control = Bucket<UInt32, Control>("control")
    static let controlKey: UInt32 = 0
}
