internal import CollectionSettings
internal import Digests
internal import PackageModel
internal import Storage

/// The buckets of this module in the database, all of them keyed by collection first.
///
/// | bucket | key after the collection | value |
/// |---|---|---|
/// | collections | | ``CollectionRecord`` |
/// | packages | package id | metadata |
/// | providers | kind, target, package id | |
/// | names | package name | package id, what lists show |
/// | stones | path below a scanned directory | size, time, metadata |
enum CollectionBuckets {
    static let collections = Bucket<CollectionID, CollectionRecord>(BucketName.collections)
    static let packages = Bucket<KeyPair<CollectionID, PackageID>, StoredMetadata>(BucketName.collectionPackages)
    static let providers = Bucket<KeyPair<CollectionID, KeyPair<ProviderKey, PackageID>>, Empty>(
        BucketName.collectionProviders)
    static let names = Bucket<KeyPair<CollectionID, [UInt8]>, StoredName>(BucketName.collectionNames)
    static let stones = Bucket<KeyPair<CollectionID, [UInt8]>, StoredStone>(BucketName.collectionStones)

    /// Longest package name; what is longer could not be a file name either.
    static let nameByteCountMax = 255
    /// Longest path of a stone that is remembered between scans; longer ones are read each time.
    static let pathByteCountMax = 400
}

/// A provided capability: its kind, then the target and a NUL; targets too long for a key become their digest.
struct ProviderKey: PrefixKey {
    /// Set in the kind byte where a digest stands for the target.
    private static let digestMark: UInt8 = 0x80
    static let textByteCountMax = 300

    private let kind: UInt8
    private let bytes: [UInt8]

    init(_ capability: Capability) {
        let text = Array(capability.target.utf8)
        if text.count <= Self.textByteCountMax && !text.contains(0) {
            kind = capability.kind.rawValue
            bytes = text + [0]
        } else {
            kind = capability.kind.rawValue | Self.digestMark
            bytes = Digest128(hashing: text).canonicalBytes
        }
    }

    /// Where the capabilities of one kind begin.
    init(startOf kind: CapabilityKind) {
        self.kind = kind.rawValue
        bytes = [0]
    }

    /// Where the capabilities of one kind begin whose targets begin with `text`, which is no longer than
    /// ``textByteCountMax``.
    init(startOf kind: CapabilityKind, beginningWith text: [UInt8]) {
        self.kind = kind.rawValue
        bytes = text + [0]
    }

    func isOf(_ kind: CapabilityKind) -> Bool { self.kind == kind.rawValue }

    /// The target; nil where only its digest is stored.
    var target: String? {
        kind & Self.digestMark == 0 ? String(decoding: bytes.dropLast(), as: UTF8.self) : nil
    }

    /// Whether the target begins with `text`, where the key holds it.
    func begins(with text: [UInt8]) -> Bool {
        kind & Self.digestMark == 0 && bytes.count > text.count && bytes.starts(with: text)
    }

    func encode(into writer: inout KeyWriter) {
        writer.append(bigEndian: kind)
        bytes.withUnsafeBytes { writer.append($0) }
    }

    init(decoding bytes: UnsafeRawBufferPointer) throws {
        guard let kind = bytes.first, bytes.count > 1 else { throw DecodingFailure("a provider has no kind") }
        self.kind = kind
        self.bytes = Array(bytes.dropFirst())
    }

    static func prefixByteCount(of bytes: UnsafeRawBufferPointer) -> Int? {
        guard let kind = bytes.first else { return nil }
        if kind & digestMark != 0 { return bytes.count > Digest128.byteCount ? 1 + Digest128.byteCount : nil }
        return bytes.dropFirst().firstIndex(of: 0).map { $0 + 1 }
    }
}
