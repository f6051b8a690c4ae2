internal import BytePath
internal import Digests
internal import FileTree
internal import Ingest
internal import LinuxSystem
internal import ObjectStore
internal import PackageModel
internal import ViewImage

/// Content of packages that are not in the store: a store of the view's own, filled before or when it is asked for.
final class ScratchContent: Sendable {
    private let path: BytePath
    private let objects: ObjectReader
    private let stones: [PackedStone]
    private let remote: (any RemoteStones)?
    /// The store to unpack into, opened when first needed: a process may have its database open once only.
    private let store = Guarded<ObjectStore?>(nil)

    init(
        at path: BytePath, stones: [ViewRequest.Stone], _ remote: (any RemoteStones)?
    ) throws(PreviewMount.Failure) {
        self.path = path
        self.remote = remote
        self.stones = stones.map { PackedStone($0) }
        do throws(SystemError) {
            objects = try ObjectReader(in: try Descriptor.openDirectory(path))
        } catch {
            throw PreviewMount.Failure("\(error)")
        }
    }

    private func stone(_ source: Int) -> PackedStone? {
        let index = source - Int(ViewRequest.firstStoneSource)
        return stones.indices.contains(index) ? stones[index] : nil
    }

    /// Whether an object has to be brought before it can be opened.
    func isPacked(_ digest: ObjectID, source: Int) -> Bool { stone(source)?.isPacked(digest) ?? false }

    /// Brings an object; takes as long as it takes.
    func bring(_ digest: ObjectID, source: Int) throws {
        try stone(source)?.bring(digest, remote) { () throws(StoreError) in
            try store.withLock { (store) throws(StoreError) in
                if let store { return store }
                let opened = try ObjectStore(scratchAt: path)
                store = opened
                return opened
            }
        }
    }

    /// Opens an object that is there.
    func open(_ digest: ObjectID, mode: UInt32) throws(SystemError) -> Descriptor {
        try objects.open(digest, ObjectStore.Ownership.recorded.effective(EntryMetadata(mode: mode)))
    }

    /// Removes the directory; what is open stays readable.
    func remove() {
        // Left-overs of a view that cannot do so itself are removed by the next command.
        try? Descriptor.openDirectory(path.parent).removeTree(path.lastComponent)
    }
}

/// A stone that is unpacked when one of its files is first opened: whole, or of a remote one the frames that it takes.
private final class PackedStone: Sendable {
    private struct State: Sendable {
        var isUnpacked = false
        /// Objects of frames that came.
        var present: Set<ObjectID> = []
    }

    private let stone: ViewRequest.Stone
    private let state = Guarded(State())
    /// Held while something is brought: who wants the same waits for it. What frames there are is known after the first.
    private let work = Guarded<Frames>(.unknown)

    private enum Frames: Sendable {
        case unknown, none
        case known(FramedStone)
    }

    init(_ stone: ViewRequest.Stone) { self.stone = stone }

    func isPacked(_ digest: ObjectID) -> Bool {
        state.withLock { !$0.isUnpacked && !$0.present.contains(digest) }
    }

    func bring(
        _ digest: ObjectID, _ remote: (any RemoteStones)?, into store: () throws(StoreError) -> ObjectStore
    ) throws {
        try work.withLock { frames in
            guard isPacked(digest) else { return }
            let store = try store()
            if case .unknown = frames { frames = self.frames() }
            if case .known(let framed) = frames, let remote,
                let present = try? Self.bring(digest, stone, framed, remote, into: store)
            {
                return state.withLock { $0.present.formUnion(present) }
            }
            // Also of a server that does not send parts, or whose parts are wrong, the whole may be right.
            if stone.isRemote {
                guard let remote else { throw SystemError(.noSuchFile, call: "open", path: stone.path) }
                try remote.withWhole(stone) { try unpack($0, into: store) }
            } else {
                try unpack(Descriptor.open(stone.path), into: store)
            }
            state.withLock { $0.isUnpacked = true }
        }
    }

    private func unpack(_ file: borrowing Descriptor, into store: ObjectStore) throws {
        _ = try Ingester(store).ingest(stone.path, file, expecting: stone.id)
    }

    /// What frames there are: what stands before a remote stone's content was fetched and verified before.
    private func frames() -> Frames {
        guard stone.isRemote, let head = try? Descriptor.open(stone.headPath),
            let framed = try? FramedStone(stone.path, head: head, size: stone.size, .recorded)
        else { return .none }
        return .known(framed)
    }

    private static func bring(
        _ digest: ObjectID, _ stone: ViewRequest.Stone, _ framed: FramedStone, _ remote: any RemoteStones,
        into store: ObjectStore
    ) throws -> [ObjectID] {
        guard let numbers = framed.frames(of: digest) else {
            throw SystemError(.noSuchFile, call: "open", path: stone.path)
        }
        let parts = framed.frames[numbers].map { RemotePart(range: $0.range, digest: $0.digest) }
        let bytes = try remote.begin(parts, of: stone)
        return try framed.unpack(numbers, into: store) { (number) throws(StoreError) in
            do {
                return try bytes(number - numbers.lowerBound)
            } catch {
                throw .system(SystemError(.inputOutput, call: "fetch", path: stone.path))
            }
        }
    }
}
