internal import BytePath
internal import ContentStore
internal import Digests
internal import FileTree
internal import LinuxSystem
import Synchronization
internal import ViewImage

/// Content of packages that are not in the store: a store of the view's own, filled before or when it is asked for.
final class ScratchContent: Sendable {
    private let path: BytePath
    private let objects: ObjectReader
    private let stones: [Stone]

    /// A package to be unpacked; whoever needs it first does so while others wait.
    private final class Stone: Sendable {
        let source: ViewRequest.Stone
        let isUnpacked = Mutex(false)

        init(_ source: ViewRequest.Stone) { self.source = source }
    }

    init(at path: BytePath, stones: [ViewRequest.Stone]) throws(PreviewMount.Failure) {
        self.path = path
        self.stones = stones.map(Stone.init)
        do throws(SystemError) {
            objects = try ObjectReader(in: try Descriptor.openDirectory(path))
        } catch {
            throw PreviewMount.Failure("\(error)")
        }
    }

    /// Opens an object of the source, unpacking that first where it is still a stone.
    func open(_ digest: Digest128, mode: UInt32, source: Int) throws(SystemError) -> Descriptor {
        let index = source - Int(ViewRequest.firstStoneSource)
        if stones.indices.contains(index) { try unpack(stones[index]) }
        // As a store that only records owners makes them.
        return try objects.open(digest, EntryMetadata(mode: mode | 0o400))
    }

    private func unpack(_ stone: Stone) throws(SystemError) {
        try stone.isUnpacked.withLock { (isUnpacked) throws(SystemError) in
            if isUnpacked { return }
            do {
                let store = try ContentStore(scratchAt: path)
                let file = try Descriptor.open(stone.source.path)
                _ = try store.ingest(stone.source.path, file, expecting: stone.source.id)
            } catch let error as SystemError {
                throw error
            } catch {
                throw SystemError(.inputOutput, call: "unpack", path: stone.source.path)
            }
            isUnpacked = true
        }
    }

    /// Removes the directory; what is open stays readable.
    func remove() {
        // Left-overs of a view that cannot do so itself are removed by the next command.
        try? Descriptor.openDirectory(path.parent).removeTree(path.lastComponent)
    }
}
