internal import BytePath
internal import CFuse
internal import Digests
internal import Failures
internal import FileTree
import Glibc
internal import LinuxSystem
internal import ObjectStore
import Synchronization
internal import ViewImage

/// The bytes of files: where they lie, and how the kernel gets at them.
///
/// Either the kernel is handed the object itself and reads it without us (*passthrough*), or it asks us once and keeps
/// what we answer (*cached*). Which it is, is found out when the view starts and may fall back later: passthrough is
/// refused in user namespaces and on kernels before 6.9.
final class Contents: Sendable {
    enum Reading: String {
        case passthrough, cached
    }

    /// How an open is to be answered.
    enum Opening {
        /// Not at all: the kernel stops telling us of opens.
        case unmediated
        case cached
        case backed(Int32)
        /// The node is open with a file that has been replaced since: by another number it can be had.
        case outdated
        case failed(ErrorNumber)
    }

    static let cachedHandle: UInt64 = 1

    private let store: ObjectReader
    private let storeDirectory: Descriptor
    private let scratch: ScratchContent?
    let backings = BackingTable()
    private let files: OpenFiles
    private let passthrough = Atomic<Bool>(false)
    private let failures = Atomic<UInt64>(0)

    init(_ request: ViewRequest, _ remote: (any RemoteStones)?) throws(PreviewMount.Failure) {
        do throws(SystemError) {
            let moss = try ObjectReader.openDirectory(of: request.root)
            store = try ObjectReader(in: moss)
            storeDirectory = moss
        } catch {
            throw PreviewMount.Failure("\(error)")
        }
        scratch = try request.scratch.map { (path) throws(PreviewMount.Failure) in
            try ScratchContent(at: path, stones: request.stones, remote)
        }
        files = OpenFiles(limit: CurrentProcess.openFileLimit / 4)
    }

    /// How deep the kernel must be able to stack: 2 where the objects lie on an overlay themselves.
    var stackDepth: UInt32 { storeDirectory.isOnOverlay ? 2 : 1 }

    /// Gives the session through which the kernel is told of backing files.
    func attach(_ fuse: OpaquePointer) { backings.attach(fuse) }

    var reading: Reading { passthrough.load(ordering: .relaxed) ? .passthrough : .cached }

    /// Tries on a file beside the objects whether the kernel takes it as a backing file.
    func chooseReading() {
        guard moss_fuse_asked_for_passthrough(),
            let probe = try? storeDirectory.openFile("format")
        else { return }
        passthrough.store(backings.accepts(probe), ordering: .relaxed)
    }

    var statistics: [String] {
        let failed = failures.load(ordering: .relaxed)
        return backings.statistics + (failed > 0 ? ["failures=\(failed)"] : [])
    }

    func removeScratch() { scratch?.remove() }

    // MARK: Bringing

    /// Whether a file's content has to be brought before it can be opened or read.
    func isPacked(_ place: ViewSource.Place) -> Bool {
        guard let scratch, place.node.size > 0 else { return false }
        return scratch.isPacked(place.node.digest, source: place.node.source)
    }

    /// Brings a file's content, on a thread that has time.
    /// - Returns: the error where that fails.
    func bring(_ place: ViewSource.Place) -> ErrorNumber? {
        do {
            try scratch?.bring(place.node.digest, source: place.node.source)
            return nil
        } catch {
            return noted((error as? SystemError) ?? SystemError(.inputOutput, call: "unpack"))
        }
    }

    // MARK: Opening

    func open(_ place: ViewSource.Place) -> Opening {
        let key = UInt64(place.number)
        guard passthrough.load(ordering: .relaxed) else {
            // Some file may still be open in the other way from before.
            return backings.isUnused ? .unmediated : backings.openCached(key)
        }
        // There is no object of nothing.
        if place.node.size == 0 { return .cached }
        if let known = backings.reopen(key, inode(of: place)) { return known }
        do throws(SystemError) {
            let file = try object(place)
            switch backings.open(key, file, try file.status().inode) {
            case .failed(.notPermitted):
                passthrough.store(false, ordering: .relaxed)
                return backings.openCached(key)
            case .failed: return backings.openCached(key)
            case let opening: return opening
            }
        } catch {
            return .failed(noted(error))
        }
    }

    func release(_ place: ViewSource.Place, handle: UInt64) {
        if place.node.size == 0 { return }
        backings.release(UInt64(place.number), wasCached: handle == Self.cachedHandle)
    }

    // MARK: Reading

    /// Fills all of `buffer`; the error where that fails.
    func read(
        _ place: ViewSource.Place, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) -> ErrorNumber? {
        do throws(SystemError) {
            let file = try files.file(UInt64(place.number)) { () throws(SystemError) in try object(place) }
            var done = 0
            while done < buffer.count {
                let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                let count = try file.descriptor.read(into: rest, at: offset + UInt64(done))
                // Shorter than the tree says: the size was right when it was opened.
                if count == 0 { throw SystemError(.inputOutput, call: "read") }
                done += count
            }
            return nil
        } catch {
            return noted(error)
        }
    }

    /// Forgets which files were opened, so that all are opened by their names again.
    func openAnew() {
        files.closeAll()
        backings.forgetUnused()
    }

    /// The number of the file that has the name of a file's object; nil where the view has it for itself.
    private func inode(of place: ViewSource.Place) -> UInt64? {
        guard place.node.source == Int(ViewRequest.storeSource) else { return nil }
        // Of an object that is gone there may be other copies, which opening finds.
        guard let status = try? store.status(place.node.digest, metadata(place)) else { return 0 }
        return status.size == place.node.size ? status.inode : 0
    }

    private func metadata(_ place: ViewSource.Place) -> EntryMetadata {
        let node = place.node
        let ownership: ObjectStore.Ownership = place.image.header.keepsOwnersAsRecords ? .recorded : .applied
        return ownership.effective(EntryMetadata(mode: node.mode & 0o7777, uid: node.uid, gid: node.gid))
    }

    /// Opens the object with a file's content, from wherever it is; a wrong size is an error rather than torn data.
    private func object(_ place: ViewSource.Place) throws(SystemError) -> Descriptor {
        let node = place.node
        let metadata = metadata(place)
        let file: Descriptor
        if node.source == Int(ViewRequest.storeSource) {
            file = try store.open(node.digest, metadata)
        } else {
            guard let scratch else { throw SystemError(.noSuchFile, call: "open") }
            file = try scratch.open(node.digest, mode: metadata.mode)
        }
        guard try file.status().size == node.size else { throw SystemError(.inputOutput, call: "open") }
        return file
    }

    /// What a program is told: an object that is gone or wrong is the disk's fault in its eyes.
    private func noted(_ error: SystemError) -> ErrorNumber {
        failures.add(1, ordering: .relaxed)
        return error.saysNothing ? error.number : .inputOutput
    }
}
