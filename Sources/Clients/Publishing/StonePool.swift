internal import BytePath
internal import CollectionIndex
internal import Digests
internal import Downloads
internal import LinuxSystem
internal import PackageModel
internal import StoneFormat

/// The stones of a collection, under names for people: `pool/P/SOURCE/FILE.stone`.
///
/// P is the first letter of the source's name, or the first four of `lib…`. A name always stands for the same bytes: a
/// stone whose name is another one's already gets a part of its hash into its own.
struct StonePool {
    private let files: PublishedFiles
    private let isLinking: Bool
    /// Where stones are that were published before and not removed since.
    private let known: [SHA256Digest: (path: BytePath, size: UInt64)]
    private var taken: [BytePath: SHA256Digest] = [:]

    /// A stone that is not in the pool yet.
    private struct Missing: Sendable {
        var source: BytePath
        var path: BytePath
        var digest: SHA256Digest
    }

    /// - Parameter published: packages of an index whose files were all seen to be right.
    init(_ files: PublishedFiles, published: [PackageMetadata], linking: Bool) {
        self.files = files
        isLinking = linking
        var known: [SHA256Digest: (path: BytePath, size: UInt64)] = [:]
        for package in published {
            guard let uri = package.uri, let hash = package.hash, let size = package.downloadSize,
                let path = URIReference.resolve(uri, below: "")
            else { continue }
            known[hash.digest] = (BytePath(path.bytes.drop { $0 == UInt8(ascii: "/") }), size)
        }
        self.known = known
    }

    /// Puts what is missing into the pool, and returns the packages with their places there and how many were missing.
    mutating func take(
        _ stones: [StoneDirectory.Stone], from directory: BytePath, threadCount: Int
    ) throws(RepositoryError) -> (packages: [PackageMetadata], copied: Int) {
        var packages: [PackageMetadata] = []
        var missing: [Missing] = []
        for stone in stones {
            guard let digest = stone.metadata.hash?.digest else { continue }
            let (path, isThere) = try place(of: stone, digest)
            taken[path] = digest
            var package = stone.metadata
            package.uri = URIReference.encode(path)
            packages.append(package)
            if !isThere {
                missing.append(Missing(source: directory.appending(stone.path), path: path, digest: digest))
            }
        }
        let (files, isLinking) = (files, isLinking)
        _ = try inParallel(missing, threadCount: threadCount) { (stone) throws(RepositoryError) in
            try files.place(stone.source, at: stone.path, digest: stone.digest, linking: isLinking)
        }
        return (packages, missing.count)
    }

    /// Where a stone belongs, and whether it is there.
    private func place(
        of stone: StoneDirectory.Stone, _ digest: SHA256Digest
    ) throws(RepositoryError) -> (BytePath, isThere: Bool) {
        let directory = Self.directory(of: stone.metadata.sourceID)
        let name = stone.path.lastComponent
        if let known = known[digest], known.path.parent == directory, taken[known.path] ?? digest == digest {
            // Where it is not there whole, it is put there again: its name stands for it.
            return (known.path, try files.exists(known.path, size: known.size))
        }
        let plain = directory.appending(name)
        if taken[plain] ?? digest == digest {
            guard let found = try files.digest(of: plain) else { return (plain, false) }
            if found == digest { return (plain, true) }
        }
        let marked = directory.appending(Self.name(name, with: digest))
        return (marked, try files.digest(of: marked) == digest)
    }

    private static let suffix = Array(".stone".utf8)

    /// `NAME-HASH.stone`, no longer than names may be.
    private static func name(_ name: BytePath, with digest: SHA256Digest) -> BytePath {
        let mark = Array("-\(digest.hexadecimal.prefix(16))".utf8) + suffix
        return BytePath(bytes: Array(name.bytes.dropLast(suffix.count).prefix(240 - mark.count)) + mark)
    }

    /// The directory of a source: its name, as far as that is good for a directory everywhere.
    static func directory(of source: String) -> BytePath {
        var name = source.utf8.prefix(200).map { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "_"),
                UInt8(ascii: "."):
                byte
            default: UInt8(ascii: "_")
            }
        }
        if name.first.map({ $0 == UInt8(ascii: ".") }) ?? true { name.insert(UInt8(ascii: "_"), at: 0) }
        let lower = name.map { (65...90).contains($0) ? $0 + 32 : $0 }
        let prefix = lower.starts(with: "lib".utf8) && lower.count > 4 ? lower.prefix(4) : lower.prefix(1)
        return PublishedFiles.pool.appending(BytePath(prefix)).appending(BytePath(bytes: name))
    }
}
