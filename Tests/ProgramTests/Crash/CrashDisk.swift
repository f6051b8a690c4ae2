import BytePath
import Digests
import Glibc
import LinuxSystem
import PackageModel
import TestSupport

/// Makes images real: directories below a scratch directory, whose files are links to a pool where nothing writes to
/// them in place.
final class CrashDisk {
    /// What an inode of the pool holds.
    struct Content: Hashable {
        let digest: ObjectID
        let attributes: FileAttributes
        let size: UInt64
    }

    struct Failure: Error {
        let call: String
        let number: Int32
    }

    let scratch: BytePath
    private let pool: Descriptor
    private var pooled: [Content: String] = [:]
    private(set) var contents: [UInt64: Content] = [:]
    private let cache = ContentCache()

    init(in scratch: BytePath) throws {
        self.scratch = scratch
        let top = try Descriptor.openDirectory(scratch)
        try top.makeDirectory("pool")
        pool = try top.openDirectory("pool")
        CurrentProcess.clearFileModeMask()
    }

    /// Runs `body` with the path of a directory that holds the image.
    func withDirectory<R>(of image: DiskImage, _ body: (BytePath) throws -> R) throws -> R {
        let top = try Descriptor.openDirectory(scratch)
        try top.removeTree("root")
        try top.makeDirectory("root")
        let root = try top.openDirectory("root")
        try fill(root.raw, image, 0, Place.above)
        return try body(scratch.appending("root"))
    }

    /// Where a directory is, for the choice between links and copies.
    private enum Place {
        case above
        case store
        /// Objects and trees: made once, never written to.
        case frozen

        func below(_ name: String) -> Place {
            switch (self, name) {
            case (.above, "usr"), (.store, "objects"), (.store, "trees"), (.frozen, _): .frozen
            case (.above, ".moss"): .store
            default: .above
            }
        }
    }

    private func fill(_ directory: Int32, _ image: DiskImage, _ number: Int, _ place: Place) throws {
        for (nameNumber, file) in image.entries[number] {
            let name = image.history.names[nameNumber]
            let attributes = image.attributes(of: file)
            switch image.history.files[file].kind {
            case .directory:
                try check("mkdirat", mkdirat(directory, name, attributes.mode & 0o777))
                if attributes.mode & 0o7000 != 0 {
                    try check("fchmodat", fchmodat(directory, name, attributes.mode, 0))
                }
                if image.entries[file].isEmpty { continue }
                let child = openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                try check("openat", child)
                defer { close(child) }
                try fill(child, image, file, place.below(name))
            case .symlink: try check("symlinkat", symlinkat(image.history.files[file].target, directory, name))
            case .regular:
                if place == .frozen {
                    try check("linkat", linkat(pool.raw, inPool(file, image, attributes), directory, name, 0))
                } else {
                    try write(image.bytes(of: file), attributes, directory, name)
                }
            }
        }
    }

    private func inPool(_ file: Int, _ image: DiskImage, _ attributes: FileAttributes) throws -> String {
        let digest = cache.digest(of: file, in: image)
        let size = image.hasWrites(file) ? image.bytes(of: file).count : image.history.files[file].bytes.count
        let content = Content(digest: digest, attributes: attributes, size: UInt64(size))
        if let name = pooled[content] { return name }
        let name = "\(pooled.count)"
        try write(image.bytes(of: file), attributes, pool.raw, name)
        pooled[content] = name
        contents[try pool.status(of: BytePath(name)).inode] = content
        return name
    }

    private func write(_ bytes: [UInt8], _ attributes: FileAttributes, _ directory: Int32, _ name: String) throws {
        let raw = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try check("openat", raw)
        let file = Descriptor(taking: raw)
        if !bytes.isEmpty { try file.write(bytes) }
        if attributes.uid != 0 || attributes.gid != 0 { try file.setOwner(uid: attributes.uid, gid: attributes.gid) }
        try file.setMode(attributes.mode)
    }

    private func check(_ call: String, _ result: Int32) throws {
        if result < 0 { throw Failure(call: call, number: errno) }
    }

    /// Whether the pool still holds what was put into it: nobody may write through a link.
    func isPoolIntact() throws -> Bool {
        for (content, name) in pooled {
            let file = try pool.open(BytePath(name))
            guard ObjectID(hashing: try file.readAll()) == content.digest else { return false }
        }
        return true
    }

    // MARK: Looking

    /// Everything below a directory, like ``TreeListing``, without reading files that are links to the pool.
    func listing(of directory: BytePath) throws -> TreeListing {
        var entries: [TreeListing.Entry] = []
        try list(Descriptor.openDirectory(directory), "", &entries)
        return TreeListing(entries: entries)
    }

    private func list(_ directory: borrowing Descriptor, _ path: BytePath, _ entries: inout [TreeListing.Entry]) throws
    {
        for child in try directory.entries() {
            let status = try directory.status(of: child.name)
            var entry = TreeListing.Entry(
                path: path.appending(child.name), kind: status.kind, mode: status.permissions, uid: status.uid,
                gid: status.gid, size: status.kind == .regular ? status.size : 0)
            switch status.kind {
            case .symlink: entry.linkTarget = try directory.readLink(child.name)
            case .directory: try list(directory.openDirectory(child.name), entry.path, &entries)
            case .regular: entry.digest = try digest(of: child.name, below: directory, status)
            default: break
            }
            entries.append(entry)
        }
    }

    /// The digest of a file's bytes.
    func digest(of name: BytePath, below directory: borrowing Descriptor, _ status: FileStatus) throws -> ObjectID {
        if let known = contents[status.inode], known.size == status.size { return known.digest }
        return ObjectID(hashing: try directory.open(name, .noFollow).readAll())
    }
}
