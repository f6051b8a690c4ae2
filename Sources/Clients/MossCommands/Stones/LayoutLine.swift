package import BytePath
internal import Digests
package import FileTree
package import PackageModel
internal import TerminalOutput

/// One path of a package, below `/usr`.
package struct LayoutLine: Encodable, Hashable, Sendable {
    package var path: String
    package var pathBytes: String?
    package var kind: String
    /// Permission bits in octal digits.
    package var mode: String
    package var uid: UInt32
    package var gid: UInt32
    /// XXH3-128 of a regular file.
    package var digest: String?
    package var size: UInt64?
    /// Where a symbolic link points.
    package var target: String?
    package var targetBytes: String?

    private init(_ path: BytePath, kind: String, mode: UInt32, uid: UInt32, gid: UInt32) {
        let text = PathText(path)
        (self.path, pathBytes) = (text.text, text.bytes)
        self.kind = kind
        self.mode = String(mode & 0o7777, radix: 8)
        self.uid = uid
        self.gid = gid
    }

    package init(_ entry: LayoutEntry) {
        self.init(entry.path, kind: Self.word(entry.kind), mode: entry.mode, uid: entry.uid, gid: entry.gid)
        switch entry.kind {
        case .regular(let digest): self.digest = digest.hexadecimal
        case .symlink(let target): setTarget(target)
        default: break
        }
    }

    package init(_ path: BytePath, _ entry: TreeEntry) {
        let kind = ["", "regular", "symlink", "directory"][Int(entry.kind.rawValue)]
        let metadata = entry.metadata
        let mode = entry.kind == .regular ? metadata.fileMode : metadata.mode
        self.init(path, kind: kind, mode: mode, uid: metadata.uid, gid: metadata.gid)
        switch entry.content {
        case .regular(let digest, let size): (self.digest, self.size) = (digest.hexadecimal, size)
        case .symlink(let target): setTarget(target)
        case .directory: break
        }
    }

    private mutating func setTarget(_ target: BytePath) {
        let text = PathText(target)
        (self.target, targetBytes) = (text.text, text.bytes)
    }

    private static func word(_ kind: LayoutEntry.Kind) -> String {
        switch kind {
        case .regular: "regular"
        case .symlink: "symlink"
        case .directory: "directory"
        case .characterDevice: "character-device"
        case .blockDevice: "block-device"
        case .fifo: "fifo"
        case .socket: "socket"
        }
    }

    /// Mode, owner, path, and digest or link target.
    var cells: [Table.Cell] {
        let place = "/usr/\(path)".printable + (kind == "directory" ? "/" : "")
        let content = digest ?? target.map { "-> \($0.printable)" } ?? (kind == "directory" ? "" : kind)
        return [.init(mode, .dim), .init("\(uid):\(gid)", .dim), .init(place), .init(content, .dim)]
    }
}
