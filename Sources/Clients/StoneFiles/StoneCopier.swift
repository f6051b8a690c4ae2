package import BytePath
package import CollectionIndex
internal import Digests
internal import Downloads
package import LinuxSystem
internal import PackageModel
internal import StoneFormat

/// Copies stones out of collections into a directory, verifying them on the way.
package final class StoneCopier {
    private let directoryPath: BytePath
    private let directory: Descriptor
    private var doneBytes: UInt64 = 0
    /// The names of this run, so that two packages of one file name do not overwrite each other.
    private var taken: Set<BytePath> = []
    private let progress: Progress

    /// Is told the package's name, and how many bytes of this run there are by now.
    package typealias Progress = (_ package: String, _ doneBytes: UInt64) -> Void

    package init(into path: BytePath, _ progress: @escaping Progress) throws(SystemError) {
        directoryPath = path
        directory = try Descriptor.openDirectory(path)
        self.progress = progress
    }

    /// Copies one stone under a temporary name and gives it its own once its digest is right; replaces an older copy.
    package func copy(
        _ package: CollectionRegistry.Package, from registry: CollectionRegistry
    ) throws(StoneCopyError) -> (path: BytePath, size: UInt64) {
        do {
            let name = try name(for: package, at: registry.location(of: package))
            return (directoryPath.appending(name), try copy(package, from: registry, as: name))
        } catch {
            throw StoneCopyError(error)
        }
    }

    /// - Returns: the stone's size.
    private func copy(
        _ package: CollectionRegistry.Package, from registry: CollectionRegistry, as name: BytePath
    ) throws -> UInt64 {
        // As long as any name may be, this one is not too long.
        let temporary = BytePath(".\(package.id).part")
        let stone = try registry.open(package)
        let promised = package.metadata.downloadSize ?? stone.byteCount
        do {
            try? directory.unlink(temporary)
            let file = try directory.makeFile(temporary)
            let (size, digest) = try transfer(stone.file, to: file, atMost: promised, package.metadata.name, name)
            guard digest == package.id else {
                throw RepositoryError(
                    .wrongStone, package.metadata.name,
                    "this is not the stone that the index of \(package.collection) promises: its SHA-256 is"
                        + " \(digest), not \(package.id); update the collection")
            }
            try directory.rename(temporary, to: name)
            return size
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
            throw StoneCopyError.nameTaken(package.metadata.name, name)
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
            progress(package, doneBytes)
        }
    }
}
