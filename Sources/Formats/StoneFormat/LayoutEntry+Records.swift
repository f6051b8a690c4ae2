import BytePath
import Digests
package import PackageModel

/// Records of a Layout payload: uid, gid, mode, tag (u32 each), source length, target length (u16 each),
/// entry type (u8), 11 bytes of padding, source, target.
extension LayoutEntry {
    package static let recordHeadByteCount = 32

    /// Reads `count` records that make up all of `plain`.
    ///
    /// Paths follow ``LayoutPathRule``, come once, and their type agrees with the file-type bits of the mode. NULs at
    /// the end of paths and link texts, as old writers put them, are dropped; tag and padding are not looked at.
    package static func decode(
        _ plain: UnsafeRawBufferPointer, count: UInt32, at offset: UInt64
    ) throws(StoneError) -> [LayoutEntry] {
        var parser = RecordParser(plain, kind: .layout, offset: offset)
        let count = try parser.check(count: count, sizeMin: recordHeadByteCount)
        var entries: [LayoutEntry] = []
        entries.reserveCapacity(count)
        var paths = Set<BytePath>(minimumCapacity: count)
        for record in 0..<count {
            parser.record = record
            let entry = try LayoutEntry(&parser)
            guard paths.insert(entry.path).inserted else {
                throw parser.error(.duplicatePath, "the path \(quoted(entry.path.bytes)) comes twice")
            }
            entries.append(entry)
        }
        try parser.finish()
        return entries
    }

    private init(_ parser: inout RecordParser) throws(StoneError) {
        let uid = try parser.integer(UInt32.self)
        let gid = try parser.integer(UInt32.self)
        let mode = try parser.integer(UInt32.self)
        _ = try parser.integer(UInt32.self)
        let sourceLength = try parser.integer(UInt16.self)
        let targetLength = try parser.integer(UInt16.self)
        let type = try parser.integer(UInt8.self)
        _ = try parser.slice(11)
        let source = try parser.slice(UInt64(sourceLength))
        let target = RecordParser.trimmingNUL(try parser.slice(UInt64(targetLength)))
        if let problem = LayoutPathRule.problem(path: target) {
            throw parser.error(.invalidPath, "\(problem): \(quoted(target))")
        }
        if let problem = LayoutPathRule.problem(uid: uid, gid: gid) {
            throw parser.error(.malformedRecord, "\(problem): \(quoted(target))")
        }
        let kind = try Self.kind(type: type, source: source, path: target, parser)
        guard mode & 0o170000 == kind.fileTypeBits, mode <= 0o177777 else {
            throw parser.error(
                .malformedRecord,
                "entry type \(type) and mode \(String(mode, radix: 8)) of \(quoted(target)) do not agree")
        }
        self.init(path: BytePath(bytes: Array(target)), kind: kind, mode: mode, uid: uid, gid: gid)
    }

    private static func kind(
        type: UInt8, source: UnsafeRawBufferPointer, path: UnsafeRawBufferPointer, _ parser: RecordParser
    ) throws(StoneError) -> Kind {
        switch type {
        case 1:
            guard source.count == ObjectID.byteCount else {
                throw parser.error(
                    .malformedRecord, "the digest of \(quoted(path)) has \(source.count) bytes instead of 16")
            }
            return .regular(ObjectID(canonical: source))
        case 2:
            let text = RecordParser.trimmingNUL(source)
            if let problem = LayoutPathRule.problem(target: text) {
                throw parser.error(.invalidPath, "\(problem): \(quoted(path))")
            }
            return .symlink(BytePath(bytes: Array(text)))
        case 3...7:
            guard RecordParser.trimmingNUL(source).isEmpty else {
                throw parser.error(.malformedRecord, "\(quoted(path)) of entry type \(type) has a source")
            }
            return [.directory, .characterDevice, .blockDevice, .fifo, .socket][Int(type) - 3]
        default:
            throw parser.error(.malformedRecord, "\(quoted(path)) has the unknown entry type \(type)")
        }
    }

    /// The plain bytes of a Layout payload with these records, in this order.
    package static func encode(_ entries: [LayoutEntry]) throws(StoneError) -> [UInt8] {
        var plain: [UInt8] = []
        plain.reserveCapacity(entries.count * 80)
        var paths = Set<BytePath>(minimumCapacity: entries.count)
        for (position, entry) in entries.enumerated() {
            let problem: String? =
                LayoutPathRule.problem(path: entry.path.bytes)
                ?? (paths.insert(entry.path).inserted ? nil : "the path comes twice") ?? entry.problem
            if let problem {
                throw StoneError(
                    .invalidPath, payload: .layout, record: position, "\(problem): \(quoted(entry.path.bytes))")
            }
            entry.append(to: &plain)
        }
        return plain
    }

    private var problem: String? {
        if mode & 0o170000 != kind.fileTypeBits || mode > 0o177777 {
            return "mode \(String(mode, radix: 8)) does not agree with the kind of entry"
        }
        if case .symlink(let target) = kind, let problem = LayoutPathRule.problem(target: target.bytes) {
            return problem
        }
        return LayoutPathRule.problem(uid: uid, gid: gid)
    }

    private func append(to plain: inout [UInt8]) {
        var source: [UInt8] = []
        switch kind {
        case .regular(let digest): digest.append(to: &source)
        case .symlink(let target): source = target.bytes
        default: break
        }
        for field in [uid, gid, mode, 0] { plain.append(bigEndian: field) }
        plain.append(bigEndian: UInt16(source.count))
        plain.append(bigEndian: UInt16(path.count))
        plain.append(kind.recordType)
        plain.append(contentsOf: repeatElement(0, count: 11))
        plain += source
        plain += path.bytes
    }
}

extension LayoutEntry.Kind {
    /// The entry type of a Layout record.
    package var recordType: UInt8 {
        switch self {
        case .regular: 1
        case .symlink: 2
        case .directory: 3
        case .characterDevice: 4
        case .blockDevice: 5
        case .fifo: 6
        case .socket: 7
        }
    }

    /// The file-type bits of `st_mode`.
    package var fileTypeBits: UInt32 {
        switch self {
        case .regular: 0o100000
        case .symlink: 0o120000
        case .directory: 0o040000
        case .characterDevice: 0o020000
        case .blockDevice: 0o060000
        case .fifo: 0o010000
        case .socket: 0o140000
        }
    }
}
