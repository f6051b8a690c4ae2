package import BytePath
internal import FileTree
package import PackageModel
package import Storage

/// A tree on disk, and how to tell that nobody changed it.
package struct TreeOnDisk: Hashable, Sendable {
    package let tree: TreeID
    /// A change time, in nanoseconds, after which nothing in the tree may have changed; 0 when it is not known.
    package let stamp: Int64
    /// See ``Blitter/isUnchanged(_:_:_:since:extraNames:mountPoints:)``.
    package let fingerprint: UInt64
    /// Places in it that were made for something to be mounted on, parents first: they belong to no package.
    package let mountPoints: [BytePath]

    init(tree: TreeID, stamp: Int64, fingerprint: UInt64, mountPoints: [BytePath] = []) {
        self.tree = tree
        self.stamp = stamp
        self.fingerprint = fingerprint
        self.mountPoints = mountPoints
    }

    /// A tree of which nobody knows any more whether it was changed.
    package init(untrusted tree: TreeID, mountPoints: [BytePath] = []) {
        self.init(tree: tree, stamp: 0, fingerprint: 0, mountPoints: mountPoints)
    }

    /// The same, of which nobody knows any more whether it was changed.
    var untrusted: TreeOnDisk { TreeOnDisk(untrusted: tree, mountPoints: mountPoints) }

    fileprivate func encode(into writer: inout RecordWriter) {
        writer.put(tree)
        writer.put(stamp)
        writer.put(fingerprint)
        writer.put(mountPoints)
    }

    fileprivate init(from reader: inout RecordReader) throws(DecodingFailure) {
        tree = try reader.tree()
        stamp = try reader.integer()
        fingerprint = try reader.integer()
        mountPoints = try reader.paths()
    }
}

/// A switch that has begun: what the next command has to finish or to forget.
package struct SwitchJournal: Hashable, Sendable {
    /// The state being activated.
    package let state: UInt64
    /// Whether the switch creates the state, so that forgetting it deletes it.
    package let isNew: Bool
    /// The name in `.moss/trees` under which its tree is staged.
    package let slot: UInt64
    /// As in ``TreeOnDisk/mountPoints``.
    package var mountPoints: [BytePath] = []
}

/// What the root is in the middle of; one record.
package struct Control: Hashable, Sendable, BucketValue {
    /// The active state's number; 0 before the first.
    package var active: UInt64 = 0
    package var nextState: UInt64 = 1
    /// What stands at `/usr`.
    package var live: TreeOnDisk
    package var journal: SwitchJournal?

    package init(live: TreeOnDisk) {
        self.live = live
    }

    package func encode(into bytes: inout [UInt8]) {
        RecordWriter.append(to: &bytes, version: 1) { writer in
            // The greater number first: a program that waited for the lock while this root was taken over from the
            // format before, and still takes records for such, finds an impossible one and changes nothing.
            writer.put(nextState)
            writer.put(active)
            live.encode(into: &writer)
            writer.put(journal != nil)
            guard let journal else { return }
            writer.put(journal.state)
            writer.put(journal.isNew)
            writer.put(journal.slot)
            writer.put(journal.mountPoints)
        }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "control record", versions: 1...1)
        nextState = try reader.integer()
        active = try reader.integer()
        guard active < nextState, nextState - 1 <= State.numbers.upperBound else {
            throw reader.failure("state \(active) is active, and the next is \(nextState)")
        }
        live = try TreeOnDisk(from: &reader)
        if try reader.flag() {
            let state: UInt64 = try reader.integer()
            guard State.numbers.contains(state) else { throw reader.failure("a switch to a state that cannot be") }
            journal = SwitchJournal(
                state: state, isNew: try reader.flag(), slot: try reader.integer(), mountPoints: try reader.paths())
        }
        try reader.finish()
    }
}

/// A directory in `.moss/trees`.
package struct TreeSlot: Hashable, Sendable, BucketValue {
    /// What it holds; untrusted while it is being changed and after that was interrupted, nil where nobody knows.
    package let content: TreeOnDisk?
    /// What it is, or was, being changed to.
    package let becoming: TreeID?
    /// Whether nobody but moss ever had it: it was written, or found unchanged, and has not been live since.
    let isOurs: Bool
    /// Where nothing needs to be looked at before it is patched.
    let seal: TreeSeal?

    /// What may be in it that is moss's own.
    var trees: [TreeID] { [content?.tree, becoming].compactMap { $0 } }

    /// The same, not to be patched any more.
    var untrusted: TreeSlot { TreeSlot(distrusting: content, becoming: becoming, isOurs: isOurs) }

    private static let contentFlag: UInt8 = 1
    private static let becomingFlag: UInt8 = 2
    private static let oursFlag: UInt8 = 4
    private static let sealedFlag: UInt8 = 8

    /// Flags, then those of content, what it becomes and seal that there are.
    package func encode(into bytes: inout [UInt8]) {
        RecordWriter.append(to: &bytes, version: 1) { writer in
            writer.put(
                (content == nil ? 0 : Self.contentFlag) | (becoming == nil ? 0 : Self.becomingFlag)
                    | (isOurs ? Self.oursFlag : 0) | (seal == nil ? 0 : Self.sealedFlag))
            content?.encode(into: &writer)
            if let becoming { writer.put(becoming) }
            seal?.encode(into: &writer)
        }
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = try RecordReader(bytes, "slot record", versions: 1...1)
        let flags: UInt8 = try reader.integer()
        guard flags < Self.sealedFlag << 1 else { throw reader.failure("flags \(flags)") }
        self.init(
            content: flags & Self.contentFlag == 0 ? nil : try TreeOnDisk(from: &reader),
            becoming: flags & Self.becomingFlag == 0 ? nil : try reader.tree(),
            isOurs: flags & Self.oursFlag != 0,
            seal: flags & Self.sealedFlag == 0 ? nil : try TreeSeal(from: &reader))
        try reader.finish()
    }

    private init(content: TreeOnDisk?, becoming: TreeID?, isOurs: Bool, seal: TreeSeal? = nil) {
        self.content = content
        self.becoming = becoming
        self.isOurs = isOurs
        self.seal = seal
    }

    package init(_ content: TreeOnDisk?, seal: TreeSeal? = nil) {
        self.init(content: content, becoming: nil, isOurs: false, seal: seal)
    }

    /// A slot whose tree is about to be changed, or was found to be another than recorded.
    init(
        untrusted tree: TreeID?, becoming next: TreeID? = nil, isOurs: Bool = false, mountPoints: [BytePath] = []
    ) {
        self.init(
            content: (tree ?? next).map { TreeOnDisk(untrusted: $0, mountPoints: mountPoints) }, becoming: next,
            isOurs: isOurs)
    }

    /// The same for a slot of which it is known what was in it.
    init(distrusting content: TreeOnDisk?, becoming next: TreeID? = nil, isOurs: Bool = false) {
        self.init(
            untrusted: content?.tree, becoming: next, isOurs: isOurs, mountPoints: content?.mountPoints ?? [])
    }

}

package enum StateBuckets {
    package static let states = Bucket<UInt64, State>(BucketName.states)
    package static let slots = Bucket<UInt64, TreeSlot>(BucketName.slots)
    package static let control = Bucket<UInt32, Control>(BucketName.control)
    package static let controlKey: UInt32 = 0
}
