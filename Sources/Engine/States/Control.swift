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
        var writer = RecordWriter()
        for number in [active, nextState] { writer.put(number) }
        writer.put(live.tree)
        writer.put(live.stamp)
        let hasMountPoints = !live.mountPoints.isEmpty || journal?.mountPoints.isEmpty == false
        if journal != nil || hasMountPoints {
            // No state has the number 0.
            writer.put(journal?.state ?? 0)
            writer.put(UInt8(journal?.isNew == true ? 1 : 0))
            writer.put(journal?.slot ?? 0)
        }
        writer.put(live.fingerprint)
        if hasMountPoints {
            writer.put(paths: live.mountPoints)
            writer.put(paths: journal?.mountPoints ?? [])
        }
        bytes += writer.bytes
    }

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        var reader = RecordReader(bytes)
        active = try reader.integer()
        nextState = try reader.integer()
        guard active < nextState, nextState - 1 <= State.numbers.upperBound else {
            throw DecodingFailure("state \(active) is active, and the next is \(nextState)")
        }
        let (tree, stamp): (TreeID, Int64) = (try reader.tree(), try reader.integer())
        var journal: SwitchJournal?
        if reader.remaining >= Self.journalByteCount {
            journal = SwitchJournal(
                state: try reader.integer(), isNew: try reader.integer(UInt8.self) != 0, slot: try reader.integer())
        }
        // A record of before there were fingerprints trusts no tree.
        live = TreeOnDisk(untrusted: tree)
        if reader.remaining > 0 {
            let fingerprint: UInt64 = try reader.integer()
            var mountPoints: [BytePath] = []
            if reader.remaining > 0 {
                mountPoints = try reader.paths()
                journal?.mountPoints = try reader.paths()
                if journal?.state == 0 { journal = nil }
            }
            live = TreeOnDisk(tree: tree, stamp: stamp, fingerprint: fingerprint, mountPoints: mountPoints)
        }
        if let state = journal?.state, !State.numbers.contains(state) {
            throw DecodingFailure("a switch to a state that cannot be")
        }
        self.journal = journal
    }

    private static let journalByteCount = 17
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

    private static let oursFlag: UInt8 = 1
    /// It is being changed to nothing.
    private static let restingFlag: UInt8 = 2
    /// Two times and three numbers follow.
    private static let sealedFlag: UInt8 = 4

    package func encode(into bytes: inout [UInt8]) {
        guard let content else { return }
        var writer = RecordWriter()
        writer.put(content.tree)
        writer.put(content.stamp)
        writer.put(content.fingerprint)
        if becoming != nil || seal != nil || !content.mountPoints.isEmpty {
            writer.put(becoming ?? content.tree)
            writer.put(
                (isOurs ? Self.oursFlag : 0) | (becoming == nil ? Self.restingFlag : 0)
                    | (seal == nil ? 0 : Self.sealedFlag))
        }
        if let seal {
            writer.put(seal.accessTime)
            writer.put(seal.changeTime)
            for number in [seal.boot, seal.device, seal.inode] { writer.put(number) }
        }
        if !content.mountPoints.isEmpty { writer.put(paths: content.mountPoints) }
        bytes += writer.bytes
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

    package init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard !bytes.isEmpty else {
            self.init(nil)
            return
        }
        var reader = RecordReader(bytes)
        let tree = try reader.tree()
        let stamp = try reader.integer(Int64.self)
        guard reader.remaining > 0 else {
            // Of before there were fingerprints.
            self.init(untrusted: tree)
            return
        }
        let fingerprint: UInt64 = try reader.integer()
        guard reader.remaining > 0 else {
            self.init(TreeOnDisk(tree: tree, stamp: stamp, fingerprint: fingerprint))
            return
        }
        let next = try reader.tree()
        let flags = try reader.integer(UInt8.self)
        let seal =
            flags & Self.sealedFlag == 0
            ? nil
            : TreeSeal(
                accessTime: try reader.integer(), changeTime: try reader.integer(), boot: try reader.integer(),
                device: try reader.integer(),
                inode: try reader.integer())
        let content = TreeOnDisk(
            tree: tree, stamp: stamp, fingerprint: fingerprint,
            mountPoints: reader.remaining > 0 ? try reader.paths() : [])
        self.init(
            content: content, becoming: flags & Self.restingFlag != 0 ? nil : next,
            isOurs: flags & Self.oursFlag != 0, seal: seal)
    }
}

package enum StateBuckets {
    package static let states = Bucket<UInt64, State>(BucketName.states)
    package static let slots = Bucket<UInt64, TreeSlot>(BucketName.slots)
    package static let control = Bucket<UInt32, Control>(BucketName.control)
    package static let controlKey: UInt32 = 0
}
