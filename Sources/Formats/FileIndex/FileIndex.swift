package import BytePath
package import Digests
internal import StoneFormat
internal import Zstandard

/// Which packages of a collection have which paths: all paths in order, front-coded and compressed in blocks.
///
/// A file is a header, the names of the packages, the directory of the blocks, and the blocks, each of the latter three
/// kinds a zstd frame of its own. Only the directory is kept; a question about one path reads the block or the few that
/// can hold it, and a search reads one block after the other.
package struct FileIndex: Sendable {
    /// What a path is.
    package enum Kind: UInt8, CaseIterable, Hashable, Sendable {
        case regular, symlink, directory
        /// A device, a fifo or a socket.
        case special
    }

    /// One path of one package.
    package struct File: Hashable, Sendable {
        /// Below `/usr`.
        package var path: BytePath
        package var kind: Kind
        package var package: String

        package init(path: BytePath, kind: Kind, package: String) {
            self.path = path
            self.kind = kind
            self.package = package
        }
    }

    package typealias Read = @Sendable (Range<Int>) throws(FileIndexError) -> [UInt8]

    /// SHA-256 of the index whose packages these are.
    package let index: SHA256Digest
    /// The names of all packages, sorted.
    package let packages: [String]
    /// How many paths all packages have together.
    package let entryCount: UInt64
    let blocks: [FileIndexBlock]
    private let read: Read

    /// Reads header, names and directory.
    ///
    /// - Parameter read: gets these bytes of the file, which has `byteCount`; blocks are read when they are needed.
    package init(byteCount: Int, read: @escaping Read) throws(FileIndexError) {
        guard byteCount >= FileIndexHeader.byteCount else {
            throw FileIndexError(.notAnIndex, "\(byteCount) bytes are no file index")
        }
        let header = try FileIndexHeader(decoding: read(0..<FileIndexHeader.byteCount))
        guard header.blocksOffset <= byteCount else { throw FieldReader.cut }
        let tables = try read(FileIndexHeader.byteCount..<header.blocksOffset)
        guard tables.count == header.namesStored + header.directoryStored, tables.checksum64 == header.checksum else {
            throw .damaged("the directory of the file index is damaged: its checksum is another one")
        }
        index = header.index
        entryCount = header.entryCount
        packages = try Self.names(
            Self.plain(Array(tables[..<header.namesStored]), header.namesPlain), count: header.packageCount)
        blocks = try Self.directory(
            Self.plain(Array(tables[header.namesStored...]), header.directoryPlain), header, byteCount)
        self.read = read
    }

    /// A file index in memory.
    package init(_ bytes: [UInt8]) throws(FileIndexError) {
        try self.init(byteCount: bytes.count) { (range) throws(FileIndexError) in Array(bytes[range]) }
    }

    private static func plain(_ stored: [UInt8], _ size: Int) throws(FileIndexError) -> [UInt8] {
        do throws(ZstandardError) {
            var decompressor = try Decompressor()
            return try decompressor.decompress(stored, exactly: size)
        } catch {
            throw .damaged("the file index is damaged: \(error)")
        }
    }

    private static func names(_ plain: [UInt8], count: Int) throws(FileIndexError) -> [String] {
        let parts = plain.split(separator: 0, omittingEmptySubsequences: false)
        guard parts.count == count + 1, parts.last?.isEmpty == true else {
            throw .damaged("the file index is damaged: it has not the packages it claims")
        }
        var names: [String] = []
        names.reserveCapacity(count)
        for part in parts.dropLast() {
            guard !part.isEmpty, part.count <= FileIndexLimits.nameSizeMax,
                let name = String(validating: part, as: UTF8.self),
                names.last.map({ $0.utf8.lexicographicallyPrecedes(part) }) ?? true
            else { throw .damaged("the file index is damaged: a package's name is none, or out of order") }
            names.append(name)
        }
        return names
    }

    private static func directory(
        _ plain: [UInt8], _ header: FileIndexHeader, _ byteCount: Int
    ) throws(FileIndexError) -> [FileIndexBlock] {
        var reader = FieldReader(plain)
        var blocks: [FileIndexBlock] = []
        var path: [UInt8] = []
        var pathSizes = 0
        var entryCount: UInt64 = 0
        var offset = header.blocksOffset
        for _ in 0..<header.blockCount {
            let shared = try reader.varint()
            guard shared <= path.count else { throw FieldReader.cut }
            let tail = try reader.bytes(reader.varint())
            let block = try FileIndexBlock(
                firstPath: Array(path[..<shared]) + tail, entryCount: reader.varint(),
                stored: offset..<(offset + reader.varint()),
                plainSize: reader.varint(), checksum: reader.number(UInt64.self))
            pathSizes += block.firstPath.count
            guard pathSizes <= FileIndexLimits.directorySizeMax, block.plainSize <= FileIndexLimits.blockSizeMax,
                (1...FileIndexLimits.blockEntriesMax).contains(block.entryCount)
            else { throw FileIndexError(.limitExceeded, "a block of the file index is larger than blocks are") }
            guard block.stored.upperBound <= byteCount, blocks.isEmpty || !block.firstPath.precedes(path) else {
                throw .damaged("the file index is damaged: its directory is out of order")
            }
            path = block.firstPath
            offset = block.stored.upperBound
            entryCount += UInt64(block.entryCount)
            blocks.append(block)
        }
        guard reader.isAtEnd, offset == byteCount, entryCount == header.entryCount else {
            throw .damaged("the file index is damaged: its directory does not describe all of it")
        }
        return blocks
    }

    // MARK: Questions

    /// Whoever has exactly this path below `/usr`, by name.
    package func files(at path: BytePath) throws(FileIndexError) -> [File] {
        var files: [File] = []
        let wanted = path.bytes
        for block in blocks[possibleBlocks(from: wanted)] {
            if wanted.precedes(block.firstPath) { break }
            var cursor = try cursor(of: block)
            while try cursor.next(), !wanted.precedes(cursor.path) {
                if cursor.path == wanted { files.append(try file(cursor)) }
            }
        }
        return files
    }

    /// Paths that `pattern` fits, in order, and whether these are all; no more than `limit`.
    package func files(
        matching pattern: FilePattern, limit: Int = .max
    ) throws(FileIndexError) -> (files: [File], isComplete: Bool) {
        var files: [File] = []
        let start = pattern.literalStart
        for block in blocks[possibleBlocks(from: start)] {
            if start.precedes(block.firstPath), !block.firstPath.starts(with: start) { break }
            var cursor = try cursor(of: block)
            while try cursor.next() {
                guard pattern.matches(cursor.path) else { continue }
                guard files.count < limit else { return (files, false) }
                files.append(try file(cursor))
            }
        }
        return (files, true)
    }

    /// Every path of every package, in order. Throws for whatever is wrong anywhere in the file.
    package func all() throws(FileIndexError) -> [File] {
        var files: [File] = []
        for block in blocks {
            var cursor = try cursor(of: block)
            while try cursor.next() {
                let next = try file(cursor)
                if let last = files.last {
                    let isLater =
                        last.path == next.path
                        ? last.package.utf8.lexicographicallyPrecedes(next.package.utf8) : last.path < next.path
                    guard isLater else { throw .damaged("the file index is damaged: its blocks are out of order") }
                }
                files.append(next)
            }
        }
        return files
    }

    /// From the first block in which `path` may be.
    private func possibleBlocks(from path: [UInt8]) -> Range<Int> {
        // A block that begins with the path itself may follow on others that end with it.
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].firstPath.precedes(path) { low = middle + 1 } else { high = middle }
        }
        return max(0, low - 1)..<blocks.count
    }

    private func cursor(of block: FileIndexBlock) throws(FileIndexError) -> BlockCursor {
        let stored = try read(block.stored)
        guard stored.count == block.stored.count, stored.checksum64 == block.checksum else {
            throw .damaged("a block of the file index is damaged: its checksum is another one")
        }
        let plain = try Self.plain(stored, block.plainSize)
        var first = try BlockCursor(plain, entryCount: block.entryCount, packageCount: packages.count)
        let cursor = first
        guard try first.next(), first.path == block.firstPath else {
            throw .damaged("the file index is damaged: a block does not begin as its directory says")
        }
        return cursor
    }

    /// The entry that the cursor is at; nothing is told of a path that a stone could not have.
    private func file(_ cursor: BlockCursor) throws(FileIndexError) -> File {
        if let problem = LayoutPathRule.problem(path: cursor.path) { throw .damaged("a path is refused: \(problem)") }
        return File(path: BytePath(bytes: cursor.path), kind: cursor.kind, package: packages[cursor.package])
    }
}

extension [UInt8] {
    func precedes(_ other: [UInt8]) -> Bool { lexicographicallyPrecedes(other) }
}
