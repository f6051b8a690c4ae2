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
    private let stones: [ViewRequest.Stone]
    /// Which stones are unpacked. Whoever needs one first unpacks it while others wait, as a process may have the
    /// store's database open once only.
    private let unpacked = Guarded<Set<Int>>([])

    init(at path: BytePath, stones: [ViewRequest.Stone]) throws(PreviewMount.Failure) {
        self.path = path
        self.stones = stones
        do throws(SystemError) {
            objects = try ObjectReader(in: try Descriptor.openDirectory(path))
        } catch {
            throw PreviewMount.Failure("\(error)")
        }
    }

    /// Opens an object of the source, unpacking that first where it is still a stone.
    func open(_ digest: ObjectID, mode: UInt32, source: Int) throws(SystemError) -> Descriptor {
        let index = source - Int(ViewRequest.firstStoneSource)
        if stones.indices.contains(index) { try unpack(index) }
        return try objects.open(digest, ObjectStore.Ownership.recorded.effective(EntryMetadata(mode: mode)))
    }

    private func unpack(_ index: Int) throws(SystemError) {
        try unpacked.withLock { (unpacked) throws(SystemError) in
            if unpacked.contains(index) { return }
            let stone = stones[index]
            do {
                let ingester = Ingester(try ObjectStore(scratchAt: path))
                let file = try Descriptor.open(stone.path)
                _ = try ingester.ingest(stone.path, file, expecting: stone.id)
            } catch let error as SystemError {
                throw error
            } catch {
                throw SystemError(.inputOutput, call: "unpack", path: stone.path)
            }
            unpacked.insert(index)
        }
    }

    /// Removes the directory; what is open stays readable.
    func remove() {
        // Left-overs of a view that cannot do so itself are removed by the next command.
        try? Descriptor.openDirectory(path.parent).removeTree(path.lastComponent)
    }
}
