import BytePath
import Glibc
import LinuxSystem

/// One way of showing an installed tree at a directory, until it is ended.
struct ShownTree {
    let name: String
    let path: BytePath
    private let end: () throws -> Void

    /// The tree itself.
    static func native(_ moss: MossRoot) -> ShownTree { ShownTree(name: "native ext4", path: moss.tree, end: {}) }

    /// A view of the root's first state.
    static func view(_ moss: MossRoot, reading: BytePath, at place: BytePath) throws -> ShownTree {
        try prepare(place)
        _ = try moss.run(["mount", "--reading", reading, "1", place])
        return ShownTree(name: "moss mount --reading \(reading.display)", path: place) {
            _ = try moss.run(["umount", place])
        }
    }

    static func bound(_ moss: MossRoot, at place: BytePath) throws -> ShownTree? {
        guard isInstalled("bindfs") else { return nil }
        try prepare(place)
        _ = try Run("bindfs", ["-o", "ro", moss.tree, place])
        return ShownTree(name: "bindfs", path: place) { _ = try Run("umount", [place]) }
    }

    static func squashed(_ moss: MossRoot, at place: BytePath) throws -> ShownTree? {
        guard isInstalled("mksquashfs"), isInstalled("squashfuse") else { return nil }
        try prepare(place)
        let file = BytePath(bytes: place.bytes + Array(".squashfs".utf8))
        _ = try Run("mksquashfs", [moss.tree, file, "-comp", "zstd", "-quiet", "-no-progress", "-noappend"])
        _ = try Run("squashfuse", [file, place])
        return ShownTree(name: "squashfuse, zstd", path: place) {
            _ = try Run("umount", [place])
            _ = unlink(file.display)
        }
    }

    /// The tree and everything that can show it.
    static func all(_ moss: MossRoot, readings: [BytePath], below place: BytePath) throws -> [ShownTree] {
        var trees = [native(moss)]
        for reading in readings { trees.append(try view(moss, reading: reading, at: place.appending(reading))) }
        if let tree = try bound(moss, at: place.appending("bindfs")) { trees.append(tree) }
        if let tree = try squashed(moss, at: place.appending("squashfuse")) { trees.append(tree) }
        return trees
    }

    func unmount() {
        do {
            try end()
        } catch {
            print("left behind: \(path.display): \(error)")
        }
    }

    /// What the view says of itself; nothing for others.
    var statistics: String {
        let value = try? Descriptor.attribute("user.moss.statistics", of: path)
        return value.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private static func prepare(_ place: BytePath) throws {
        try Descriptor.openDirectory(place.parent.parent).ensureDirectory(place.parent.lastComponent)
        try Descriptor.openDirectory(place.parent).ensureDirectory(place.lastComponent)
    }

    private static func isInstalled(_ program: BytePath) -> Bool {
        (try? Run("sh", ["-c", BytePath("command -v \(program.display)")])) != nil
    }
}
