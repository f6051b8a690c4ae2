package import Digests
internal import StoneFormat
internal import Zstandard

/// Makes file indexes: the same packages and paths, added in whatever order, give the same bytes.
package struct FileIndexWriter: Sendable {
    private struct Entry: Sendable {
        var start: Int
        var count: UInt16
        var package: UInt16
        var kind: FileIndex.Kind
    }

    private let index: SHA256Digest
    private let packages: [String]
    private let level: Int
    private let blockSize: Int
    /// The bytes of all paths.
    private var paths: [UInt8] = []
    private var entries: [Entry] = []

    /// - Parameters:
    ///   - index: SHA-256 of the index that lists the packages.
    ///   - packages: their names, sorted by bytes, each once.
    ///   - blockSize: plain bytes after which a block ends, at most 512 KiB: enough to compress well, and little to
    ///     decompress for one path.
    package init(index: SHA256Digest, packages: [String], level: Int = 12, blockSize: Int = 64 << 10)
        throws(FileIndexError)
    {
        guard packages.count <= FileIndexLimits.packagesMax else {
            throw FileIndexError(.limitExceeded, "\(packages.count) packages are more than a file index can hold")
        }
        for (name, next) in zip(packages, packages.dropFirst())
        where !name.utf8.lexicographicallyPrecedes(next.utf8) {
            throw FileIndexError(.damaged, "\(next) is listed twice, or out of order")
        }
        for name in packages
        where name.isEmpty || name.utf8.count > FileIndexLimits.nameSizeMax || name.utf8.contains(0) {
            throw FileIndexError(.limitExceeded, "\"\(name)\" cannot be a package's name")
        }
        self.index = index
        self.packages = packages
        self.level = level
        self.blockSize = min(blockSize, FileIndexLimits.blockSizeMax / 2)
    }

    /// Adds a path of the package with this number. What is added twice is there once.
    package mutating func add(
        _ path: some RandomAccessCollection<UInt8>, _ kind: FileIndex.Kind, package: Int
    ) throws(FileIndexError) {
        precondition(packages.indices.contains(package), "there is no such package")
        if let problem = LayoutPathRule.problem(path: path) {
            throw FileIndexError(.damaged, "a path of \(packages[package]) is refused: \(problem)")
        }
        entries.append(
            Entry(start: paths.count, count: UInt16(path.count), package: UInt16(package), kind: kind))
        paths.append(contentsOf: path)
    }

    package consuming func encode() throws(FileIndexError) -> [UInt8] {
        sort()
        var names: [UInt8] = []
        for name in packages { names += Array(name.utf8) + [0] }
        let header: FileIndexHeader
        let bytes: [UInt8]
        do throws(ZstandardError) {
            var compressor = try Compressor(Compressor.Parameters(level: level))
            let storedNames = try compressor.compress(names)
            let (directory, blocks, blockCount) = try encodeBlocks(&compressor)
            let storedDirectory = try compressor.compress(directory)
            header = FileIndexHeader(
                packageCount: packages.count, entryCount: UInt64(entries.count), blockCount: blockCount,
                namesStored: storedNames.count, namesPlain: names.count, directoryStored: storedDirectory.count,
                directoryPlain: directory.count, index: index, checksum: (storedNames + storedDirectory).checksum64)
            bytes = storedNames + storedDirectory + blocks
        } catch {
            throw FileIndexError(.limitExceeded, "\(error)")
        }
        // Nothing is written that readers refuse.
        guard try FileIndexHeader(decoding: header.encoded) == header else {
            throw FileIndexError(.limitExceeded, "these are more paths than a file index can hold")
        }
        return header.encoded + bytes
    }

    private mutating func sort() {
        paths.withUnsafeBytes { paths in
            entries.sort { left, right in
                let shared = Int(min(left.count, right.count))
                for offset in 0..<shared {
                    let (a, b) = (paths[left.start + offset], paths[right.start + offset])
                    if a != b { return a < b }
                }
                if left.count != right.count { return left.count < right.count }
                return (left.package, left.kind.rawValue) < (right.package, right.kind.rawValue)
            }
        }
        var kept: [Entry] = []
        kept.reserveCapacity(entries.count)
        for entry in entries {
            if let last = kept.last, last.package == entry.package, bytes(of: last) == bytes(of: entry) { continue }
            kept.append(entry)
        }
        entries = kept
    }

    private func bytes(of entry: Entry) -> ArraySlice<UInt8> {
        paths[entry.start..<(entry.start + Int(entry.count))]
    }

    private func encodeBlocks(
        _ compressor: inout Compressor
    ) throws(ZstandardError) -> (directory: [UInt8], blocks: [UInt8], count: Int) {
        var directory: [UInt8] = []
        var blocks: [UInt8] = []
        var count = 0
        var start = 0
        var firstPath: ArraySlice<UInt8> = []
        while start < entries.count {
            let (plain, end) = block(from: start)
            let stored = try compressor.compress(plain)
            let path = bytes(of: entries[start])
            let shared = Self.sharedCount(firstPath, path)
            directory.append(varint: shared)
            directory.append(varint: path.count - shared)
            directory += path.dropFirst(shared)
            for number in [end - start, stored.count, plain.count] { directory.append(varint: number) }
            directory.append(bigEndian: stored.checksum64)
            blocks += stored
            (firstPath, start) = (path, end)
            count += 1
        }
        return (directory, blocks, count)
    }

    /// The plain bytes of a block that begins with this entry, and where the next one begins.
    private func block(from start: Int) -> ([UInt8], end: Int) {
        var (heads, tails, packages, suffixes) = ([UInt8](), [UInt8](), [UInt8](), [UInt8]())
        var path: ArraySlice<UInt8> = []
        var package = 0
        var end = start
        while end < entries.count, heads.count + tails.count + packages.count + suffixes.count < blockSize {
            let entry = entries[end]
            let next = bytes(of: entry)
            let shared = Self.sharedCount(path, next)
            heads.append(varint: shared)
            tails.append(varint: (next.count - shared) << 2 | Int(entry.kind.rawValue))
            let step = Int(entry.package) - package
            packages.append(varint: step >= 0 ? step << 1 : (-step - 1) << 1 | 1)
            suffixes += next.dropFirst(shared)
            (path, package) = (next, Int(entry.package))
            end += 1
        }
        var plain: [UInt8] = []
        for column in [heads, tails, packages] { plain.append(bigEndian: UInt32(column.count)) }
        return (plain + heads + tails + packages + suffixes, end)
    }

    private static func sharedCount(_ left: ArraySlice<UInt8>, _ right: ArraySlice<UInt8>) -> Int {
        zip(left, right).prefix { $0 == $1 }.count
    }
}
