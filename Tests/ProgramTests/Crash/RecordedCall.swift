import BytePath
import LinuxSystem

/// Mode and owner of a file.
struct FileAttributes: Hashable, Sendable {
    var mode: UInt32
    var uid: UInt32
    var gid: UInt32
}

/// A call that changed the files below a directory or made them durable, as `call-tracer record` wrote it down.
enum RecordedCall: Sendable {
    case create(String, inode: UInt64, FileAttributes)
    case makeDirectory(String, inode: UInt64, FileAttributes)
    case makeSymlink(String, inode: UInt64, FileAttributes, target: String)
    case link(String, to: String)
    case rename(String, to: String)
    case exchange(String, String)
    case remove(String)
    case setAttributes(inode: UInt64, FileAttributes)
    /// `data` is a range of the log's data; a synced write comes from a descriptor with O_DSYNC.
    case write(inode: UInt64, offset: Int, data: Range<Int>, isSynced: Bool, String)
    case truncate(inode: UInt64, size: Int)
    case syncFile(inode: UInt64, String)
    case syncData(inode: UInt64, String)
    case syncFileSystem
    /// A shared, writable mapping: writes through it cannot be seen.
    case map(String)
    case startWriteBack(String)
    case unsupported(String)
}

/// What one traced command did, in order.
struct CallLog: Sendable {
    private(set) var calls: [RecordedCall] = []
    let data: [UInt8]

    struct Malformed: Error {
        let line: String
    }

    /// Reads what `call-tracer record -o PATH` wrote.
    init(at path: BytePath) throws {
        data = try Descriptor.open(BytePath("\(path.display).data")).readAll()
        let text = String(decoding: try Descriptor.open(path).readAll(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard let event = fields.first, event != "exec", event != "end" else { continue }
            guard let call = Self.call(event, fields.dropFirst(2).map(Self.decoded)) else {
                throw Malformed(line: String(line))
            }
            calls.append(call)
        }
    }

    private static func decoded(_ field: Substring) -> String {
        guard field.contains("%") else { return String(field) }
        var bytes: [UInt8] = []
        var rest = Array(field.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func call(_ event: Substring, _ fields: [String]) -> RecordedCall? {
        if event == "unsupported" { return .unsupported(fields.first ?? "") }
        guard let inode = fields.first.flatMap({ UInt64($0) }) else { return nil }
        if event == "write" {
            guard fields.count == 6, let offset = Int(fields[1]), let count = Int(fields[2]), let start = Int(fields[3])
            else { return nil }
            return .write(
                inode: inode, offset: offset, data: start..<(start + count), isSynced: fields[4] == "1", fields[5])
        }
        if event == "truncate" { return Int(fields[1]).map { .truncate(inode: inode, size: $0) } }
        guard fields.count >= 5, let mode = UInt32(fields[1], radix: 8), let uid = UInt32(fields[2]),
            let gid = UInt32(fields[3])
        else { return nil }
        let attributes = FileAttributes(mode: mode, uid: uid, gid: gid)
        let path = fields[4]
        let other = fields.count > 5 ? fields[5] : ""
        switch event {
        case "create": return .create(path, inode: inode, attributes)
        case "mkdir": return .makeDirectory(path, inode: inode, attributes)
        case "symlink": return .makeSymlink(path, inode: inode, attributes, target: other)
        case "link": return .link(path, to: other)
        case "rename": return .rename(path, to: other)
        case "exchange": return .exchange(path, other)
        case "unlink", "rmdir": return .remove(path)
        case "attributes": return .setAttributes(inode: inode, attributes)
        case "fsync": return .syncFile(inode: inode, path)
        case "fdatasync": return .syncData(inode: inode, path)
        case "syncfs": return .syncFileSystem
        case "mapped": return .map(path)
        case "writeback": return .startWriteBack(path)
        default: return nil
        }
    }
}
