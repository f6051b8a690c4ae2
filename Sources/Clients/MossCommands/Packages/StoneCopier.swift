internal import BytePath
internal import CollectionIndex
internal import CommandLineSupport
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import PackageModel
internal import TerminalOutput

/// Copies stones out of collections, verifying them on the way.
final class StoneCopier {
    private let directoryPath: BytePath
    private let directory: Descriptor
    private let totalBytes: UInt64
    private var doneBytes: UInt64 = 0
    /// The names of this run, so that two packages of one file name do not overwrite each other.
    private var taken: Set<BytePath> = []
    private let display = ProgressDisplay()

    init(into path: BytePath, totalBytes: UInt64) throws(SystemError) {
        directoryPath = path
        directory = try Descriptor.openDirectory(path)
        self.totalBytes = totalBytes
    }

    deinit {
        display.finish()
    }

    /// Copies one stone under a temporary name and gives it its own once its digest is right; replaces an older copy.
    func copy(
        _ package: CollectionRegistry.Package, from registry: CollectionRegistry
    ) throws -> (path: BytePath, size: UInt64) {
        let name = try name(for: package, at: registry.location(of: package))
        // As long as any name may be, this one is not too long.
        let temporary = BytePath(".\(package.id).part")
        let stone = try registry.open(package)
        let promised = package.metadata.downloadSize ?? stone.byteCount
        do {
            try? directory.unlink(temporary)
            let file = try directory.makeFile(temporary)
            let (size, digest) = try transfer(stone.file, to: file, atMost: promised, package.metadata.name, name)
            guard digest == package.id else {
                throw CommandFailure(
                    .failed, code: CommandFailure.invalidStone,
                    "\(package.metadata.name): this is not the stone that the index of \(package.collection)"
                        + " promises: its SHA-256 is \(digest), not \(package.id); update the collection")
            }
            try directory.rename(temporary, to: name)
            return (directoryPath.appending(name), size)
        } catch {
            try? directory.unlink(temporary)
            if let error = error as? SystemError { throw error.below(directoryPath) }
            throw error
        }
    }

    /// The name the stone has in its collection. That is the index's word: it counts only where it is one of a stone,
    /// and once; else the stone is called after what is in it.
    private func name(for package: CollectionRegistry.Package, at location: StoneLocation) throws -> BytePath {
        let own =
            switch location {
            case .file(let path): path.lastComponent
            case .remote(let item): item.remoteName
            }
        let name = SafeName.isStone(own) && !taken.contains(own) ? own : try SafeName.stone(of: package.metadata)
        guard taken.insert(name).inserted else {
            throw CommandFailure(
                .failed, code: "failed",
                "\(package.metadata.name): another of these packages has the file name \(name) too; fetch them one by"
                    + " one, into other directories")
        }
        return name
    }

    /// Copies no more than `limit` bytes, and of a longer source one more, so that its digest is another one.
    private func transfer(
        _ source: borrowing Descriptor, to file: borrowing Descriptor, atMost limit: UInt64, _ package: String,
        _ name: BytePath
    ) throws(SystemError) -> (UInt64, PackageID) {
        let hasher = SHA256Hasher()
        var size: UInt64 = 0
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let wanted = Int(clamping: min(UInt64(buffer.count), limit &- size &+ 1))
            let count = try source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
            if count == 0 || size > limit { return (size, PackageID(hasher.finish())) }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(bytes)
            do throws(SystemError) {
                try file.write(bytes)
            } catch {
                throw error.on(name)
            }
            size += UInt64(count)
            doneBytes += UInt64(count)
            display.report(ProgressLine("Fetching \(package)", done: doneBytes, total: totalBytes, unit: .bytes))
        }
    }
}
