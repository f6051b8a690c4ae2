internal import Digests
internal import StoneFormat

/// What a file index begins with; all numbers are big-endian.
///
/// | offset | size | what |
/// |---|---|---|
/// | 0 | 8 | magic number |
/// | 8 | 4 | version |
/// | 12 | 4 | packages |
/// | 16 | 8 | entries |
/// | 24 | 4 | blocks |
/// | 28 | 4, 4 | names: stored size, plain size |
/// | 36 | 4, 4 | directory: stored size, plain size |
/// | 44 | 32 | SHA-256 of the index whose packages these are |
/// | 76 | 8 | XXH3-64 of the stored names and directory |
/// | 84 | 8 | XXH3-64 of all this |
struct FileIndexHeader: Hashable, Sendable {
    static let byteCount = 92
    static let magic: [UInt8] = [0] + Array("mossfls".utf8)
    static let version: UInt32 = 1

    var packageCount: Int
    var entryCount: UInt64
    var blockCount: Int
    var namesStored: Int
    var namesPlain: Int
    var directoryStored: Int
    var directoryPlain: Int
    var index: SHA256Digest
    var checksum: UInt64

    /// Where the first block begins.
    var blocksOffset: Int { Self.byteCount + namesStored + directoryStored }

    var encoded: [UInt8] {
        var bytes = Self.magic
        bytes.append(bigEndian: Self.version)
        bytes.append(bigEndian: UInt32(clamping: packageCount))
        bytes.append(bigEndian: entryCount)
        for number in [blockCount, namesStored, namesPlain, directoryStored, directoryPlain] {
            bytes.append(bigEndian: UInt32(clamping: number))
        }
        bytes += index.bytes
        bytes.append(bigEndian: checksum)
        bytes.append(bigEndian: bytes.checksum64)
        return bytes
    }
}

extension FileIndexHeader {
    /// Reads the header and refuses what would take more memory than any collection needs.
    init(decoding bytes: [UInt8]) throws(FileIndexError) {
        guard bytes.starts(with: Self.magic) else {
            throw FileIndexError(.notAnIndex, "this does not begin as a file index does")
        }
        var fields = FieldReader(bytes, from: Self.magic.count)
        let version = try fields.number(UInt32.self)
        guard version == Self.version else {
            throw FileIndexError(
                .unsupportedVersion, "this is a file index of version \(version); only \(Self.version) is known")
        }
        packageCount = Int(try fields.number(UInt32.self))
        entryCount = try fields.number(UInt64.self)
        blockCount = Int(try fields.number(UInt32.self))
        namesStored = Int(try fields.number(UInt32.self))
        namesPlain = Int(try fields.number(UInt32.self))
        directoryStored = Int(try fields.number(UInt32.self))
        directoryPlain = Int(try fields.number(UInt32.self))
        index = try fields.bytes(SHA256Digest.byteCount).withUnsafeBytes { SHA256Digest(bytes: $0) }
        checksum = try fields.number(UInt64.self)
        guard try fields.number(UInt64.self) == Array(bytes.prefix(Self.byteCount - 8)).checksum64 else {
            throw .damaged("the header is damaged: its checksum is another one")
        }
        guard packageCount <= FileIndexLimits.packagesMax, blockCount <= FileIndexLimits.blocksMax,
            namesPlain <= FileIndexLimits.namesSizeMax, namesStored <= FileIndexLimits.storedMax(namesPlain),
            directoryPlain <= FileIndexLimits.directorySizeMax,
            directoryStored <= FileIndexLimits.storedMax(directoryPlain)
        else { throw FileIndexError(.limitExceeded, "the file index is larger than any collection needs") }
    }
}

/// How much of a file index is believed.
enum FileIndexLimits {
    static let packagesMax = StoneIndex.packageCountMax
    static let nameSizeMax = 255
    static let namesSizeMax = packagesMax * (nameSizeMax + 1)
    static let blocksMax = 1 << 18
    /// Of the directory, and of the paths in it.
    static let directorySizeMax = 64 << 20
    /// Plain bytes of a block: what a look-up has to decompress.
    static let blockSizeMax = 1 << 20
    static let blockEntriesMax = 1 << 17

    /// What compression makes of so many bytes at worst.
    static func storedMax(_ plain: Int) -> Int { plain + plain / 128 + 64 }
}
