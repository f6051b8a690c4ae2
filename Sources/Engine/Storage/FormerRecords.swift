internal import BytePath
internal import Digests
internal import LMDB

/// Records of databases of before these had a format number, as today's.
///
/// This is done once to each root and stays as it is: what later versions of a record have is theirs to add. The records
/// of states have had versions from the start, those of trees and layouts a format of their own.
package enum FormerRecords {
    /// - Returns: nil where the record says the same today.
    package static func translate(
        _ record: UnsafeRawBufferPointer, in bucket: [UInt8]
    ) throws(DecodingFailure) -> [UInt8]? {
        switch String(decoding: bucket, as: UTF8.self) {
        case "objects", "pending-objects", "directory-claims": try object(record)
        case "packages", "repositories.packages": try metadata(record)
        case "manifests": try manifest(record)
        case "tree-slots": try slot(record)
        case "control": try control(record)
        case "repositories.collections": try collection(record)
        case "repositories.names": try name(record)
        case "repositories.stones": try stone(record)
        default: nil
        }
    }

    private static func write(_ body: (inout RecordWriter) -> Void) -> [UInt8] {
        var bytes: [UInt8] = []
        RecordWriter.append(to: &bytes, version: 1, body)
        return bytes
    }

    /// u64 size, the highest byte 1 where variants are counted; mode, uid, gid and perhaps the count of each, u32.
    private static func object(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "object record")
        let head: UInt64 = try reader.integer()
        let isCounted = head >> 56 == 1
        guard reader.remaining % (isCounted ? 16 : 12) == 0 else {
            throw reader.failure("\(reader.remaining) bytes of variants")
        }
        let variants = Array(reader.rest())
        return write {
            $0.put(isCounted)
            $0.put(isCounted ? head & (1 << 56 - 1) : head)
            $0.put(rest: variants)
        }
    }

    /// Today's without a version.
    private static func metadata(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "metadata record")
        let count: UInt32 = try reader.integer()
        let records = Array(reader.rest())
        return write {
            $0.put(count)
            $0.put(rest: records)
        }
    }

    /// A digest.
    private static func manifest(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "manifest record")
        let digest = try reader.digest()
        try reader.finish()
        return write { $0.put(digest) }
    }

    // MARK: Trees on disk

    /// What stands at `/usr` or in a slot.
    private struct Content {
        var tree: Digest128
        var stamp: Int64 = 0
        var fingerprint: UInt64 = 0
        var mountPoints: [BytePath] = []

        func write(to writer: inout RecordWriter) {
            writer.put(tree)
            writer.put(stamp)
            writer.put(fingerprint)
            writer.put(mountPoints)
        }
    }

    /// Active and next state, the live tree and its stamp; a switch, where one was under way or there are mount points;
    /// a fingerprint, without which no tree is trusted; mount points of the live tree and of the switch.
    private static func control(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "control record")
        let (active, next): (UInt64, UInt64) = (try reader.integer(), try reader.integer())
        var live = Content(tree: try reader.digest())
        let stamp: Int64 = try reader.integer()
        var journal: (state: UInt64, isNew: Bool, slot: UInt64, mountPoints: [BytePath])?
        if reader.remaining >= 17 {
            journal = (try reader.integer(), try reader.integer(UInt8.self) != 0, try reader.integer(), [])
        }
        if reader.remaining > 0 {
            live.stamp = stamp
            live.fingerprint = try reader.integer()
            if reader.remaining > 0 {
                live.mountPoints = try reader.paths()
                journal?.mountPoints = try reader.paths()
            }
        }
        try reader.finish()
        // No state has the number 0: there was no switch then.
        if journal?.state == 0 { journal = nil }
        return write {
            $0.put(next)
            $0.put(active)
            live.write(to: &$0)
            $0.put(journal != nil)
            guard let journal else { return }
            $0.put(journal.state)
            $0.put(journal.isNew)
            $0.put(journal.slot)
            $0.put(journal.mountPoints)
        }
    }

    /// Nothing; or tree and stamp, then a fingerprint without which it is not trusted, then what the tree becomes and
    /// flags, then a seal, then mount points.
    private static func slot(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "slot record")
        // 1: nobody but moss ever had it, 2: it becomes nothing, 4: a seal follows. Today 1 to 8 in another order.
        var flags: UInt8 = 2
        var content: Content?
        var next: Digest128?
        var seal: [UInt8] = []
        if reader.remaining > 0 {
            var found = Content(tree: try reader.digest())
            let stamp: Int64 = try reader.integer()
            if reader.remaining > 0 {
                found.stamp = stamp
                found.fingerprint = try reader.integer()
            }
            if reader.remaining > 0 {
                next = try reader.digest()
                flags = try reader.integer()
            }
            if flags & 4 != 0 { seal = Array(try reader.take(40)) }
            if reader.remaining > 0 { found.mountPoints = try reader.paths() }
            content = found
        }
        try reader.finish()
        if flags & 2 != 0 { next = nil }
        return write {
            $0.put((content == nil ? 0 : 1) | (next == nil ? 0 : 2) | (flags & 1) << 2 | (flags & 4) << 1 as UInt8)
            content?.write(to: &$0)
            if let next { $0.put(next) }
            $0.put(rest: seal)
        }
    }

    // MARK: Collections

    /// SHA-256, then size, identity, time and count as big-endian u64; the source, NUL, the base.
    private static func collection(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "collection record")
        let digest = try reader.sha256()
        var numbers: [UInt64] = []
        for _ in 0..<4 { numbers.append(try reader.integer(UInt64.self).byteSwapped) }
        let (source, base) = try texts(&reader)
        return write {
            $0.put(digest)
            for number in numbers { $0.put(number) }
            $0.put(counted: source)
            $0.put(counted: base)
            // Nothing was fetched from servers then.
            $0.put("")
        }
    }

    /// A package's id, release and build release as big-endian u64; the version, NUL, the summary.
    private static func name(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "name record")
        let package = try reader.sha256()
        let release = try reader.integer(UInt64.self).byteSwapped
        let buildRelease = try reader.integer(UInt64.self).byteSwapped
        let (version, summary) = try texts(&reader)
        return write {
            $0.put(package)
            $0.put(release)
            $0.put(buildRelease)
            $0.put(counted: version)
            $0.put(counted: summary)
        }
    }

    /// Size and identity as big-endian u64, then metadata.
    private static func stone(_ record: UnsafeRawBufferPointer) throws(DecodingFailure) -> [UInt8] {
        var reader = RecordReader(unversioned: record, "stone record")
        let size = try reader.integer(UInt64.self).byteSwapped
        let identity = try reader.integer(UInt64.self).byteSwapped
        let metadata = try metadata(reader.rest())
        return write {
            $0.put(size)
            $0.put(identity)
            $0.put(rest: metadata)
        }
    }

    private static func texts(
        _ reader: inout RecordReader
    ) throws(DecodingFailure) -> (UnsafeRawBufferPointer.SubSequence, UnsafeRawBufferPointer.SubSequence) {
        let rest = reader.rest()
        guard let end = rest.firstIndex(of: 0) else { throw reader.failure("a text without its end") }
        return (rest[..<end], rest[(end + 1)...])
    }
}
