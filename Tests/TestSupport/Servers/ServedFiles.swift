internal import BytePath
internal import LinuxSystem

/// What a test server has to offer: files in memory by their path, or those below a directory.
struct ServedFiles: Sendable {
    /// One version of a file.
    struct File: Sendable {
        let bytes: [UInt8]
        let entityTag: String
        let modified: Int64
    }

    private static let firstModified: Int64 = 1_700_000_000

    private let directory: BytePath?
    private var files: [String: File] = [:]
    private var versions: Int64 = 0

    init(_ files: [String: [UInt8]], directory: BytePath?) {
        self.directory = directory
        for (path, bytes) in files.sorted(by: { $0.key < $1.key }) { put(path, bytes) }
    }

    /// Offers `bytes` under another entity tag, changed a second after whatever was put before.
    mutating func put(_ path: String, _ bytes: [UInt8]) {
        versions += 1
        files[Self.absolute(path)] = File(
            bytes: bytes, entityTag: "\"version-\(versions)\"", modified: Self.firstModified + versions)
    }

    mutating func remove(_ path: String) {
        files[Self.absolute(path)] = nil
    }

    subscript(path: String) -> File? {
        if let file = files[path] { return file }
        let names = path.split(separator: "/")
        guard let directory, !names.isEmpty, !names.contains(".."),
            let file = try? Descriptor.open(directory.appending(BytePath(names.joined(separator: "/")))),
            let status = try? file.status(), let bytes = try? file.readAll()
        else {
            return nil
        }
        return File(
            bytes: bytes, entityTag: "\"\(status.inode)-\(bytes.count)-\(status.modified)\"",
            modified: status.modifiedSeconds)
    }

    static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : "/" + path }
}
