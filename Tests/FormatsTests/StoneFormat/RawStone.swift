import Digests
import PackageModel
import StoneFormat

/// Builds stones field by field, as wrong as a test wants them.
struct RawStone {
    var header = StoneHeader(payloadCount: 0, fileType: .binary)
    private(set) var body: [UInt8] = []

    var bytes: [UInt8] { header.encoded + body }

    /// Appends a payload after `change` had its way with the header; stored bytes are hashed as they are.
    mutating func append(
        _ kind: PayloadKind, _ stored: [UInt8], count: Int, change: (inout PayloadHeader) -> Void = { _ in }
    ) {
        var payload = PayloadHeader(
            storedSize: UInt64(stored.count), plainSize: UInt64(stored.count),
            checksum: stored.withUnsafeBytes { xxh3Digest64($0) }, recordCount: UInt32(count), kind: kind,
            compression: .none)
        change(&payload)
        header.payloadCount += 1
        body += payload.encoded + stored
    }

    /// The nine mandatory records, and more.
    mutating func appendMeta(_ more: [UInt8] = [], count: Int = 0) {
        var plain: [UInt8] = []
        for tag in [1, 2, 3, 4, 5, 6, 7] as [UInt16] { plain += Self.record(tag, 9, Array("x\0".utf8)) }
        for tag in [11, 13] as [UInt16] { plain += Self.record(tag, 8, [0, 0, 0, 0, 0, 0, 0, 1]) }
        append(.meta, plain + more, count: 9 + count)
    }

    /// A stone with one file of `content` at `path`, whose layout record is given.
    static func package(layout: [[UInt8]], ranges: [UInt8] = [], rangeCount: Int = 0, content: [UInt8]? = nil)
        -> [UInt8]
    {
        var stone = RawStone()
        stone.appendMeta()
        stone.append(.layout, layout.flatMap { $0 }, count: layout.count)
        if rangeCount > 0 { stone.append(.index, ranges, count: rangeCount) }
        if let content { stone.append(.content, content, count: 0) }
        return stone.bytes
    }

    /// A metadata record; `length` lies about the value.
    static func record(_ tag: UInt16, _ primitive: UInt8, _ value: [UInt8], length: UInt32? = nil) -> [UInt8] {
        big(length ?? UInt32(value.count)) + big(tag) + [primitive, 0] + value
    }

    /// A layout record; the lengths lie about source and path.
    static func entry(
        _ path: [UInt8], type: UInt8 = 3, source: [UInt8] = [], mode: UInt32 = 0o040755, sourceLength: UInt16? = nil,
        pathLength: UInt16? = nil, uid: UInt32 = 0, gid: UInt32 = 0
    ) -> [UInt8] {
        big(uid) + big(gid) + big(mode) + big(UInt32(0))
            + big(sourceLength ?? UInt16(source.count)) + big(pathLength ?? UInt16(path.count))
            + [type] + [UInt8](repeating: 0, count: 11) + source + path
    }

    static func file(_ path: String, _ content: [UInt8]) -> [UInt8] {
        entry(Array(path.utf8), type: 1, source: ObjectID(hashing: content).bytes, mode: 0o100644)
    }

    static func range(_ start: UInt64, _ end: UInt64, _ content: [UInt8]) -> [UInt8] {
        big(start) + big(end) + ObjectID(hashing: content).bytes
    }

    static func big(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
