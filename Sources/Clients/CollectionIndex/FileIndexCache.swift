package import BytePath
package import CollectionSettings
package import Digests
package import Downloads
internal import FileIndex
package import LinuxSystem

/// The file indexes of collections: those beside local indexes, used in place, and copies of others in the root.
///
/// One counts only for the index that it names. Whoever refreshes a collection from elsewhere calls ``update(_:from:digest:)``.
package struct FileIndexCache: Sendable {
    /// Below the root, then the collection's name and ``name``.
    private static let directory: BytePath = ".moss/collections"
    private static let name: BytePath = "files"
    private static let sizeMax: UInt64 = 1 << 30

    private let root: BytePath

    package init(root: BytePath) {
        self.root = root
    }

    /// Whether there is a copy, and of this index.
    func holds(_ collection: CollectionID, for index: SHA256Digest) -> Bool {
        (try? self.index(at: root.appending(path(of: collection)).appending(Self.name)))??.index == index
    }

    /// Replaces the copy of a collection's file index, which is seen to be the right one first.
    ///
    /// - Parameters:
    ///   - source: what was fetched.
    ///   - digest: SHA-256 of what it has to be; nil where nobody said.
    package func update(
        _ collection: CollectionID, from source: borrowing Descriptor, digest: SHA256Digest?
    ) throws(RepositoryError) {
        let size = try reporting { () throws(SystemError) in try source.status().size }
        let bytes = try reporting { () throws(SystemError) in try source.readAll(limit: Int(Self.sizeMax)) }
        let found = bytes.withUnsafeBytes { SHA256Digest(hashing: $0) }
        guard digest == nil || found == digest else {
            throw RepositoryError(
                .invalidIndex, collection.text,
                "the file index that was fetched, \(size) bytes, is not the one that was promised; update the collection"
            )
        }
        do throws(FileIndexError) {
            _ = try FileIndex(bytes)
        } catch {
            throw RepositoryError(.invalidIndex, collection.text, "its file index cannot be used: \(error)")
        }
        try reporting(below: root) { () throws(SystemError) in
            var place = try Descriptor.openDirectory(root)
            for component in path(of: collection).components {
                place = try place.openDirectory(BytePath(component), making: true)
            }
            try place.replaceFile(Self.name, with: bytes)
        }
    }

    /// The file index of the packages that the last refresh found; nil where there is none.
    func index(of listed: CollectionManager.Listed) throws(RepositoryError) -> FileIndex? {
        guard let record = listed.record else { return nil }
        let places = [
            root.appending(path(of: listed.configuration.id)).appending(Self.name),
            record.base.appending(StoneDirectory.filesName),
        ]
        for place in places where place.isAbsolute {
            if let index = try index(at: place), index.index == record.stamp.digest { return index }
        }
        return nil
    }

    private func path(of collection: CollectionID) -> BytePath { Self.directory.appending(collection.text) }

    private func index(at path: BytePath) throws(RepositoryError) -> FileIndex? {
        let isThere = try reporting { () throws(SystemError) in
            do throws(SystemError) {
                return try Descriptor.open(path, .pathOnly).status().kind == .regular
            } catch {
                if error.number == .noSuchFile || error.number == .notDirectory { return false }
                throw error
            }
        }
        guard isThere else { return nil }
        let file = OpenFile(try RegularFile(path))
        // Blocks are read and not mapped: a file that somebody cuts short is an error then, and no end of the process.
        do throws(FileIndexError) {
            return try FileIndex(byteCount: Int(clamping: min(file.size, Self.sizeMax))) {
                (range) throws(FileIndexError) in try file.read(range)
            }
        } catch {
            guard error.code != .unsupportedVersion else { return nil }
            throw RepositoryError(.invalidIndex, path.display, "\(error); update the collection")
        }
    }
}

/// A file that is read for as long as somebody may ask for parts of it.
private final class OpenFile: Sendable {
    private let file: Descriptor
    let size: UInt64

    init(_ file: consuming RegularFile) {
        size = file.status.size
        self.file = file.opened()
    }

    func read(_ range: Range<Int>) throws(FileIndexError) -> [UInt8] {
        do throws(SystemError) {
            return try file.read(range.count, at: UInt64(range.lowerBound))
        } catch {
            throw FileIndexError(.unreadable, "\(error)")
        }
    }
}
