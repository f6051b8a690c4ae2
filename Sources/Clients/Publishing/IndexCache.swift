internal import BytePath
internal import CollectionIndex
internal import Digests
internal import LinuxSystem
internal import PackageModel
internal import StoneFormat
internal import Zstandard

/// What indexing has read of stones, so that it need not be read again: a file beside the index.
///
/// It only saves time. One that is damaged, of another version or another user's is left alone, and of a stone that is
/// another file by now, or was too new to tell, nothing is taken from it.
///
/// The file is a magic number, XXH3-128 of all that follows, the plain size (u64, big-endian), and a zstd frame. In that,
/// of each stone: sizes of path, records and files (u32), number of records (u32), size and identity (u64), then path,
/// records of its metadata, and files.
struct IndexCache: Sendable {
    static let name: BytePath = ".moss-index-cache"
    private static let magic = [0] + Array("mossic2".utf8)
    private static let sizeMax = 1 << 30

    struct Entry: Hashable, Sendable {
        var stone: StoneDirectory.Stone
        var files: StoneFiles
    }

    private(set) var entries: [BytePath: Entry] = [:]

    init(_ entries: some Sequence<Entry>) {
        for entry in entries where entry.stone.identity != 0 { self.entries[entry.stone.path] = entry }
    }

    /// What is in the file; nothing where it cannot be used.
    init(in directory: borrowing Descriptor) {
        self.init(Self.read(in: directory) ?? [])
    }

    private static func read(in directory: borrowing Descriptor) -> [Entry]? {
        guard let file = try? directory.openFile(name), let status = try? file.status(), status.kind == .regular,
            [0, CurrentProcess.effectiveUser].contains(status.uid), status.permissions & 0o022 == 0,
            let bytes = try? file.readAll(limit: sizeMax)
        else { return nil }
        return try? decode(bytes)
    }

    /// Replaces the file. What keeps it from being written costs the next run time, and this one nothing.
    func store(in directory: borrowing Descriptor) {
        guard let bytes = try? encoded() else { return }
        try? directory.replaceFile(Self.name, with: bytes, mode: 0o600)
    }

    // MARK: The file

    private struct Unusable: Error {}

    private func encoded() throws -> [UInt8] {
        var plain: [UInt8] = []
        for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
            let records = entry.stone.metadata.records
            let encoded = try MetaRecord.encode(records)
            for number in [path.count, encoded.count, entry.files.bytes.count, records.count] {
                plain.append(number: UInt32(clamping: number))
            }
            plain.append(number: entry.stone.size)
            plain.append(number: entry.stone.identity)
            plain += path.bytes + encoded + entry.files.bytes
        }
        guard plain.count <= Self.sizeMax else { throw Unusable() }
        var compressor = try Compressor(Compressor.Parameters(level: 1))
        var rest: [UInt8] = []
        rest.append(number: UInt64(plain.count))
        rest += try compressor.compress(plain)
        return Self.magic + Digest128(hashing: rest).canonicalBytes + rest
    }

    private static func decode(_ bytes: [UInt8]) throws -> [Entry] {
        let head = magic.count + Digest128.byteCount
        guard bytes.starts(with: magic), bytes.count > head + 8 else { throw Unusable() }
        let rest = Array(bytes[head...])
        guard Digest128(hashing: rest).canonicalBytes.elementsEqual(bytes[magic.count..<head]) else { throw Unusable() }
        let size = rest.number(UInt64.self, at: 0)
        guard size <= UInt64(sizeMax) else { throw Unusable() }
        var decompressor = try Decompressor()
        let plain = try decompressor.decompress(Array(rest[8...]), exactly: Int(size))
        var entries: [Entry] = []
        var position = 0
        while position < plain.count {
            guard plain.count - position >= 32 else { throw Unusable() }
            let sizes = (0..<3).map { Int(plain.number(UInt32.self, at: position + 4 * $0)) }
            let recordCount = plain.number(UInt32.self, at: position + 12)
            let size = plain.number(UInt64.self, at: position + 16)
            let identity = plain.number(UInt64.self, at: position + 24)
            let start = position + 32
            guard sizes.reduce(0, +) <= plain.count - start else { throw Unusable() }
            let (records, files) = (start + sizes[0], start + sizes[0] + sizes[1])
            position = files + sizes[2]
            let metadata = try plain.withUnsafeBytes { plain in
                try MetaRecord.decode(
                    UnsafeRawBufferPointer(rebasing: plain[records..<files]), count: recordCount, at: 0)
            }
            let path = BytePath(bytes: Array(plain[start..<records]))
            entries.append(
                Entry(
                    stone: .init(
                        path: path, size: size, identity: identity, metadata: try PackageMetadata(records: metadata)),
                    files: StoneFiles(bytes: Array(plain[files..<position]))))
        }
        return entries
    }
}

extension [UInt8] {
    /// Big-endian.
    fileprivate mutating func append(number: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: number.bigEndian) { append(contentsOf: $0) }
    }

    fileprivate func number<Number: FixedWidthInteger>(_ type: Number.Type, at offset: Int) -> Number {
        Number(bigEndian: withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: Number.self) })
    }
}
