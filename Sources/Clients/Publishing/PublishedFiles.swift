internal import BytePath
internal import Digests
internal import Downloads
internal import LinuxSystem

/// The directory of a collection: files that never change once they have their name, and pointers.
///
/// Every file is written under another name, `NAME.next`, and renamed; a name therefore stands for whole bytes.
final class PublishedFiles: Sendable {
    static let pool: BytePath = "pool"
    static let byHash: BytePath = "by-hash"
    private static let unfinished = Array(".next".utf8)

    let path: BytePath
    let directory: Descriptor

    /// Makes the directory if needed, and takes its lock: two that publish would remove each other's files.
    init(at path: BytePath) throws(RepositoryError) {
        self.path = path
        if path.isEmpty { throw RepositoryError(.invalidLocation, "\"\"", "this is no directory to publish into") }
        directory = try reporting { () throws(SystemError) in try Self.open(path) }
        guard try reporting(below: path, { () throws(SystemError) in try directory.lock(.exclusive) }) else {
            throw RepositoryError(
                .invalidLocation, path.display, "somebody else is publishing into this directory; try again later")
        }
    }

    private static func open(_ path: BytePath) throws(SystemError) -> Descriptor {
        do throws(SystemError) {
            return try Descriptor.openDirectory(path)
        } catch {
            guard error.number == .noSuchFile else { throw error }
        }
        let parent = path.parent.isEmpty ? "." : path.parent
        try Descriptor.openDirectory(parent).ensureDirectory(path.lastComponent)
        return try Descriptor.openDirectory(path)
    }

    // MARK: Looking

    func exists(_ file: BytePath, size: UInt64) throws(RepositoryError) -> Bool {
        try self.size(of: file) == size
    }

    /// How long a file is; nil where there is none.
    func size(of file: BytePath) throws(RepositoryError) -> UInt64? {
        let status = try calling { () throws(SystemError) in try directory.statusIfPresent(of: file) }
        return status?.kind == .regular ? status?.size : nil
    }

    /// What the file's bytes are; nil where there is no file.
    func digest(of file: BytePath) throws(RepositoryError) -> SHA256Digest? {
        try calling { () throws(SystemError) -> SHA256Digest? in
            guard let status = try directory.statusIfPresent(of: file), status.kind == .regular else { return nil }
            return try directory.openFile(file).sha256()
        }
    }

    func holds(_ file: BytePath) throws(RepositoryError) -> Bool {
        try calling { () throws(SystemError) in try directory.statusIfPresent(of: file) } != nil
    }

    func read(_ file: BytePath, limit: Int) throws(RepositoryError) -> [UInt8]? {
        try calling { () throws(SystemError) in try directory.readFileIfPresent(file, limit: limit) }
    }

    /// Everything in `pool` and `by-hash`: files, those that were not finished, and directories, the deeper ones first.
    func survey() throws(RepositoryError) -> (files: [BytePath], unfinished: [BytePath], directories: [BytePath]) {
        var (files, unfinished, directories) = ([BytePath](), [BytePath](), [BytePath]())
        var pending = [Self.pool, Self.byHash]
        try calling { () throws(SystemError) in
            while let current = pending.popLast() {
                guard try directory.statusIfPresent(of: current)?.kind == .directory else { continue }
                directories.append(current)
                let place = try directory.openDirectory(current)
                for entry in try place.entries() {
                    let path = current.appending(entry.name)
                    switch try place.status(of: entry.name).kind {
                    case .directory: pending.append(path)
                    case .regular where entry.name.bytes.suffix(Self.unfinished.count).elementsEqual(Self.unfinished):
                        unfinished.append(path)
                    case .regular: files.append(path)
                    default: break
                    }
                }
            }
        }
        return (files.sorted(), unfinished, directories.sorted { $0.count > $1.count })
    }

    // MARK: Writing

    /// Gives `bytes` this name.
    func write(_ bytes: [UInt8], to file: BytePath) throws(RepositoryError) {
        try calling { () throws(SystemError) in
            try openParent(of: file).replaceFile(file.lastComponent, with: bytes)
        }
    }

    /// Stores `bytes` in `by-hash` unless they are there.
    func store(_ bytes: [UInt8], suffix: String) throws(RepositoryError) -> Publication.Part {
        let digest = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        let path = Self.byHash.appending("\(digest.hexadecimal).\(suffix)")
        let part = Publication.Part(path: path, digest: digest, size: UInt64(bytes.count))
        if try !holds(part) { try write(bytes, to: path) }
        return part
    }

    func holds(_ part: Publication.Part) throws(RepositoryError) -> Bool {
        guard try exists(part.path, size: part.size) else { return false }
        return try digest(of: part.path) == part.digest
    }

    /// Makes `file` a copy of the stone `source`, or a hard link to it, once its bytes are seen to be the right ones.
    ///
    /// - Parameter linking: links where that is possible. A link has the stone's mode, and what is written into the one
    ///   is in the other.
    func place(
        _ source: BytePath, at file: BytePath, digest: SHA256Digest, linking: Bool
    ) throws(RepositoryError) {
        let parent = try calling { () throws(SystemError) in try openParent(of: file) }
        let name = file.lastComponent
        let temporary = BytePath(bytes: name.bytes + Self.unfinished)
        let stone = try RegularFile(source)
        // It may be a link of the stone itself, which must not be written into.
        try? parent.unlink(temporary)
        do throws(RepositoryError) {
            let isLinked = linking && stone.status.permissions & 0o444 == 0o444 && link(source, parent, temporary)
            let found = try calling { () throws(SystemError) in
                isLinked
                    ? try parent.openFile(temporary).sha256()
                    : try stone.file.copy(to: parent.makeFile(temporary))
            }
            guard found == digest else {
                throw RepositoryError(.invalidIndex, source.display, "the stone changed while it was read; try again")
            }
            try calling { () throws(SystemError) in try parent.rename(temporary, to: name) }
        } catch {
            try? parent.unlink(temporary)
            throw error
        }
    }

    private func link(_ source: BytePath, _ parent: borrowing Descriptor, _ name: BytePath) -> Bool {
        // Any reason not to link is one to copy: another file system, a limit, somebody else's file.
        guard let place = try? Descriptor.openDirectory(source.parent.isEmpty ? "." : source.parent) else {
            return false
        }
        return (try? parent.link(source.lastComponent, below: place, to: name)) != nil
    }

    private func openParent(of file: BytePath) throws(SystemError) -> Descriptor {
        var place = try directory.duplicate()
        for component in file.parent.components {
            place = try place.openDirectory(BytePath(component), making: true)
        }
        return place
    }

    /// Writes those pointers that are others than before, in this order, and waits until they are on disk.
    ///
    /// All that was written goes to disk first, also by an earlier run that was stopped: it would be believed here.
    /// - Returns: whether there were any.
    func point(_ pointers: [PublicationPointer]) throws(RepositoryError) -> Bool {
        var changed: [PublicationPointer] = []
        for pointer in pointers {
            let size = pointer.bytes.count
            let isThere = try exists(pointer.name, size: UInt64(size))
            guard isThere, try read(pointer.name, limit: size) == pointer.bytes else {
                changed.append(pointer)
                continue
            }
        }
        guard !changed.isEmpty else { return false }
        try calling { () throws(SystemError) in
            try directory.syncFileSystem()
            for pointer in changed { try directory.replaceFile(pointer.name, with: pointer.bytes, durable: true) }
        }
        return true
    }

    // MARK: Removing

    func remove(_ file: BytePath) throws(RepositoryError) {
        try calling { () throws(SystemError) in
            try (file.parent.isEmpty ? directory.duplicate() : directory.openDirectory(file.parent)).unlink(
                file.lastComponent)
        }
    }

    /// Removes those of `directories`, the deeper ones first, in which none of `files` is.
    func removeEmpty(_ directories: [BytePath], besides files: some Sequence<BytePath>) throws(RepositoryError) {
        var used: Set<BytePath> = [Self.pool, Self.byHash]
        for file in files {
            var place = file.parent
            while !place.isEmpty, used.insert(place).inserted { place = place.parent }
        }
        for path in directories where !used.contains(path) {
            try calling { () throws(SystemError) in
                let place = try directory.openDirectory(path)
                // What is of another kind stays, and so does its place.
                guard try place.entries().isEmpty else { return }
                try directory.openDirectory(path.parent).removeDirectory(path.lastComponent)
            }
        }
    }

    private func calling<R: ~Copyable>(_ body: () throws(SystemError) -> R) throws(RepositoryError) -> R {
        try reporting(below: path, body)
    }
}

extension Descriptor {
    /// SHA-256 of the whole file.
    fileprivate func sha256() throws(SystemError) -> SHA256Digest {
        try pass { (_) throws(SystemError) in }
    }

    /// Writes all of this file to another one, and returns the SHA-256 of what was written.
    fileprivate func copy(to other: borrowing Descriptor) throws(SystemError) -> SHA256Digest {
        try pass { (bytes) throws(SystemError) in try other.write(bytes) }
    }

    private func pass(
        _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) -> SHA256Digest {
        let hasher = SHA256Hasher()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 4096)
        defer { buffer.deallocate() }
        var offset: UInt64 = 0
        while true {
            let count = try read(into: buffer, at: offset)
            if count == 0 { return hasher.finish() }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            hasher.update(bytes)
            try body(bytes)
            offset += UInt64(count)
        }
    }
}
